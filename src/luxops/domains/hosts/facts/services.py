"""Units of systemd: what runs, what starts at boot, what failed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from luxops.domains.hosts.facts.interface import Answer, HostFact, ParseError, Section
from luxops.domains.hosts.facts.reading import Block, blocks
from luxops.model import FactName, FactValue, Unreadable


class Unit(FactValue):
    active: str
    """`active`, `inactive`, `failed`, `activating`, …"""
    sub: str
    """`running`, `dead`, `exited`, `waiting`, `listening`, …"""
    enabled: str | Unreadable
    """`enabled`, `disabled`, `static`, `masked`, `alias`, `indirect`, `generated`, …, as `systemctl is-enabled` says;
    empty where no unit file exists; Unreadable where no link starts it at boot and its [Install] could not be read."""


class Services(FactValue):
    """Source: systemctl list-units; unit files and the links between them, for services, sockets and timers.

    systemd itself is not asked for the states of unit files: it works each out anew, which costs its process half a second.
    Units that come and go with sessions (`user@…`, `ssh@…`, `run-…`) are left out.
    """

    units: Mapping[str, Unit]
    """Full name (`ssh.service`, `apt-daily.timer`) → state. A name that is not in it is not installed."""
    failed: tuple[str, ...]
    """Names of failed units, sorted."""
    running: tuple[str, ...]
    """Names of services that run now, sorted."""
    default_target: str
    """`multi-user.target`, `graphical.target`, …"""


_CONFIGURED = "/etc/systemd/system"
_VENDOR = "/usr/lib/systemd/system"
_SEARCHED = (
    "/etc/systemd/system.control", "/run/systemd/system.control", "/run/systemd/transient", "/run/systemd/generator.early",
    _CONFIGURED, "/etc/systemd/system.attached", "/run/systemd/system", "/run/systemd/system.attached",
    "/run/systemd/generator", "/usr/local/lib/systemd/system", _VENDOR, "/lib/systemd/system", "/run/systemd/generator.late",
)  # fmt: skip
"""Where systemd looks for unit files, the first one found counts: systemd.unit(5). /lib only where it is not /usr/lib."""
_PARTS = ("units", "files", "install", "default")
UNITS = Section(
    "services.units",
    rf"""
systemctl list-units --all --full --plain --no-legend --no-pager --type=service,socket,timer || exit $?
echo '@@ units 0'
for d in {" ".join(_SEARCHED)}; do
  [ ! -d "$d" ] || [ "$d" -ef {_VENDOR} -a "$d" != {_VENDOR} ] || set -- "$@" "$d"
done
find "$@" -maxdepth 2 \( -name '*.service' -o -name '*.socket' -o -name '*.timer' \) -printf '%y\t%s\t%p\t%l\n' || exit $?
echo '@@ files 0'
grep -rsE --include='*.service' --include='*.socket' --include='*.timer' \
  '^(WantedBy|RequiredBy|UpheldBy|Alias|Also|DefaultInstance)[[:space:]]*=[[:space:]]*[^[:space:]]' "$@"
echo "@@ install $?"
readlink -f /etc/systemd/system/default.target || readlink -f /usr/lib/systemd/system/default.target
echo "@@ default $?"
""",
    group="daemons",
)
"""Other facts read from it whether their daemon runs."""

_UNIT = re.compile(r"(?:\S )?\s*(\S+\.(?:service|socket|timer))\s+(\S+)\s+(\S+)\s+(\S+)(?:\s.*)?")
_FILE = re.compile(r"([a-zA-Z?])\t(\d+)\t(/[^\t]*)/([^/\t]+\.(?:service|socket|timer))\t([^\t]*)")
_INSTALL = re.compile(r"/.*/([^/]+\.(?:service|socket|timer)):([A-Za-z]+)\s*=(.*)")
_PASSING = re.compile(r"(user@|user-runtime-dir@|run-|ssh@|sshd@|session-)")
_GREP_SAW_ALL = 0
_GREP_MISSED_SOME = 2

_Rules = Mapping[str, Mapping[str, frozenset[str]]]
"""Name of a unit file → setting of its [Install] → words. Files of the same name are taken together."""


class _File(NamedTuple):
    """A unit file, or a link in its place."""

    place: str
    kind: str
    size: int
    link: str


class _Files(NamedTuple):
    """What lies in the directories searched."""

    units: Mapping[str, _File]
    """Name → the file that counts."""
    started: Mapping[str, frozenset[str]]
    """Name → directories in which a link makes something start it, or gives it another name."""


@lru_cache(maxsize=8)
def units(text: str) -> Mapping[str, Unit]:
    """Name → unit, from what `UNITS` printed. Raises ParseError for a line that is no unit, and where there is none at all."""
    part = blocks(text, _PARTS)
    rules = _rules(part["install"])
    files = _files(part["files"].lines, rules)
    missed = part["install"].status == _GREP_MISSED_SOME
    enabled = {name: _state(name, files, rules, missed=missed) for name in files.units}
    found = {name: Unit(active="inactive", sub="dead", enabled=state) for name, state in enabled.items() if "@." not in name}
    loaded = 0
    for line in part["units"].lines:
        if not (match := _UNIT.fullmatch(line)):
            raise ParseError(f"not a unit: {line[:80]!r}")
        name, load, active, sub = match.groups()
        if load != "not-found" and not _PASSING.match(name):
            loaded += 1
            found[name] = Unit(active=active, sub=sub, enabled=enabled.get(name) or enabled.get(_template(name), ""))
    if not loaded or not enabled:
        raise ParseError("systemd shows no unit at all")
    return found


def _files(lines: Iterable[str], rules: _Rules) -> _Files:
    order = {place: rank for rank, place in enumerate(_SEARCHED)}
    found: dict[str, _File] = {}
    started: dict[str, set[str]] = {}
    for line in lines:
        if not (match := _FILE.fullmatch(line)):
            raise ParseError(f"not a unit file: {line[:80]!r}")
        kind, size, place, name, link = match.groups()
        target = link.rpartition("/")[2]
        parent, _, folder = place.rpartition("/")
        if place in order:
            if name not in found or order[place] < order[found[name].place]:
                found[name] = _File(place, kind, int(size), link)
            if kind == "l" and name in rules.get(target, {}).get("Alias", frozenset()):
                started.setdefault(target, set()).add(place)
        elif parent not in order:
            raise ParseError(f"not where unit files lie: {line[:80]!r}")
        elif kind == "l" and folder.endswith((".wants", ".requires", ".upholds")):
            for unit in {name, _template(name)}:
                started.setdefault(unit, set()).add(parent)
    return _Files(found, {name: frozenset(places) for name, places in started.items()})


def _template(name: str) -> str:
    return re.sub(r"@[^.]*", "@", name)


def _rules(part: Block) -> _Rules:
    if part.status not in {_GREP_SAW_ALL, _GREP_MISSED_SOME}:
        raise ParseError(f"reading unit files ended with status {part.status}")
    found: dict[str, dict[str, frozenset[str]]] = {}
    for line in part.lines:
        if not (match := _INSTALL.fullmatch(line)):
            raise ParseError(f"not a setting of [Install]: {line[:80]!r}")
        settings = found.setdefault(match[1], {})
        settings[match[2]] = settings.get(match[2], frozenset()) | frozenset(match[3].split())
    return found


def _state(name: str, files: _Files, rules: _Rules, *, missed: bool) -> str | Unreadable:  # noqa: PLR0911 - one return for each state
    """The state of one unit file, by the rules of `systemctl is-enabled`."""
    file = files.units[name]
    runtime = "-runtime" if file.place.startswith("/run/") else ""
    if file.link == "/dev/null" or (file.kind == "f" and file.size == 0):
        return f"masked{runtime}"
    target = file.link.rpartition("/")[2]
    if file.kind == "l" and target != name:
        other = files.units.get(target)
        return "masked" if other is not None and other.link == "/dev/null" else "alias"
    if file.place.startswith("/run/systemd/generator"):
        return "generated"
    if file.place == "/run/systemd/transient":
        return "transient"
    started = files.started.get(name, frozenset())
    if _CONFIGURED in started:
        return "enabled"
    if any(place.startswith("/run/") for place in started):
        return "enabled-runtime"
    if file.kind == "l":
        return f"linked{runtime}"
    return _never_started(rules.get(name, {}), missed=missed)


def _never_started(settings: Mapping[str, frozenset[str]], *, missed: bool) -> str | Unreadable:
    if settings.keys() - {"Also", "DefaultInstance"}:
        return "disabled"
    if missed:
        return Unreadable(reason="unit files could not all be read")
    return "indirect" if "Also" in settings else "static"


def parse(answer: Answer) -> Services:
    """Raises ParseError where a line is no unit or the default target is not said."""
    text = answer.text(UNITS.name)
    found = units(text)
    default = blocks(text, _PARTS)["default"]
    if default.status != 0 or len(default.lines) != 1:
        raise ParseError("the default target is not said")
    return Services(
        units=found,
        failed=tuple(sorted(name for name, unit in found.items() if unit.active == "failed")),
        running=tuple(sorted(name for name, unit in found.items() if unit.sub == "running" and name.endswith(".service"))),
        default_target=default.lines[0].rpartition("/")[2],
    )


FACT = HostFact(FactName("services"), (UNITS,), parse)
