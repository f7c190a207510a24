"""What happens when the database does not do as it should: one clear message, and nothing lost."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, text
from tests.support.looks import INVENTORY, POLICIES, finding, host, look, minute, seen
from tests.support.postgres import PostgresServer

from luxops.errors import ExitCode
from luxops.model import Coverage, ScanState, Verdict
from luxops.store import Store, StoreError, open_store, tables

pytestmark = pytest.mark.slow

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to mount or to change the user")


def told(error: StoreError, *words: str) -> None:
    """What, why and what to do; never a library's own address of an error."""
    text = error.diagnosis()
    assert all(word in text for word in words), text
    assert error.remedy
    assert "sqlalche.me" not in text
    assert error.exit_code is ExitCode.USAGE


def fails_to_finish(store: Store, size: int = 400_000) -> StoreError:
    """A scan too large for where it should go."""
    with store.begin_scan(inventory_digest=INVENTORY, policy_digest=POLICIES, selection="x") as record:
        noise = os.urandom(size).hex()
        record.add(host(), "hosts", [seen(host(), "packages", noise, minute(1))], [finding(host(), "a", Verdict.PASS)], [])
        with pytest.raises(StoreError) as caught:
            record.finish(Coverage(targets=1, observed=1))
    return caught.value


def assert_as_before(store: Store) -> None:
    assert [s.state for s in store.scans()] == [ScanState.INTERRUPTED, ScanState.FINISHED]
    assert [r.finding.verdict for r in store.findings()] == [Verdict.FAIL]


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("mysql://root:s3cr3t@db/luxops", "mysql"),
        ("postgresql+asyncpg://u:s3cr3t@db/luxops", "postgresql+asyncpg"),
        ("luxops.db", "cannot be read"),
        ("://s3cr3t", "cannot be read"),
        ("postgresql://u:s3cr3t@db:port/x", "cannot be read"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
    ],
)
def test_an_address_that_is_no_store(url: str, word: str) -> None:
    with pytest.raises(StoreError) as caught:
        open_store(url)
    told(caught.value, word, "LUXOPS_STORE__URL")
    assert "s3cr3t" not in caught.value.diagnosis() + repr(caught.value)


def test_a_folder_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        open_store(f"sqlite:///{tmp_path}/none/luxops.db")
    told(caught.value, "its folder is missing")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    file = tmp_path / "luxops.db"
    file.write_text("Dear diary, " * 1000)
    with pytest.raises(StoreError) as caught:
        open_store(f"sqlite:///{file}")
    told(caught.value, "not an SQLite database")
    assert file.read_text().startswith("Dear diary")


def test_the_database_of_something_else(store_url: str) -> None:
    engine = create_engine(store_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE invoices (id INTEGER)"))
    engine.dispose()
    with pytest.raises(StoreError) as caught:
        open_store(store_url)
    told(caught.value, "belongs to something else", "invoices")


@pytest.mark.parametrize("intact_pages", [2, 12, 20])
def test_a_damaged_file(tmp_path: Path, intact_pages: int) -> None:
    file = tmp_path / "luxops.db"
    with open_store(f"sqlite:///{file}") as store:
        for n in range(50):
            look(store, minute(n), findings=[finding(host(), "a", Verdict.FAIL, actual=str(n) * 500)])
        first = store.scans(limit=50)[-1]
    content = bytearray(file.read_bytes())
    content[intact_pages * 4096 :] = b"\xa5" * (len(content) - intact_pages * 4096)
    file.write_bytes(content)

    def use() -> None:
        with open_store(f"sqlite:///{file}") as store:
            store.scan_content(first.id)
            look(store, minute(60), verdicts={"a": Verdict.PASS})

    with pytest.raises(StoreError) as caught:
        use()
    told(caught.value, "damaged", "backup")


def test_evidence_that_was_altered_is_noticed(store_url: str) -> None:
    with open_store(store_url) as store:
        look(store, minute(0))
        (observation,) = store.target(host().id).observations
        engine = create_engine(store_url)
        for content in (b"garbage", zlib.compress(b'{"content":"b"}')):
            with engine.begin() as connection:
                connection.execute(tables.evidence.update().values(content=content))
            with pytest.raises(StoreError) as caught:
                store.evidence(observation.digest)
            told(caught.value, "damaged", "evidence sha256:")
        engine.dispose()


def test_a_database_locked_by_another_process(tmp_path: Path) -> None:
    file = tmp_path / "luxops.db"
    with open_store(f"sqlite:///{file}", busy_timeout=0.2) as store:
        look(store, minute(0), verdicts={"a": Verdict.FAIL})
        with sqlite3.connect(file, isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError) as caught:
                store.begin_scan(inventory_digest=INVENTORY, policy_digest=POLICIES, selection="x")
            told(caught.value, "locked by another process")
            assert [r.finding.verdict for r in store.findings()] == [Verdict.FAIL], "readers go on"
            other.execute("ROLLBACK")
        other.close()
        with store.begin_scan(inventory_digest=INVENTORY, policy_digest=POLICIES, selection="x") as record:
            other = sqlite3.connect(file, isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError):
                record.finish(Coverage(targets=1, observed=1))
        assert_as_before(store)
        other.execute("ROLLBACK")
        other.close()
        look(store, minute(3))
        assert [s.state for s in store.scans()] == [ScanState.FINISHED, ScanState.INTERRUPTED, ScanState.FINISHED]


def test_a_writer_waits_for_another_one(tmp_path: Path) -> None:
    file = tmp_path / "luxops.db"
    with open_store(f"sqlite:///{file}", busy_timeout=20) as store:
        other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        timer = threading.Timer(0.5, other.execute, ["ROLLBACK"])
        timer.start()
        look(store, minute(0))
        timer.join()
        other.close()


def test_a_size_limit_that_is_reached(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/luxops.db") as store:
        look(store, minute(0), verdicts={"a": Verdict.FAIL})
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
        try:
            error = fails_to_finish(store)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        told(error, "size limit", "Nothing recorded earlier is lost")
        assert_as_before(store)
        look(store, minute(2))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", folder], capture_output=True, check=False)  # noqa: S607 - a system program
    if done.returncode != 0:
        pytest.skip(f"cannot mount a small disk: {done.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)  # noqa: S607 - a system program


@as_root
def test_a_disk_that_is_full(small_disk: Path) -> None:
    with open_store(f"sqlite:///{small_disk}/luxops.db") as store:
        look(store, minute(0), verdicts={"a": Verdict.FAIL})
        told(fails_to_finish(store), "disk is full", "Nothing recorded earlier is lost")
        assert_as_before(store)
        look(store, minute(2))


@as_root
@pytest.mark.parametrize("what", ["folder", "file"])
def test_a_store_that_is_read_only_for_the_user(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "readonly"
    folder.mkdir()
    with open_store(f"sqlite:///{folder}/luxops.db") as store:
        look(store, minute(0), verdicts={"a": Verdict.FAIL})
    (folder / "luxops.db").chmod(0o444)
    folder.chmod(0o555 if what == "folder" else 0o777)
    child = os.fork()
    if child == 0:  # an exit status tells what the unprivileged user met
        os._exit(_as_nobody(tmp_path, f"sqlite:///{folder}/luxops.db"))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 42


def _as_nobody(tmp_path: Path, url: str) -> int:
    for folder in [tmp_path, *tmp_path.parents]:
        if str(folder).startswith("/tmp/"):  # noqa: S108 - pytest's folder of this run
            folder.chmod(0o755)
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
    try:
        with open_store(url) as store:
            look(store, minute(1))
    except StoreError as error:
        print(error.diagnosis(), file=sys.stderr)  # noqa: T201 - shown where the test fails
        return 42 if "read-only for this user" in error.diagnosis() else 1
    return 0


# PostgreSQL


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        open_store(f"postgresql://luxops:s3cr3t@/luxops?host={tmp_path}&connect_timeout=2")
    told(caught.value, "does not answer", "pg_isready", "luxops:***@")
    assert "s3cr3t" not in caught.value.diagnosis()
    with pytest.raises(StoreError) as caught:
        open_store("postgresql://luxops:s3cr3t@127.0.0.1:1/luxops?connect_timeout=2")
    told(caught.value, "does not answer", "onnection refused")
    assert "s3cr3t" not in caught.value.diagnosis()


@pytest.mark.postgresql
def test_a_database_that_does_not_exist(postgres_server: PostgresServer) -> None:
    with pytest.raises(StoreError) as caught:
        open_store(postgres_server.url("absent"))
    told(caught.value, "no such database", "createdb")


@pytest.mark.postgresql
def test_a_login_that_is_refused(own_server: PostgresServer) -> None:
    with psycopg.connect(own_server.conninfo("postgres"), autocommit=True) as connection:
        connection.execute("CREATE ROLE luxops LOGIN PASSWORD 'right'")
        (own_server.folder / "data" / "pg_hba.conf").write_text("local all luxops scram-sha-256\nlocal all postgres trust\n")
        connection.execute("SELECT pg_reload_conf()")
    with pytest.raises(StoreError) as caught:
        open_store(own_server.url("postgres", user="luxops", password="wr0ng"))
    told(caught.value, "password was refused")
    assert "wr0ng" not in caught.value.diagnosis()
    with pytest.raises(StoreError) as caught:
        open_store(own_server.url("postgres", user="luxops", password="right"))
    told(caught.value, "lacks rights")
    with pytest.raises(StoreError) as caught:
        open_store(own_server.url("postgres", user="stranger"))
    told(caught.value, "does not let this user in")


@pytest.mark.postgresql
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_a_server_that_goes_away_during_a_scan(own_server: PostgresServer, how: signal.Signals) -> None:
    with open_store(own_server.url("postgres"), busy_timeout=2) as store:
        look(store, minute(0), verdicts={"a": Verdict.FAIL})
        with store.begin_scan(inventory_digest=INVENTORY, policy_digest=POLICIES, selection="x") as record:
            record.add(host(), "hosts", [seen(host(), "sshd", 2, minute(1))], [finding(host(), "a", Verdict.PASS)], [])
            own_server.stop(how)
            with pytest.raises(StoreError) as caught:
                record.finish(Coverage(targets=1, observed=1))
        told(caught.value, "does not answer", "Nothing recorded earlier is lost")
        with pytest.raises(StoreError):
            store.findings()
        own_server.start()
        assert_as_before(store)
        look(store, minute(2))
        assert [s.state for s in store.scans()] == [ScanState.FINISHED, ScanState.INTERRUPTED, ScanState.FINISHED]


@pytest.mark.postgresql
def test_a_server_that_comes_back_in_time_costs_nothing(own_server: PostgresServer) -> None:
    with open_store(own_server.url("postgres")) as store:
        with store.begin_scan(inventory_digest=INVENTORY, policy_digest=POLICIES, selection="x") as record:
            own_server.stop()
            record.add(host(), "hosts", [seen(host(), "sshd", 2, minute(1))], [finding(host(), "a", Verdict.PASS)], [])
            own_server.start()
            record.finish(Coverage(targets=1, observed=1))
        assert [s.state for s in store.scans()] == [ScanState.FINISHED]


@pytest.mark.postgresql
def test_a_session_that_is_cut_while_it_writes(postgres_server: PostgresServer) -> None:
    with open_store(postgres_server.new_store()) as store:
        look(store, minute(0), verdicts={"a": Verdict.FAIL})

        def cut() -> None:
            with store.write() as connection:
                pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
                with psycopg.connect(postgres_server.conninfo("postgres"), autocommit=True) as other:
                    other.execute("SELECT pg_terminate_backend(%s)", [pid])
                connection.exec_driver_sql("SELECT 1")

        with pytest.raises(StoreError) as caught:
            cut()
        told(caught.value, "terminating connection")
        assert len(store.findings()) == 1
