"""1,000 configurations of routers that take one second for each command, beside netmiko in a pool of threads.

The routers are one process of asyncssh servers. Each session logs in, sets the terminal, finds the prompt, and asks for the
configuration: three of its commands take a second each.
"""

from __future__ import annotations

import resource
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.fleet import Measured, alone, endpoint, settings, site
from bench.harness import Result

from luxops.logs import configure
from luxops.model import TargetId
from luxops.progress import Silent
from luxops.transports.device import NetmikoRunner
from luxops.transports.interface import DeviceRequest

FETCHES = 1000
PEER_FETCHES = 40
PEER_THREADS = 10
CONCURRENCY = 96
LATENCY = 1.0
SHOW = "show running-config"
LINES = 602
"""Of a whole transcript: the echo, 600 lines of configuration, the prompt."""


def measured(folder: Path, port: int) -> Measured:
    """All fetches by luxops."""
    configure()
    requests = [
        DeviceRequest(target=TargetId(f"t{n}"), endpoint=endpoint(n % 250, port), device_type="cisco_ios", commands=(SHOW,))
        for n in range(FETCHES)
    ]
    runner = NetmikoRunner(settings(folder, CONCURRENCY))
    wall, cpu = time.perf_counter(), time.process_time()
    failed, lengths = [], []
    for reply in runner.ask(requests, Silent()):
        failed += [reply.failure] if reply.failure else []
        lengths += [len(transcript.splitlines()) for transcript in reply.transcripts.values()]
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    assert not failed, failed[:3]
    assert lengths == [LINES] * FETCHES
    return Measured(wall, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def run() -> list[Result]:
    with site("routers", LATENCY) as (folder, port):
        ours = alone(measured, folder, port)
        peer_wall = _netmiko(folder, port)
    return [
        Result(
            f"{FETCHES} router fetches at {LATENCY:g} s a command", 60 * FETCHES / ours.wall, "fetches/min", budget=1000,
            direction="at least", peer=f"netmiko, {PEER_THREADS} threads", peer_value=60 * PEER_FETCHES / peer_wall,
        ),
        Result("routers: client's processor time per fetch", 1000 * ours.cpu / FETCHES, "ms"),
        Result("routers: client's peak memory", ours.peak_mib, "MiB", budget=500),
    ]  # fmt: skip


def _netmiko(folder: Path, port: int) -> float:
    """Wall seconds for some of the same fetches by netmiko as its own examples use it."""
    import netmiko  # noqa: PLC0415 - slow to import

    # Its known_hosts has no patterns: every address by name.
    key = (folder / "known_hosts").read_text().split(" ", 1)[1]
    known = folder / "netmiko"
    known.write_text("".join(f"[{endpoint(n, port).address}]:{port} {key}" for n in range(PEER_FETCHES)))

    def fetch(number: int) -> None:
        with netmiko.ConnectHandler(
            device_type="cisco_ios",
            host=str(endpoint(number, port).address),
            port=port,
            username="luxops",
            use_keys=True,
            key_file=str(folder / "id"),
            allow_agent=False,
            ssh_strict=True,
            alt_host_keys=True,
            alt_key_file=str(known),
        ) as connection:
            # Without the echo and the prompt, which it takes away.
            assert len(str(connection.send_command(SHOW)).splitlines()) >= LINES - 2

    start = time.perf_counter()
    with ThreadPoolExecutor(PEER_THREADS) as pool:
        list(pool.map(fetch, range(PEER_FETCHES)))
    return time.perf_counter() - start
