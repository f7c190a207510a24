"""Kernel modules: which are loaded, and which of the risky ones could be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Literal

from luxops.domains.hosts.facts.interface import Answer, HostFact, ParseError, Section
from luxops.domains.hosts.facts.reading import blocks, split_once
from luxops.model import FactName, FactValue, Unreadable

ModuleState = Literal["loaded", "builtin", "blocked", "blacklisted", "available", "absent"]


class Modules(FactValue):
    """Sources: /proc/modules, /sys/module, modprobe.d, the running kernel's module index. Names with underscores."""

    loaded: tuple[str, ...]
    """Sorted."""
    state: Mapping[str, ModuleState | Unreadable]
    """Each rarely needed module of a fixed list (`cramfs`, `freevxfs`, `hfs`, `hfsplus`, `jffs2`, `squashfs`, `udf`, `dccp`,
    `sctp`, `rds`, `tipc`, `usb_storage`, `firewire_core`, `thunderbolt`, `bluetooth`, `can`, `atm`, `n_hdlc`, `floppy`,
    `pcspkr`) → the worst that holds of it:

    `loaded` now; `builtin` to the kernel; `available` to be loaded by anyone who asks for it; `blacklisted` (not loaded by
    its alias, but by its name); `blocked` (an install line runs `false` or `true` instead); `absent` from the kernel's index.
    Unreadable where the running kernel's module index is not on this host and nothing blocks the module: a container.
    """
    blacklisted: tuple[str, ...]
    """Every name in a `blacklist` line, sorted."""
    blocked: tuple[str, ...]
    """Every name whose `install` line runs /bin/false or /bin/true, sorted."""
    loading_disabled: bool
    """kernel.modules_disabled: nothing can be loaded until the next boot."""


RISKY = (
    "cramfs", "freevxfs", "hfs", "hfsplus", "jffs2", "squashfs", "udf", "dccp", "sctp", "rds", "tipc", "usb_storage",
    "firewire_core", "thunderbolt", "bluetooth", "can", "atm", "n_hdlc", "floppy", "pcspkr",
)  # fmt: skip
_PATTERN = "|".join(name.replace("_", "[-_]") for name in RISKY)

_PARTS = ("loaded", "disabled", "files", "directives", "index")
STATE = Section(
    "modules.state",
    f"""\
if [ -e /proc/modules ]; then cut -d ' ' -f 1 /proc/modules || exit $?; else echo -; fi
echo '@@ loaded 0'
if [ -e /proc/sys/kernel/modules_disabled ]; then read -r v </proc/sys/kernel/modules_disabled; echo "$v"; else echo -; fi
echo '@@ disabled 0'
for f in /etc/modprobe.d/*.conf /run/modprobe.d/*.conf /usr/lib/modprobe.d/*.conf; do
  [ ! -e "$f" ] || {{ echo "$f"; set -- "$@" "$f"; }}
done
echo '@@ files 0'
[ $# = 0 ] || awk '$1 == "blacklist" || $1 == "install" {{ print FILENAME ":" $0 }}' "$@"
echo "@@ directives $?"
read -r release </proc/sys/kernel/osrelease
cd "/lib/modules/$release" 2>/dev/null && [ -r modules.dep ] && [ -r modules.builtin ] || {{ echo '@@ index 1'; exit 0; }}
grep -oE '^[^:]*/({_PATTERN})\\.ko' modules.dep | sed 's/^/dep:/'
grep -oE '/({_PATTERN})\\.ko' modules.builtin | sed 's/^/builtin:/'
echo '@@ index 0'
""",
    group="system",
)
_BLOCKS = re.compile(r"(?:/usr)?(?:/bin/)?(?:false|true)")


def parse(answer: Answer) -> Modules:
    """Raises ParseError for a module or directive that is not written as one."""
    part = blocks(answer.text(STATE.name), _PARTS)
    if part["directives"].status != 0:
        raise ParseError("modprobe.d could not be read")
    supported = part["loaded"].lines != ("-",)
    loaded = {_module(line) for line in part["loaded"].lines if supported}
    blacklisted, blocked = _directives(part["files"].lines, part["directives"].lines)
    index = _index(part["index"].lines) if part["index"].status == 0 else None
    state = {name: _state(name, loaded, blacklisted, blocked, index) for name in RISKY}
    if part["disabled"].lines not in {("0",), ("1",), ("-",)}:
        raise ParseError("kernel.modules_disabled is neither 0 nor 1")
    return Modules(
        loaded=tuple(sorted(loaded)), state=state, blacklisted=tuple(sorted(blacklisted)), blocked=tuple(sorted(blocked)),
        loading_disabled=part["disabled"].lines == ("1",) or not supported,
    )  # fmt: skip


def _module(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise ParseError(f"not a module: {name[:40]!r}")
    return name.replace("-", "_")


def _directives(files: Iterable[str], lines: Iterable[str]) -> tuple[set[str], set[str]]:
    """Names blacklisted and names blocked. Of files of one name the first folder's counts, as modprobe.d(5) says."""
    counts: dict[str, str] = {}
    for path in files:
        counts.setdefault(PurePosixPath(path).name, path)
    blacklisted, blocked = set(), set()
    for line in lines:
        path, directive = split_once(line, ":", "modprobe.d")
        words = directive.split()
        if len(words) < 2:  # noqa: PLR2004 - a directive and its module
            raise ParseError(f"not a directive of modprobe.d: {line[:80]!r}")
        if counts.get(PurePosixPath(path).name) != path:
            continue
        if words[0] == "blacklist":
            blacklisted.add(_module(words[1]))
        elif len(words) > 2 and _BLOCKS.fullmatch(words[2]):  # noqa: PLR2004 - and its command
            blocked.add(words[1].replace("-", "_"))
    return blacklisted, blocked


def _index(lines: Iterable[str]) -> Mapping[str, str]:
    found = {}
    for line in lines:
        kind, path = split_once(line, ":", "the module index")
        found[PurePosixPath(path).stem.replace("-", "_")] = kind
    return found


def _state(
    name: str, loaded: set[str], blacklisted: set[str], blocked: set[str], index: Mapping[str, str] | None
) -> ModuleState | Unreadable:
    if name in loaded:
        return "loaded"
    if index is not None and index.get(name) == "builtin":
        return "builtin"
    if name in blocked:
        return "blocked"
    if index is None:
        return Unreadable(reason="the running kernel's module index is not on this host")
    if name not in index:
        return "absent"
    return "blacklisted" if name in blacklisted else "available"


FACT = HostFact(FactName("modules"), (STATE,), parse)
