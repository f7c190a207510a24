"""A simulated fleet of 500 hosts on loopback: one command with one input to each, beside OpenSSH's client.

The fleet is one process of asyncssh servers at 500 addresses of 127.0.0.0/8, on the same machine: what it costs bounds
the targets per second. The client's own cost is its processor time, which the fleet does not share.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from ipaddress import IPv4Address
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from bench.harness import Result

from luxops.logs import configure
from luxops.model import TargetId
from luxops.progress import Silent
from luxops.settings import ConnectionSettings
from luxops.transports.interface import CommandRequest, Endpoint
from luxops.transports.ssh import SshRunner

ROOT = Path(__file__).resolve().parent.parent
TARGETS = 500
PEER_TARGETS = 60
CONCURRENCY = 32
SCRIPT = b"# a script as long as the one that asks a host for its facts\n" * 800


class Measured(NamedTuple):
    """Wall and processor seconds, and the most memory held, in MiB."""

    wall: float
    cpu: float
    peak_mib: float


@contextmanager
def site(kind: str, seconds: float) -> Iterator[tuple[Path, int]]:
    """A folder with `id` and `known_hosts`, and the port of simulated targets in a process of their own."""
    command = [sys.executable, "-m", "tests.support.servers", kind, str(seconds)]
    with (
        tempfile.TemporaryDirectory() as name,
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server,  # noqa: S603 - our own program
    ):
        assert server.stdin is not None
        assert server.stdout is not None
        made = json.loads(server.stdout.readline())
        folder = Path(name)
        (folder / "id").write_text(made["client_key"])
        (folder / "id").chmod(0o600)
        (folder / "known_hosts").write_text(f"*,[*]:{made['port']} {made['host_key']}\n")
        try:
            yield folder, made["port"]
        finally:
            server.stdin.close()


def settings(folder: Path, concurrency: int) -> ConnectionSettings:
    return ConnectionSettings(
        keys=(folder / "id",),
        agent=False,
        known_hosts=folder / "known_hosts",
        ssh_config=folder / "none",
        concurrency=concurrency,
        total_timeout=300,
    )


def endpoint(number: int, port: int) -> Endpoint:
    return Endpoint(alias=f"t{number}", address=IPv4Address("127.1.0.1") + number, port=port, user="luxops")


def alone(measure: Callable[[Path, int], Measured], folder: Path, port: int) -> Measured:
    """Measure in a process that does nothing else, so that its memory is what the work took."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(measure, folder, port).result()


def measured(folder: Path, port: int) -> Measured:
    """All targets once, by luxops."""
    configure()
    requests = [
        CommandRequest(target=TargetId(f"t{number}"), endpoint=endpoint(number, port), command="sh", stdin=SCRIPT)
        for number in range(TARGETS)
    ]
    runner = SshRunner(settings(folder, CONCURRENCY))
    wall, cpu = time.perf_counter(), time.process_time()
    seen, failed = set(), []
    for reply in runner.run(requests, Silent()):
        seen.add(reply.target)
        failed += [reply.failure] if reply.failure else []
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    assert not failed, failed[:3]
    assert len(seen) == TARGETS
    return Measured(wall, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def run() -> list[Result]:
    with site("fleet", 0) as (folder, port):
        ours = alone(measured, folder, port)
        peer = _openssh(folder, port)
    return [
        Result(
            f"fleet of {TARGETS} SSH targets, targets per second", TARGETS / ours.wall, "targets/s", direction="at least",
            peer=f"OpenSSH's ssh, {CONCURRENCY} at once", peer_value=PEER_TARGETS / peer.wall,
        ),
        Result(
            "fleet: client's processor time per target", 1000 * ours.cpu / TARGETS, "ms", budget=15,
            peer="OpenSSH's ssh", peer_value=1000 * peer.cpu / PEER_TARGETS,
        ),
        Result("fleet: client's peak memory", ours.peak_mib, "MiB", budget=500),
    ]  # fmt: skip


def _openssh(folder: Path, port: int) -> Measured:
    """The `ssh` program for some of the same targets, as many at once."""
    known = f"-oUserKnownHostsFile={folder}/known_hosts"
    command = [
        "ssh",
        "-F",
        "none",
        "-p",
        str(port),
        "-i",
        f"{folder}/id",
        known,
        "-oStrictHostKeyChecking=yes",
        "-oBatchMode=yes",
    ]

    def ask(number: int) -> None:
        done = subprocess.run(  # noqa: S603 - a system program
            [*command, f"luxops@{endpoint(number, port).address}", "sh"], input=SCRIPT, capture_output=True, check=True
        )
        assert done.stdout

    wall, before = time.perf_counter(), os.times()
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        list(pool.map(ask, range(PEER_TARGETS)))
    after = os.times()
    cpu = after.children_user - before.children_user + after.children_system - before.children_system
    return Measured(time.perf_counter() - wall, cpu, 0)
