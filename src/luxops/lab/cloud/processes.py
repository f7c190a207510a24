"""The services of the cloud: how each is started, in a cgroup of its own, and when it counts as up."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import partial

from luxops.lab import cgroups, reach
from luxops.lab.cloud import api
from luxops.lab.cloud.layout import ADDRESS, PORTS, PYTHON, SERVICES, Layout
from luxops.lab.running import CLOUD_PART
from luxops.lab.shell import LabError, attempt, failed

DATABASE = f"{CLOUD_PART}database"
BUILD = f"{CLOUD_PART}bootstrap"
"""Cgroup of everything that runs once and ends."""
SECONDS = 120.0
JOIN_SECONDS = 5.0
_UWSGI = (
    *("--master", "--die-on-term", "--processes", "1", "--threads", "8", "--enable-threads", "--thunder-lock"),
    *("--buffer-size", "65535", "--add-header", "Connection: close", "--lazy-apps", "--need-app", "--log-master"),
)


def names() -> list[str]:
    """The cloud's cgroups that exist, whoever made them."""
    return [name for name in cgroups.names() if name.startswith(CLOUD_PART)]


def launch(layout: Layout, name: str, command: Sequence[str]) -> None:
    """Start one of the cloud's processes; it is a member of its cgroup when this returns. Raises LabError where it never is."""
    cgroups.launch(name, command, layout.logs / f"{name}.log", layout.environment())
    deadline = time.monotonic() + JOIN_SECONDS
    while not cgroups.processes_of(name):
        if time.monotonic() > deadline:
            raise LabError(f"{name} ended as soon as it was started", remedy=f"Look into {layout.logs / name}.log.")
        time.sleep(0.005)


def refuse_taken_ports() -> None:
    """Raises LabError where somebody else listens where a service must."""
    for name, port in PORTS.items():
        with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((ADDRESS, port))
            except OSError as error:
                raise LabError(
                    f"Port {port} is taken on this machine",
                    why=f"{name} of the lab's cloud must listen on {ADDRESS}:{port}: {error.strerror}",
                    remedy=f"`ss -ltnp sport = :{port}` shows who has it; end that, or let it listen on its own address.",
                ) from error


def start_database(layout: Layout) -> None:
    """Start MariaDB and wait until it answers. Raises LabError."""
    command = ["mariadbd", f"--defaults-file={layout.conf / 'my.cnf'}"]
    launch(layout, DATABASE, command)
    reach.wait_for({"the database": partial(_database_answers, layout)}, SECONDS, lambda _: None)


def stop_database(layout: Layout) -> None:
    """End MariaDB in good order, so that its files can be copied. Raises LabError where it does not end."""
    for pid in cgroups.processes_of(DATABASE):
        attempt("kill", "-TERM", str(pid))
    reach.wait_for({"the database's end": lambda: not cgroups.processes_of(DATABASE)}, SECONDS, lambda _: None)
    layout.database_socket.unlink(missing_ok=True)


def start_api(layout: Layout, *services: str) -> None:
    """Start services; they come up on their own time."""
    commands = _commands(layout)
    for service in services:
        launch(layout, CLOUD_PART + service, commands[service])


def wait_for_api(*services: str) -> None:
    """Until each service answers. Raises LabError that names those that ended or never did."""
    reach.wait_for({name: partial(_answers, name) for name in services}, SECONDS, lambda _: None)


def manage(layout: Layout, module: str, *arguments: str, config: str = "", variables: Mapping[str, str] | None = None) -> None:
    """Run one of OpenStack's management programs to its end. Raises LabError with its last words."""
    options = ["--config-file", str(layout.conf / config)] if config else []
    command = [PYTHON, str(SERVICES / "program.py"), module, "manage", *options, *arguments]
    once(layout, command, variables=variables)


def once(layout: Layout, command: list[str], *, stdin: str | None = None, variables: Mapping[str, str] | None = None) -> None:
    """Run a program of the bootstrap to its end, in the bootstrap's cgroup. Raises LabError with its last words."""
    done = subprocess.run(
        cgroups.joined(BUILD, *command),
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        text=True,
        errors="replace",
        env={**layout.environment(), **(variables or {})},
        check=False,
        timeout=600,
    )
    with (layout.logs / "bootstrap.log").open("a") as log:
        log.write(done.stdout + done.stderr)
    if done.returncode != 0:
        raise failed(command[1:], done.returncode, done.stderr or done.stdout)


def _answers(service: str) -> bool:
    if not cgroups.processes_of(CLOUD_PART + service):
        raise LabError(
            f"{service} ended as soon as it was started",
            remedy=f"Look into cloud/log/{CLOUD_PART}{service}.log and {service}.log.",
        )
    return api.answers(service)


def _database_answers(layout: Layout) -> bool:
    try:
        with closing(socket.socket(socket.AF_UNIX)) as probe:
            probe.connect(str(layout.database_socket))
            return bool(probe.recv(1))  # the server speaks first
    except OSError:
        if not cgroups.processes_of(DATABASE):
            raise LabError("MariaDB ended as soon as it was started", remedy="Look into cloud/log/mysqld.log.") from None
        return False


def _commands(layout: Layout) -> dict[str, list[str]]:
    def program(module: str, name: str, config: str) -> list[str]:
        return [PYTHON, str(SERVICES / "program.py"), module, name, "--config-file", str(layout.conf / config)]

    def wsgi(service: str, file: str) -> list[str]:
        where = ["--http-socket", f"{ADDRESS}:{PORTS[service]}", "--wsgi-file", file]
        return ["uwsgi", "--plugin", "python3", *where, *_UWSGI]

    return {
        "keystone": wsgi("keystone", "/usr/bin/keystone-wsgi-public"),
        "placement": wsgi("placement", "/usr/bin/placement-api"),
        "glance": program("glance.cmd.api", "glance-api", "glance.conf"),
        "neutron": program("neutron.cmd.eventlet.server", "neutron-server", "neutron.conf"),
        "nova": [PYTHON, str(SERVICES / "nova_all.py"), "--config-file", str(layout.conf / "nova.conf")],
        "cinder": [PYTHON, str(SERVICES / "cinder_all.py"), "--config-file", str(layout.conf / "cinder.conf")],
    }
