"""What is mounted where, and with which options."""

from __future__ import annotations

import re
from collections.abc import Mapping

from luxops.domains.hosts.facts.interface import Answer, HostFact, ParseError, Section
from luxops.domains.hosts.facts.reading import blocks
from luxops.model import FactName, FactValue


class Mount(FactValue):
    source: str
    """Device or file system name, as the kernel has it."""
    fstype: str
    options: tuple[str, ...]
    """Options of the mount and of its file system together, each once, sorted: `nodev`, `nosuid`, `noexec`, `ro`, `rw`, …"""


class Mounts(FactValue):
    """Source: /proc/self/mountinfo.

    Mounts below /proc, /sys, /dev, /run/user and /run/credentials are left out, except /dev/shm, /dev/pts, /dev/mqueue and
    /dev/hugepages.
    """

    mounts: Mapping[str, Mount]
    """Mount point → the uppermost mount there. `"/tmp" in mounts.mounts` tells whether /tmp is a file system of its own."""


_HIDDEN = ("/proc/", "/sys/", "/dev/", "/run/user/", "/run/credentials/")
_SHOWN = frozenset({"/dev/shm", "/dev/pts", "/dev/mqueue", "/dev/hugepages"})  # noqa: S108 - names to compare, nothing is written there
_LINE = re.compile(r"\d+ \d+ \d+:\d+ \S+ (\S+) (\S+)(?: \S+)* - (\S+) (\S*) (\S+)")

STATE = Section("mounts.state", "cat /proc/self/mountinfo || exit $?\necho '@@ mountinfo 0'\n", group="system")


def parse(answer: Answer) -> Mounts:
    """Raises ParseError for a line that is none of mountinfo, and where no root file system is mounted."""
    mounts: dict[str, Mount] = {}
    for line in blocks(answer.text(STATE.name), ("mountinfo",))["mountinfo"].lines:
        if not (match := _LINE.fullmatch(line)):
            raise ParseError(f"not a line of mountinfo: {line[:80]!r}")
        point, own, fstype, source, of_filesystem = match.groups()
        target = _plain(point)
        if target.startswith(_HIDDEN) and target not in _SHOWN:
            continue
        mounts[target] = Mount(source=_plain(source), fstype=fstype, options=_options(own, of_filesystem))
    if "/" not in mounts:
        raise ParseError("nothing is mounted at /")
    return Mounts(mounts=mounts)


def _options(of_mount: str, of_filesystem: str) -> tuple[str, ...]:
    """Both together; `ro` on either side makes it read-only, whatever the other says."""
    options = {*of_mount.split(","), *of_filesystem.split(",")}
    return tuple(sorted(options - {"rw"} if "ro" in options else options))


def _plain(text: str) -> str:
    """The kernel writes space, tab, newline and backslash as three octal digits."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)


FACT = HostFact(FactName("mounts"), (STATE,), parse)
