"""One watch at a time: a lock that its holder's death gives back."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO, Protocol

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from luxops.store.errors import StoreError, explained

_KEY = 0x6C78_7761
"""PostgreSQL advisory lock of the watch; another than the writers'."""


class WatchLock(Protocol):
    """Held by this process, or refused."""

    def hold(self) -> None:
        """Take it, or make sure that it is still held. Raises StoreError where another process has it."""

    def release(self) -> None: ...


def watch_lock(engine: Engine, shown_url: str) -> WatchLock:
    """A lock on the whole store."""
    return FileLock(engine, shown_url) if engine.dialect.name == "sqlite" else SessionLock(engine, shown_url)


def _taken(shown_url: str) -> StoreError:
    return StoreError(
        f"Another luxops watch works on the store {shown_url}",
        why="two would look at every target twice",
        remedy="Let that one go on, or stop it first (SIGTERM); `luxops scan` works beside it.",
    )


class FileLock:
    """Beside an SQLite file: `FILE-watch`, locked by the kernel for as long as the process lives."""

    def __init__(self, engine: Engine, shown_url: str) -> None:
        self._path = Path(f"{engine.url.database}-watch")
        self._shown_url = shown_url
        self._file: IO[str] | None = None

    def hold(self) -> None:
        if self._file is not None:
            return
        try:
            file = self._path.open("a", encoding="ascii")
        except OSError as error:
            raise StoreError(
                f"The file {self._path} cannot be written", why=os.strerror(error.errno or 0),
                remedy="Make the folder of the store writable for the user that runs luxops.",
            ) from error  # fmt: skip
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise _taken(self._shown_url) from None
        self._file = file

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class SessionLock:
    """An advisory lock of one PostgreSQL session, which the server drops with the session."""

    def __init__(self, engine: Engine, shown_url: str) -> None:
        self._engine = engine
        self._shown_url = shown_url
        self._connection: Connection | None = None

    def hold(self) -> None:
        with explained(self._shown_url):
            if self._connection is not None:
                try:
                    self._connection.execute(text("SELECT 1"))
                except DBAPIError:
                    # The session is gone and the lock with it: someone else may have taken it meanwhile.
                    self.release()
                else:
                    return
            connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            if not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _KEY}):
                connection.close()
                raise _taken(self._shown_url)
            self._connection = connection

    def release(self) -> None:
        if self._connection is not None:
            # Closed for good, not given back to the pool: there it would go on holding the lock.
            self._connection.invalidate()
            self._connection.close()
            self._connection = None
