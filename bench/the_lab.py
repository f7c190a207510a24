"""The running lab, for benchmarks: brought up where it is not, refused where a fault is in it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from luxops.errors import LuxopsError
from luxops.federation import Federation
from luxops.lab import cgroups, faults, instance
from luxops.lab.lab import Lab
from luxops.lab.running import MANAGEMENT, active
from luxops.lab.state import locked
from luxops.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
INSIDE = ("ip", "netns", "exec", MANAGEMENT)
"""Before a command that is to reach the lab's hosts."""


class RunningLab(NamedTuple):
    lab: Lab
    settings: Settings
    federation: Federation


@contextmanager
def running_lab() -> Iterator[RunningLab]:
    """Bring the lab up if need be, and let nothing change it meanwhile: other `luxops lab` commands wait.

    Raises LuxopsError where a break is in: what it slows down or cuts off is no figure.
    """
    own = Settings(inventory=ROOT / "inventory", policies=ROOT / "policies")
    lab = Lab(own.lab.state, lambda line: print(line, file=sys.stderr))
    if active(own) is None or any(status.state == "down" for status in lab.status()):
        subprocess.run([Path(sys.executable).with_name("luxops"), "lab", "up"], cwd=ROOT, stdout=sys.stderr, check=True)  # noqa: S603 - our own program
    with locked("Another luxops lab command is at work; the benchmark waits for it."):
        settings = active(own)
        if settings is None:
            raise LuxopsError("The lab was taken down meanwhile", remedy="Start it, and measure again: luxops lab up")
        if broken := faults.active(lab):
            raise LuxopsError(
                f"The lab has faults in it: {', '.join(broken)}", remedy="Take them back first: luxops lab heal --all"
            )
        for member in lab.members():
            if member.kind == "host":
                index_packages(member.name)
        yield RunningLab(lab, settings, lab.federation())


def index_packages(host: str) -> None:
    """Bring apt's index up to date, as `apt-get update` leaves it. Without it, all that asks apt builds one in memory."""
    instance.inside(host, "apt-cache", "gencaches")


def drop_index(host: str) -> None:
    """Take apt's index away, as `apt-get clean` does."""
    instance.inside(host, "rm", "-f", "/var/cache/apt/pkgcache.bin", "/var/cache/apt/srcpkgcache.bin")


def processor_seconds(host: str) -> float:
    """What everything in the host has used since it booted, daemons included: its cgroup's account in the unified hierarchy."""
    for group in cgroups.cgroups_of(host):
        account = group / "cpu.stat"
        if account.exists():
            words = dict(line.split() for line in account.read_text().splitlines())
            return int(words["usage_usec"]) / 1e6
    raise LuxopsError(f"No account of the processor time of {host}", why="the unified cgroup hierarchy is not mounted")


@contextmanager
def ssh_config(lab: RunningLab, folder: Path) -> Iterator[Path]:
    """An OpenSSH configuration that reaches the lab's hosts; the sessions kept open by it are closed in the end."""
    state, members = lab.lab.state, lab.lab.members()
    config = folder / "ssh_config"
    config.write_text(
        "Host *\n"
        f"  User {lab.federation.file.management.user}\n  IdentityFile {state.client_key}\n  IdentitiesOnly yes\n"
        f"  UserKnownHostsFile {state.known_hosts}\n  StrictHostKeyChecking yes\n  BatchMode yes\n"
        f"  ControlMaster auto\n  ControlPersist 60\n  ControlPath {folder}/%C\n"
        + "".join(f"Host {member.name}\n  HostName {member.address}\n" for member in members)
    )
    # OpenSSH takes the first value it finds: hosts' own blocks only add what the common one does not say.
    try:
        yield config
    finally:
        for member in members:
            subprocess.run(  # noqa: S603 - a system program
                ["ssh", "-F", str(config), "-O", "exit", member.name],  # noqa: S607 - found on root's PATH
                capture_output=True,
                check=False,
            )
