"""Whether the process that runs a scan still lives."""

from __future__ import annotations

import getpass
import os
import socket
from functools import cache
from pathlib import Path

_START_TIME = 19
"""Index in /proc/PID/stat of the start time, counted after the command name, which may hold blanks."""


def account() -> str:
    """Who runs luxops, and where, for people: `user@machine`."""
    return f"{getpass.getuser()}@{socket.gethostname()}"


@cache
def this_machine() -> str:
    """Names the process table in which a process number means something: this boot of this machine, this PID namespace.

    Where there is no /proc it is the host's name alone, and only heartbeats tell.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        namespace = Path("/proc/self/ns/pid").readlink()
    except OSError:
        return f"host:{socket.gethostname()}"[:80]
    return f"boot:{boot}:{str(namespace).removeprefix('pid:')}"


def this_process() -> str:
    """Process number and start time: a number used again is not taken for the same process."""
    return f"{os.getpid()}@{_started(os.getpid()) or 0}"


def lives(machine: str, process: str) -> bool | None:
    """None where that cannot be told from here: the process ran elsewhere."""
    if machine != this_machine() or not machine.startswith("boot:"):
        return None
    number, _, started = process.partition("@")
    return _started(int(number)) == int(started)


def _started(number: int) -> int | None:
    """Start time in clock ticks since boot; None where there is no such process, or only its zombie."""
    try:
        fields = Path(f"/proc/{number}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in {"Z", "X"} else int(fields[_START_TIME])
