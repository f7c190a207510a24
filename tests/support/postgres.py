"""A real PostgreSQL server for tests."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import psycopg

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
_ACCOUNT = "postgres"


class PostgresServer:
    """A real PostgreSQL of our own: a private folder, a unix socket, no network; ended by its process id."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self.folder = folder
        self.programs = programs
        # The server refuses to run as root.
        self._as: dict[str, Any] = {"user": _ACCOUNT, "group": _ACCOUNT, "extra_groups": []} if os.geteuid() == 0 else {}
        self._process: subprocess.Popen[bytes] | None = None
        self._count = 0
        if self._as:
            account = pwd.getpwnam(_ACCOUNT)
            os.chown(folder, account.pw_uid, account.pw_gid)
        self._run("initdb", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C", f"--username={_ACCOUNT}", "data")

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run([self.programs / program, *arguments], cwd=self.folder, capture_output=True, **self._as)  # noqa: PLW1510 - a system program; told below
        assert done.returncode == 0, done.stderr.decode()

    def start(self) -> None:
        options = ["-c", "listen_addresses=", "-c", "fsync=off", "-c", f"unix_socket_directories={self.folder}"]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self.programs / "postgres", "-D", self.folder / "data", *options], cwd=self.folder, stderr=log, **self._as
            )
        for _ in range(200):
            try:
                psycopg.connect(self.conninfo("postgres")).close()
            except psycopg.OperationalError:
                assert self._process.poll() is None, (self.folder / "log").read_text()
                time.sleep(0.05)
            else:
                return
        raise AssertionError((self.folder / "log").read_text())

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT: sessions are cut, data is kept in order; SIGQUIT: as after a power cut."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(how)
            self._process.wait(30)

    def conninfo(self, database: str) -> str:
        return f"host={self.folder} dbname={database} user={_ACCOUNT} connect_timeout=5"

    def new_store(self) -> str:
        """The address of a schema of its own: made in no time, unlike a database."""
        self._count += 1
        name = f"test_{self._count}"
        with psycopg.connect(self.conninfo("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {name}")
        return f"{self.url('postgres')}&options=-csearch_path%3D{name}"

    def url(self, database: str, *, user: str = _ACCOUNT, password: str = "") -> str:
        login = f"{user}:{password}" if password else user
        return f"postgresql+psycopg://{login}@/{database}?host={self.folder}&connect_timeout=5"
