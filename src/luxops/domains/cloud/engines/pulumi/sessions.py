"""The processes of one stack's work, and how they end together.

The CLI starts language host and provider in process groups of their own, and both live on when it dies. What they do not leave
is the session that the worker leads: its members are found in /proc.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")
_PPID, _SESSION = 1, 3
"""Of the fields of `/proc/PID/stat` behind the command's name."""


def members(session: int) -> list[int]:
    """Processes of a session, its leader included."""
    return [pid for pid, fields in _processes() if int(fields[_SESSION]) == session]


def children(parent: int) -> list[int]:
    """Processes that a process has started itself."""
    return [pid for pid, fields in _processes() if int(fields[_PPID]) == parent]


def kill_session(session: int, spared: int = 0, seconds: float = 5.0) -> None:
    """End every process of the session at once, but for one. Those that are being born meanwhile are met by the next look."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        left = [pid for pid in members(session) if pid != spared]
        if not left:
            return
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def _processes() -> Iterator[tuple[int, list[str]]]:
    """Zombies left out: they are dead, and only wait to be asked for their end."""
    for folder in _PROC.iterdir():
        if folder.name.isdecimal():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # ended meanwhile
            if fields[0] not in {"Z", "X"}:
                yield int(folder.name), fields
