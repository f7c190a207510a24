"""Connections to the database: address, transactions, schema."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError

from luxops.store.errors import StoreError, explained

SCHEMA = "0003"
"""The newest migration: what this code reads and writes."""

_LOCK = 0x6C78_6F70
"""Key of the PostgreSQL advisory lock under which one session at a time records a scan or changes the schema."""

_EXAMPLES = "Write sqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE in LUXOPS_STORE__URL or in luxops.toml."


def parse_url(url: str) -> URL:
    """Raises StoreError for what is neither an SQLite file nor PostgreSQL. The message never holds the address itself."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise StoreError("The store's address cannot be read", why="it is not a database address", remedy=_EXAMPLES) from None
    backend = parsed.get_backend_name()
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in {"sqlite", "sqlite+pysqlite", "postgresql+psycopg"}:
        raise StoreError(
            f"The store cannot be a `{parsed.drivername}` database", why="it is SQLite or PostgreSQL", remedy=_EXAMPLES
        )
    if backend == "sqlite" and (parsed.database or ":memory:") == ":memory:":
        raise StoreError("The store's address names no file", why="what is kept in memory alone is lost", remedy=_EXAMPLES)
    return parsed


def connect(url: URL, busy_timeout: float) -> Engine:
    """An engine; nothing is contacted yet. `busy_timeout`: seconds to wait for another writer."""
    if url.get_backend_name() == "sqlite":
        # "~" is how people write paths in settings; SQLite would make a folder of that name.
        path = Path(str(url.database)).expanduser()
        engine = create_engine(url.set(database=str(path)), connect_args={"timeout": busy_timeout})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    arguments: dict[str, Any] = {} if "connect_timeout" in url.query else {"connect_timeout": max(2, round(busy_timeout))}
    engine = create_engine(url, pool_pre_ping=True, connect_args=arguments)
    return engine.execution_options(luxops_lock_timeout=round(busy_timeout * 1000))


def _prepare_sqlite(connection: Any, record: object) -> None:  # noqa: ANN401 - the driver's connection
    del record
    # The driver opens no transaction of its own accord: `_begin_sqlite` says which kind.
    connection.isolation_level = None
    cursor = connection.cursor()
    # Readers go on while a scan is being recorded; a recorded scan survives a power cut.
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that will write takes its lock first: one that only finds out later cannot wait and fails at once.
    writes = connection.get_execution_options().get("luxops_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that may write, one at a time over all processes; committed where the block ends well."""
    with engine.connect().execution_options(luxops_writes=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            limit = int(connection.get_execution_options()["luxops_lock_timeout"])
            connection.execute(text(f"SET LOCAL lock_timeout = {limit}"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that sees one state of the database however many queries it makes."""
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ")  # noqa: PLW2901 - the same connection
        with connection.begin():
            yield connection


def prepare_schema(engine: Engine, shown_url: str) -> None:
    """Create or migrate the tables. Several processes may do it at once; a store of a newer luxops is refused."""
    with explained(shown_url):
        with reading(engine) as connection:
            version = _version(connection)
        if version == SCHEMA:
            return
        # Only now: the migration tool takes longer to import than most commands take to run.
        from alembic import command  # noqa: PLC0415
        from alembic.config import Config  # noqa: PLC0415
        from alembic.script import ScriptDirectory  # noqa: PLC0415

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        with writing(engine) as connection:
            version = _version(connection)
            _check_known(connection, version, known, shown_url)
            if version != SCHEMA:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return version


def _check_known(connection: Connection, version: str | None, known: set[str], shown_url: str) -> None:
    if version is not None and version not in known:
        raise StoreError(
            f"The store {shown_url} was written by a newer luxops",
            why=f"its schema is {version}, this luxops knows up to {SCHEMA}",
            remedy="Use the newer luxops, or another store. Nothing was changed.",
        )
    if version is None and (strangers := inspect(connection).get_table_names()):
        raise StoreError(
            f"The database {shown_url} belongs to something else",
            why=f"it holds tables that are not of luxops: {', '.join(sorted(strangers)[:5])}",
            remedy="Give luxops a database of its own. Nothing was changed.",
        )
