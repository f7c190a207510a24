"""What belongs to which part of the lab: a cgroup each holds its processes, and the kernel alone is asked which these are.

Nothing trusts a noted process id: it may be another's by now. A cgroup's members survive a killed `up`, and are nobody else's.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from luxops.lab.machine import cgroup_roots
from luxops.lab.shell import LabError

PREFIX = "luxops-"
"""Of every namespace, cgroup and mount of the lab."""
JOIN = Path(__file__).with_name("join.sh")
ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root"}


def cgroups_of(name: str) -> list[Path]:
    """The instance's own cgroup in each hierarchy, whether there is one or not."""
    return [root / (PREFIX + name) for root in cgroup_roots()]


def processes_of(name: str) -> set[int]:
    """Every process in the instance's cgroup: supervisor, container manager, and all that runs inside."""
    return {pid for group in cgroups_of(name) if group.is_dir() for pid in _members(group)}


def names() -> list[str]:
    """Parts of the lab that have a cgroup, running or not, whoever made it."""
    groups = {group.name for root in cgroup_roots() for group in root.glob(f"{PREFIX}*") if group.is_dir()}
    return sorted(group.removeprefix(PREFIX) for group in groups)


def running() -> list[str]:
    """Parts that have any process at all, whoever started them."""
    return [name for name in names() if lives(name)]


def lives(name: str) -> bool:
    """Whether it has any process; does not look for all of them."""
    return any(True for group in cgroups_of(name) if group.is_dir() for _ in _members(group))


def joined(name: str, *command: str) -> list[str]:
    """The argument list that runs `command` in cgroups of its own named after `name`; they are made."""
    groups = cgroups_of(name)
    for group in groups:
        group.mkdir(exist_ok=True)
    return ["/bin/sh", str(JOIN), *map(str, groups), "--", *command]


def launch(name: str, command: Sequence[str], log: Path, variables: Mapping[str, str] | None = None) -> None:
    """Start a process that outlives this one, in cgroups of its own named after it; both its outputs go to `log`."""
    with log.open("ab") as output:
        subprocess.Popen(
            joined(name, *command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**ENVIRONMENT, **(variables or {})},
            cwd="/",
            start_new_session=True,
        )


def stop(names: Iterable[str]) -> None:
    """End all processes of the instances at once. What they hold is thrown away afterwards: no orderly shutdown."""
    pending = list(names)
    deadline = time.monotonic() + 20
    while pending := [name for name in pending if processes_of(name)]:
        if time.monotonic() > deadline:
            raise LabError(
                f"Processes of {', '.join(pending)} do not end", remedy="Look at them in their cgroup, then try again."
            )
        for name in pending:
            for pid in processes_of(name):
                _kill_member(name, pid)
        time.sleep(0.02)


def remove(name: str) -> None:
    """Remove the instance's cgroups; its processes are gone. The kernel may need a moment to notice."""
    for group in cgroups_of(name):
        for folder, _, _ in os.walk(group, topdown=False):
            _remove_one(Path(folder))


def _members(group: Path) -> Iterable[int]:
    for folder, _, _ in os.walk(group):  # a cgroup that goes away meanwhile is passed over
        try:
            yield from map(int, Path(folder, "cgroup.procs").read_text().split())
        except OSError:
            continue


def _kill_member(name: str, pid: int) -> None:
    """Kill the process if it is a member now: held by descriptor first, so that a reused id cannot be hit."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        groups = [line.split(":", 2)[2] for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines()]
        if any(f"{group}/".startswith(f"/{PREFIX}{name}/") for group in groups):
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    except (FileNotFoundError, ProcessLookupError):
        return
    finally:
        os.close(descriptor)


def _remove_one(folder: Path) -> None:
    for _ in range(200):
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(0.01)
        else:
            return
    raise LabError(f"The cgroup {folder} cannot be removed", why="something still runs in it")
