"""Which program keeps the clock, from where, and whether it succeeds."""

from __future__ import annotations

import re

from luxops.domains.hosts.facts.interface import Answer, HostFact, ParseError, Section
from luxops.domains.hosts.facts.reading import blocks, split_once
from luxops.domains.hosts.facts.services import UNITS, Unit, units
from luxops.model import FactName, FactValue, Unreadable


class Timesync(FactValue):
    """Sources: systemd's units, timesyncd.conf, chrony.conf, ntp.conf with their drop-ins."""

    active: tuple[str, ...]
    """Time services that run: `systemd-timesyncd`, `chrony`, `ntpsec`, `ntp`, `openntpd`; sorted."""
    enabled: tuple[str, ...]
    """Those of them that start at boot; sorted."""
    servers: tuple[str, ...]
    """Servers and pools configured for the ones that run or start, sorted; fallback servers are not among them."""
    fallback_servers: tuple[str, ...]
    """timesyncd's FallbackNTP, where set."""
    synchronised: bool | Unreadable
    """Whether the running service says that the clock follows a server; Unreadable where there is no cheap way to ask."""
    timezone: str
    """`Etc/UTC`, `Europe/Luxembourg`; empty where /etc/localtime names none."""


_PARTS = ("settings", "timesyncd", "chrony", "zone")
STATE = Section(
    "timesync.state",
    r"""
for f in /etc/systemd/timesyncd.conf /usr/lib/systemd/timesyncd.conf.d/*.conf /run/systemd/timesyncd.conf.d/*.conf \
  /etc/systemd/timesyncd.conf.d/*.conf /etc/chrony/chrony.conf /etc/chrony/conf.d/*.conf /etc/chrony/sources.d/*.sources \
  /etc/ntpsec/ntp.conf /etc/ntp.conf /etc/openntpd/ntpd.conf; do
  [ ! -e "$f" ] || set -- "$@" "$f"
done
[ $# = 0 ] || awk '/^[ \t]*(NTP|FallbackNTP)=/ || /^[ \t]*(servers?|pool|peer)[ \t]/ { print FILENAME ":" $0 }' "$@" || exit $?
echo '@@ settings 0'
[ ! -e /run/systemd/timesync/synchronized ] || echo yes
echo '@@ timesyncd 0'
if [ -e /run/chrony/chronyd.pid ]; then chronyc -n -c tracking; else false; fi
echo "@@ chrony $?"
readlink /etc/localtime
echo "@@ zone $?"
""",
    group="daemons",
)
_SERVICES = {
    "systemd-timesyncd": "/timesyncd.conf", "chrony": "/etc/chrony/", "ntpsec": "/etc/ntpsec/", "ntp": "/etc/ntp.conf",
    "openntpd": "/etc/openntpd/",
}  # fmt: skip
"""Unit, without `.service` → what the paths of its configuration have in them."""
_NOT_SYNCHRONISED = "Not synchronised"


def parse(answer: Answer) -> Timesync:
    """Raises ParseError for a line that names no server."""
    known = units(answer.text(UNITS.name))
    part = blocks(answer.text(STATE.name), _PARTS)
    found = {name: unit for name in _SERVICES if (unit := known.get(f"{name}.service")) is not None}
    active = tuple(sorted(name for name, unit in found.items() if unit.active == "active"))
    enabled = tuple(sorted(name for name, unit in found.items() if unit.enabled == "enabled"))
    servers, fallback = _servers(part["settings"].lines, {*active, *enabled})
    chrony = part["chrony"]
    return Timesync(
        active=active, enabled=enabled, servers=servers, fallback_servers=fallback,
        synchronised=_synchronised(found, active, timesyncd=part["timesyncd"].lines == ("yes",),
                                   chrony=chrony.lines[0] if chrony.status == 0 and chrony.lines else None),
        timezone=_zone(part["zone"].lines),
    )  # fmt: skip


def _servers(lines: tuple[str, ...], wanted: set[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Servers and fallback servers of the services wanted. An empty `NTP=` takes back those before it."""
    servers: dict[str, list[str]] = {name: [] for name in _SERVICES}
    fallback: list[str] = []
    for line in lines:
        path, setting = split_once(line, ":", "a time service's configuration")
        service = next((name for name, place in _SERVICES.items() if place in path), None)
        if service is None or not (
            match := re.fullmatch(r"\s*(NTP|FallbackNTP|servers?|pool|peer)\s*[=\s]\s*(.*?)\s*", setting)
        ):
            raise ParseError(f"names no server: {line[:80]!r}")
        keyword, names = match[1], match[2].split()
        if keyword not in {"NTP", "FallbackNTP"}:
            servers[service] += names[:1]
            continue
        into = servers[service] if keyword == "NTP" else fallback
        if not names:
            into.clear()
        into += names
    return tuple(sorted({s for name in wanted for s in servers[name]})), tuple(sorted(set(fallback)))


def _synchronised(found: dict[str, Unit], active: tuple[str, ...], *, timesyncd: bool, chrony: str | None) -> bool | Unreadable:
    if not active:
        return False
    if "chrony" in active and chrony is not None:
        return chrony.rpartition(",")[2] != _NOT_SYNCHRONISED
    if "systemd-timesyncd" in active and found["systemd-timesyncd"].sub == "running":
        return timesyncd
    return Unreadable(reason=f"{active[0]} gives no cheap answer to whether it is synchronised")


def _zone(lines: tuple[str, ...]) -> str:
    return lines[0].partition("zoneinfo/")[2] if lines else ""


FACT = HostFact(FactName("timesync"), (UNITS, STATE), parse)
