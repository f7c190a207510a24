"""What can go wrong with a database, told so that the person on duty knows what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from luxops.errors import LuxopsError

INTACT = "Nothing recorded earlier is lost: a scan is recorded whole or not at all."


class StoreError(LuxopsError):
    """The store cannot be opened, read or written. Nothing of the failed step was recorded."""


_SQLITE = {
    "SQLITE_FULL": ("the disk is full", f"Free some space and try again. {INTACT}"),
    "SQLITE_BUSY": (
        "the database is locked by another process",
        f"Wait for the other luxops to finish (`fuser FILE` shows which it is), then try again. {INTACT}",
    ),
    "SQLITE_LOCKED": ("the database is locked by another process", f"Wait for it to finish, then try again. {INTACT}"),
    "SQLITE_READONLY": (
        "the file or its folder is read-only for this user",
        "Make both writable for the user that runs luxops: SQLite keeps two more files beside the database.",
    ),
    "SQLITE_PERM": ("access to the file was denied", "Make the file and its folder writable for the user that runs luxops."),
    "SQLITE_CANTOPEN": (
        "the file cannot be opened: its folder is missing, or this user may not read and write there",
        "Create the folder, correct its owner, or choose another place with LUXOPS_STORE__URL.",
    ),
    "SQLITE_NOTADB": (
        "the file is not an SQLite database",
        "Choose another place with LUXOPS_STORE__URL, or move the file away; luxops never overwrites it.",
    ),
    "SQLITE_CORRUPT": (
        "the file is damaged",
        "Stop luxops, keep a copy of the file, and put back the last backup (docs/operations.md, Backup).",
    ),
    "SQLITE_IOERR": (
        "the disk reported an error, or a size limit was reached",
        f"Look at the kernel log, the file system and its quotas, then try again. {INTACT}",
    ),
}
"""SQLite's primary result names → why, and what to do."""

_POSTGRESQL = {
    "28P01": ("the password was refused", "Correct the user or password in LUXOPS_STORE__URL or in ~/.pgpass."),
    "28000": ("the server does not let this user in", "Correct the user in LUXOPS_STORE__URL, or pg_hba.conf on the server."),
    "3D000": ("there is no such database", "Create it (createdb --owner USER NAME), or correct LUXOPS_STORE__URL."),
    "53100": ("the server's disk is full", f"Free some space on the database server and try again. {INTACT}"),
    "53300": ("the server has no free connection", f"Wait, or raise max_connections on the server. {INTACT}"),
    "42501": ("the user lacks rights", "Let the user own the database, or grant CREATE on its schema."),
    "25006": ("the server is read-only", f"Point LUXOPS_STORE__URL at the primary server. {INTACT}"),
    "55P03": ("the database is locked by another session", f"Wait for the other luxops to finish, then try again. {INTACT}"),
    "40001": ("another session changed the same rows at the same time", f"Try again. {INTACT}"),
}
"""SQLSTATE → why, and what to do. Any other is told in the server's own words."""

_GONE = f"Check that the server runs and can be reached from here (pg_isready), then try again. {INTACT}"


@contextmanager
def explained(shown_url: str) -> Iterator[None]:
    """Turn what the database library raises into StoreError. `shown_url`: the address with its password masked."""
    try:
        yield
    except DBAPIError as error:
        why, remedy = _reason(error)
        raise StoreError(f"The store {shown_url} cannot be used", why=why, remedy=remedy) from error
    except SQLAlchemyError as error:
        raise StoreError(
            f"The store {shown_url} cannot be used",
            why=f"its content is not as luxops wrote it ({type(error).__name__}: {error})",
            remedy="Keep a copy and put back the last backup (docs/operations.md, Backup).",
        ) from error


def _reason(error: DBAPIError) -> tuple[str, str]:
    original = error.orig
    name = str(getattr(original, "sqlite_errorname", "") or "")
    if name:
        primary = "_".join(name.split("_")[:2])
        why, remedy = _SQLITE.get(primary, (f"SQLite says: {original}", f"Look at the file and its folder. {INTACT}"))
        return why, remedy
    state = str(getattr(original, "sqlstate", "") or "")
    said = " ".join(str(original).split()) or type(original).__name__
    if state in _POSTGRESQL:
        return _POSTGRESQL[state]
    # At connection time the driver has only the server's words.
    for words, code in (("password authentication failed", "28P01"), ("does not exist", "3D000"), ("no pg_hba.conf", "28000")):
        if words in said and not state:
            why, remedy = _POSTGRESQL[code]
            return f"{why} ({said})", remedy
    return f"PostgreSQL does not answer, or said: {said}", _GONE
