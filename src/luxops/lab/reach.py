"""Whether instances answer, asked from where they are managed: inside the management namespace."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address

from luxops.lab.shell import LabError, attempt

POLL = 0.3


def answering(address: IPv4Address, key: str, known_hosts: str, namespace: str) -> bool:
    """Whether luxops can open a session there now, with its key, and the host key is the known one."""
    done = attempt(
        *("ip", "netns", "exec", namespace, "ssh", "-n", "-F", "none", "-i", key, "-o", f"UserKnownHostsFile={known_hosts}"),
        *("-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", "ConnectTimeout=2", "-o", "LogLevel=ERROR"),
        *(f"luxops@{address}", "true"),
        timeout=20,
    )
    return done.returncode == 0


def wait_for(checks: Mapping[str, Callable[[], bool]], seconds: float, done: Callable[[str], None]) -> None:
    """Until every check holds, tried in parallel; `done` is told of each. Raises LabError that names those that never did."""
    deadline = time.monotonic() + seconds

    def until(name: str) -> str | None:
        while not checks[name]():
            if time.monotonic() > deadline:
                return name
            time.sleep(POLL)
        done(name)
        return None

    with ThreadPoolExecutor(max_workers=max(1, len(checks))) as pool:
        late = [name for name in pool.map(until, checks) if name is not None]
    if late:
        raise LabError(
            f"{', '.join(late)} did not come up within {seconds:.0f} s",
            why="no session over SSH, or a service that never got ready",
            remedy="`luxops lab status` shows failed units; console.log of an instance is in the lab's folder.",
        )
