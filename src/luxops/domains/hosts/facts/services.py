"""Units of systemd: what runs, what starts at boot, what failed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from luxops.domains.hosts.facts.interface import Answer, HostFact, ParseError, Section
from luxops.domains.hosts.facts.reading import blocks
from luxops.model import FactName, FactValue


class Unit(FactValue):
    active: str
    """`active`, `inactive`, `failed`, `activating`, …"""
    sub: str
    """`running`, `dead`, `exited`, `waiting`, `listening`, …"""
    enabled: str
    """`enabled`, `disabled`, `static`, `masked`, `alias`, `indirect`, `generated`, …; empty where no unit file exists."""


class Services(FactValue):
    """Source: systemctl list-units and list-unit-files, for services, sockets and timers.

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


_PARTS = ("units", "unit_files", "default")
UNITS = Section(
    "services.units",
    """\
systemctl list-units --all --full --plain --no-legend --no-pager --type=service,socket,timer || exit $?
echo '@@ units 0'
systemctl list-unit-files --full --plain --no-legend --no-pager --type=service,socket,timer || exit $?
echo '@@ unit_files 0'
readlink -f /etc/systemd/system/default.target || readlink -f /usr/lib/systemd/system/default.target
echo "@@ default $?"
""",
)
"""Other facts read from it whether their daemon runs."""

_UNIT = re.compile(r"(?:\S )?\s*(\S+\.(?:service|socket|timer))\s+(\S+)\s+(\S+)\s+(\S+)(?:\s.*)?")
_FILE = re.compile(r"(\S+\.(?:service|socket|timer))\s+(\S+)(?:\s.*)?")
_PASSING = re.compile(r"(user@|user-runtime-dir@|run-|ssh@|sshd@|session-)")


@lru_cache(maxsize=8)
def units(text: str) -> Mapping[str, Unit]:
    """Name → unit, from what `UNITS` printed. Raises ParseError for a line that is no unit, and where there is none at all."""
    part = blocks(text, _PARTS)
    enabled: dict[str, str] = {}
    for line in part["unit_files"].lines:
        if not (match := _FILE.fullmatch(line)):
            raise ParseError(f"not a unit file: {line[:80]!r}")
        enabled[match[1]] = match[2]
    found = {name: Unit(active="inactive", sub="dead", enabled=state) for name, state in enabled.items() if "@." not in name}
    loaded = 0
    for line in part["units"].lines:
        if not (match := _UNIT.fullmatch(line)):
            raise ParseError(f"not a unit: {line[:80]!r}")
        name, load, active, sub = match.groups()
        if load != "not-found" and not _PASSING.match(name):
            loaded += 1
            template = re.sub(r"@[^.]*", "@", name)
            found[name] = Unit(active=active, sub=sub, enabled=enabled.get(name) or enabled.get(template, ""))
    if not loaded or not enabled:
        raise ParseError("systemd shows no unit at all")
    return found


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
