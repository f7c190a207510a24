"""What tests of several rooms share: the way to `tests.support`, and databases."""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog
from tests.support.postgres import PROGRAMS, PostgresServer

pytest_plugins = ["tests.support.lab"]


@pytest.fixture(autouse=True)
def logs_as_imported() -> None:
    """A command that ran in this process has set how much is logged: the next test must not inherit it."""
    structlog.reset_defaults()


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """Where the run was started in the background, programs that tests start would ignore Ctrl-C as well."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server a test run."""
    with _server() as server:
        yield server


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A server that a test may end and start again."""
    with _server() as server:
        yield server


@contextmanager
def _server() -> Iterator[PostgresServer]:
    """Left out, visibly, where Debian's package `postgresql` is missing."""
    if not PROGRAMS:
        pytest.skip("PostgreSQL's server programs are missing: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="luxops-postgres-"))
    server = PostgresServer(PROGRAMS[-1].parent, folder)
    try:
        server.start()
        yield server
    finally:
        server.stop(signal.SIGQUIT)  # nothing of it is kept
        shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a fresh store, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/luxops.db"
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.new_store()
