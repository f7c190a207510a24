"""Updates that the host's package lists know and that are not installed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from luxops.domains.hosts.facts.interface import Answer, CannotAnswer, HostFact, ParseError, Section
from luxops.domains.hosts.facts.reading import blocks
from luxops.model import FactName, FactValue, Failure, FailureReason, Unreadable


class Update(FactValue):
    installed: str
    """Version now."""
    candidate: str
    """Version that would be installed."""
    security: bool
    """The candidate comes from a security archive."""


class Updates(FactValue):
    """Source: apt's own lists as the host last fetched them; nothing is fetched.

    Old lists know no new updates: see `lists_age_days` before a verdict.
    """

    pending: Mapping[str, Update]
    """Package → update."""
    security: tuple[str, ...]
    """Names of those from a security archive, sorted."""
    lists: int
    """Package lists that the host has. 0: apt was never updated, and `pending` would say nothing: then the fact fails."""
    lists_age_days: int
    """Whole days since the newest of the lists was published, or the host's last fetch that succeeded where it notes one."""
    security_source: bool
    """Whether any list is of a security archive."""
    automatic: Mapping[str, str] | Unreadable
    """apt's periodic settings: `APT::Periodic::Unattended-Upgrade`, `APT::Periodic::Update-Package-Lists` → value."""


_PARTS = ("policy", "lists", "automatic")
STATE = Section(
    "updates.state",
    r"""
command -v apt-cache >/dev/null || exit 127
[ "$(id -u)" != 0 ] || set -- setpriv --reuid=65534 --regid=65534 --clear-groups
"$@" apt-cache policy $(dpkg-query -W -f='${db:Status-Abbrev}\t${binary:Package}\n' | awk '$1 ~ /^.i$/ { print $2 }') | awk '
  /^[^ ]/ { name = $1; sub(/:$/, "", name); seen++; next }
  $1 == "Installed:" { installed = $2; next }
  $1 == "Candidate:" { candidate = $2; next }
  /^ (\*\*\*|   ) [^ ]/ { version = $1 == "***" ? $2 : $1; next }
  /^        / && installed != candidate && installed != "(none)" && candidate != "(none)" && version == candidate {
    print name, installed, candidate, $2, $3 }
  END { print "seen", seen + 0 }'
echo '@@ policy 0'
set --
for f in /var/lib/apt/lists/*_Packages* /var/lib/apt/lists/*Release /var/lib/apt/periodic/*-stamp; do
  [ ! -e "$f" ] || { set -- "$@" "$f"; found=1; }
done
[ -z "$found" ] || stat -c '%Y %n' "$@" 2>/dev/null
echo '@@ lists 0'
sed -n 's|^[[:space:]]*\(APT::Periodic::[A-Za-z-]*\)[[:space:]]*"\([^"]*\)".*|\1 \2|p' /etc/apt/apt.conf.d/* 2>/dev/null
echo "@@ automatic $?"
""",
    group="local",
)
"""`apt-cache policy` takes apt's pins into account and needs no lock. It reads apt's binary cache where that is current; where
it is not, it builds one in memory, which costs up to a second. It is not run as root, so that it writes none."""

_UPDATE = re.compile(r"([a-z0-9][a-z0-9+.:-]*) (\S+) (\S+) (\S+) (\S*)")
_SEEN = re.compile(r"seen (\d+)")
_LIST = re.compile(r"(\d+) (/var/lib/apt/(?:lists|periodic)/(\S+))")


def parse(answer: Answer) -> Updates:
    """Raises ParseError for a line that is no update; the fact fails where the host has no package lists to compare with."""
    part = blocks(answer.text(STATE.name), _PARTS)
    pending = _pending(part["policy"].lines)
    lists, newest, security = _lists(part["lists"].lines)
    if lists == 0:
        detail = "the host has no package lists: apt-get update was never run"
        raise CannotAnswer(Failure(reason=FailureReason.UNSUPPORTED, detail=detail))
    return Updates(
        pending=pending, security=tuple(sorted(name for name, update in pending.items() if update.security)), lists=lists,
        lists_age_days=_days(newest, answer.taken_at), security_source=security,
        automatic=_automatic(part["automatic"].lines) if part["automatic"].status == 0
        else Unreadable(reason="apt.conf.d could not be read"),
    )  # fmt: skip


def _pending(lines: tuple[str, ...]) -> dict[str, Update]:
    if not lines or not (seen := _SEEN.fullmatch(lines[-1])) or seen[1] == "0":
        raise ParseError("apt-cache looked at no package")
    pending: dict[str, Update] = {}
    for line in lines[:-1]:
        if not (match := _UPDATE.fullmatch(line)):
            raise ParseError(f"not an update: {line[:80]!r}")
        name, installed, candidate, source, suite = match.groups()
        security = "security" in source or "-security" in suite or (name in pending and pending[name].security)
        pending[name] = Update(installed=installed, candidate=candidate, security=security)
    return pending


def _lists(lines: Iterable[str]) -> tuple[int, int, bool]:
    """Number of package lists, newest time in seconds since 1970, whether one is of a security archive."""
    count, newest, security = 0, 0, False
    for line in lines:
        if not (match := _LIST.fullmatch(line)):
            raise ParseError(f"not a package list: {line[:80]!r}")
        newest = max(newest, int(match[1]))
        if "_Packages" in match[3] or match[3].endswith("Packages"):
            count += 1
            security = security or "security" in match[3]
    return count, newest, security


def _days(seconds: int, now: datetime) -> int:
    return max(0, int(now.timestamp() - seconds) // 86400)


def _automatic(lines: Iterable[str]) -> dict[str, str]:
    settings = {}
    for line in lines:
        name, _, value = line.partition(" ")
        if not name.startswith("APT::Periodic::"):
            raise ParseError(f"not a setting of apt: {line[:80]!r}")
        settings[name] = value
    return settings


FACT = HostFact(FactName("updates"), (STATE,), parse)
