"""What this machine must be and have before it can carry the lab."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Mapping
from pathlib import Path

from luxops.lab.shell import LabError

PROGRAMS: Mapping[str, str] = {
    "debootstrap": "debootstrap",
    "systemd-nspawn": "systemd-container",
    "nft": "nftables",
    "ip": "iproute2",
    "ssh-keygen": "openssh-client",
    "nsenter": "util-linux",
    "mount": "mount",
    "chroot": "coreutils",
}
"""Program → the Debian package that has it."""


def lacking() -> list[str]:
    """What is missing here for a lab, each as a sentence a user can act on; empty where a lab can run."""
    sentences = []
    if os.geteuid() != 0:
        sentences.append("the lab builds network namespaces and boots systems: run it as root")
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {}
    if release.get("ID") != "debian" or release.get("VERSION_ID") != "12":
        found = release.get("PRETTY_NAME", "no /etc/os-release")
        sentences.append(f"the lab needs Debian 12, this machine has {found}")
    missing = sorted({package for program, package in PROGRAMS.items() if shutil.which(program) is None})
    if missing:
        sentences.append(f"packages are missing: apt-get install --no-install-recommends {' '.join(missing)}")
    if not Path("/proc/sys/net/ipv4/ip_forward").exists():
        sentences.append("/proc/sys is not mounted here")
    return sentences


def require() -> None:
    """Raises LabError that names everything this machine lacks."""
    if sentences := lacking():
        raise LabError(
            "The lab cannot run here",
            why="\n".join(sentences),
            remedy="All else works without it: luxops replays recorded answers of the lab in the demo.",
        )


def cgroup_roots() -> tuple[Path, ...]:
    """Mount points of the hierarchies that systemd names its units in: systemd's own (cgroup v1) and the unified one (v2)."""
    found = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        fields, _, rest = line.partition(" - ")
        kind, _, options = rest.split(" ", 2)
        if kind == "cgroup2" or (kind == "cgroup" and "name=systemd" in options.split(",")):
            found.append(Path(fields.split(" ")[4]))
    if not found:
        raise LabError("No cgroup hierarchy is mounted", why="each instance needs a cgroup of its own")
    return tuple(found)
