"""Real connections between servers of the lab's cloud: something that answers in one, a TCP connection from another."""

from __future__ import annotations

import sys
import time

from luxops.lab import cgroups
from luxops.lab.cloud import answer
from luxops.lab.cloud.layout import Layout, namespace_of_server
from luxops.lab.running import CLOUD_PART, NAMESPACES
from luxops.lab.shell import LabError, run
from luxops.transports.dial import dial
from luxops.transports.failures import SessionError
from luxops.transports.watchdog import Lease

LISTEN_SECONDS = 10.0
_LISTEN = "0A"
"""The kernel's number of the state in /proc/net/tcp."""


def connects(server_id: str, address: str, port: int, seconds: float = 2.0) -> bool:
    """Whether a TCP connection from the server to the address and port comes about within the time. Raises LabError."""
    namespace = _there(server_id)
    try:
        dial(address, port, seconds=seconds, namespace=namespace, lease=Lease()).close()
    except SessionError:
        return False
    return True


def listen(layout: Layout, server_id: str, *ports: int) -> None:
    """Let something answer TCP connections on the server's ports until the server or the lab goes. Raises LabError."""
    namespace = _there(server_id)
    wanted = sorted(set(ports) - listening(server_id))
    if not wanted:
        return
    command = ["ip", "netns", "exec", namespace, sys.executable, "-I", "-S", answer.__file__, server_id, *map(str, wanted)]
    cgroups.launch(f"{CLOUD_PART}answers", command, layout.logs / "answers.log")
    deadline = time.monotonic() + LISTEN_SECONDS
    while not set(wanted) <= listening(server_id):
        if time.monotonic() > deadline:
            raise LabError(f"Nothing listens on server {server_id}", remedy=f"Look into {layout.logs / 'answers.log'}.")
        time.sleep(0.02)


def listening(server_id: str) -> set[int]:
    """TCP ports that something listens on in the server's namespace. Raises LabError."""
    lines = run("ip", "netns", "exec", _there(server_id), "cat", "/proc/net/tcp").splitlines()[1:]
    fields = (line.split() for line in lines)
    return {int(local.rpartition(":")[2], 16) for _, local, _, state, *_ in fields if state == _LISTEN}


def _there(server_id: str) -> str:
    namespace = namespace_of_server(server_id)
    if not (NAMESPACES / namespace).exists():
        raise LabError(f"There is no server {server_id} in the lab's cloud", remedy="Nova lists them: it must be ACTIVE.")
    return namespace
