"""What sshd would do, asked from sshd itself, so that drop-ins, includes and defaults count."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from luxops.domains.hosts.facts.interface import Answer, FileMode, HostFact, ParseError, Section
from luxops.domains.hosts.facts.reading import STAT, Block, blocks, file_modes, split_once
from luxops.model import FactName, FactValue, Unreadable


class MatchBlock(FactValue):
    """Settings that hold only for some connections, which `effective` does not show."""

    criteria: str
    """As written after `Match`: `User backup`, `Address 10.0.0.0/8`."""
    settings: tuple[str, ...]
    """`keyword value`, keyword in lower case, as written."""


class Sshd(FactValue):
    """Source: `sshd -T` (OpenSSH)."""

    effective: Mapping[str, int | str | tuple[int, ...] | tuple[str, ...]]
    """Keyword in lower case → value, for a connection that no Match block covers.

    Numbers for keywords that count (`maxauthtries`, `clientaliveinterval`, `logingracetime`, …); lists for keywords that
    may be given several times (`port`: numbers; `listenaddress`, `hostkey`, `acceptenv`, `allowusers`, `allowgroups`,
    `denyusers`, `denygroups`, `subsystem`, `setenv`) and for algorithm lists (`ciphers`, `macs`, `kexalgorithms`,
    `hostkeyalgorithms`, `pubkeyacceptedalgorithms`, `casignaturealgorithms`, `hostbasedacceptedalgorithms`); otherwise text.
    A list keyword that sshd does not print (`allowusers`, …) is an empty list.
    """
    matches: tuple[MatchBlock, ...] | Unreadable
    """Match blocks of sshd_config and its drop-ins, in order; empty where there are none."""
    files: Mapping[str, FileMode] | Unreadable
    """Path → mode: sshd_config, its drop-ins, private and public host keys."""


_PARTS = ("effective", "files", "matches")
_SCRIPT = f"""\
sshd -T || exit $?
echo '@@ effective 0'
{STAT} /etc/ssh/sshd_config /etc/ssh/sshd_config.d/*.conf /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub 2>/dev/null
echo '@@ files 0'
for f in /etc/ssh/sshd_config /etc/ssh/sshd_config.d/*.conf; do [ ! -r "$f" ] || set -- "$@" "$f"; done
awk 'FNR == 1 {{ inside = 0 }}
  /^[ \\t]*(#|$)/ {{ next }}
  $1 ~ /^[A-Za-z]+=/ {{ sub(/=/, " ") }}
  {{ keyword = tolower($1); sub(/^[ \\t]*[A-Za-z]+[ \\t]*=?[ \\t]*/, "") }}
  keyword == "match" {{ inside = 1; print "match " $0; next }}
  keyword == "include" {{ print "include " $0; next }}
  inside {{ print "set " keyword " " $0 }}' "$@"
echo "@@ matches $?"
"""

_NUMBERS = frozenset({
    "clientalivecountmax", "clientaliveinterval", "logingracetime", "maxauthtries", "maxsessions", "port", "requiredrsasize",
    "x11displayoffset",
})  # fmt: skip
_REPEATED = frozenset({
    "acceptenv", "allowgroups", "allowusers", "denygroups", "denyusers", "hostkey", "listenaddress", "port", "setenv",
    "subsystem",
})  # fmt: skip
_ALGORITHMS = frozenset({
    "casignaturealgorithms", "ciphers", "hostbasedacceptedalgorithms", "hostkeyalgorithms", "kexalgorithms", "macs",
    "pubkeyacceptedalgorithms",
})  # fmt: skip
_SETTING = re.compile(r"([a-z0-9]+)(?: (.*))?")
_COUNT = re.compile(r"\d{1,9}")
_ALWAYS = frozenset({"port", "permitrootlogin", "passwordauthentication", "ciphers", "macs", "kexalgorithms"})
_KNOWN_INCLUDE = "/etc/ssh/sshd_config.d/*.conf"

_Value = int | str | tuple[int, ...] | tuple[str, ...]


def parse(answer: Answer) -> Sshd:
    """Raises ParseError where a line is not `keyword value`, or where settings are missing that sshd always prints."""
    part = blocks(answer.text(ROOT.name), _PARTS)
    files = file_modes(part["files"].lines)
    if not files:
        raise ParseError("no file of sshd has a mode")
    return Sshd(effective=_effective(part["effective"].lines), matches=_matches(part["matches"]), files=files)


def _effective(lines: Iterable[str]) -> dict[str, _Value]:
    given: dict[str, list[str]] = {keyword: [] for keyword in sorted(_REPEATED)}
    for line in lines:
        if not (match := _SETTING.fullmatch(line)):
            raise ParseError(f"not a setting of sshd: {line[:80]!r}")
        given.setdefault(match[1], []).append(match[2] or "")
    if missing := sorted(keyword for keyword in _ALWAYS if not given.get(keyword)):
        raise ParseError(f"sshd did not print {', '.join(missing)}")
    return {keyword: _value(keyword, values) for keyword, values in given.items()}


def _value(keyword: str, values: list[str]) -> _Value:
    if keyword in _ALGORITHMS:
        return tuple(values[0].split(","))
    if keyword in _NUMBERS:
        if not all(_COUNT.fullmatch(value) for value in values):
            raise ParseError(f"{keyword} is not a number: {values[0][:40]!r}")
        numbers = tuple(int(value) for value in values)
        return numbers if keyword in _REPEATED else numbers[0]
    return tuple(values) if keyword in _REPEATED or len(values) > 1 else values[0]


def _matches(block: Block) -> tuple[MatchBlock, ...] | Unreadable:
    if block.status != 0:
        return Unreadable(reason="sshd_config could not be read")
    found: list[tuple[str, list[str]]] = []
    for line in block.lines:
        kind, rest = split_once(line, " ", "sshd_config")
        if kind == "include" and rest != _KNOWN_INCLUDE:
            return Unreadable(reason=f"sshd_config includes {rest}, which is not looked into")
        if kind == "match":
            found.append((rest, []))
        elif kind == "set" and found:
            found[-1][1].append(rest)
        elif kind != "include":
            raise ParseError(f"not a line of a Match block: {line[:80]!r}")
    return tuple(MatchBlock(criteria=criteria, settings=tuple(settings)) for criteria, settings in found)


ROOT = Section("sshd.effective", _SCRIPT, group="daemons", privileged=True)
FACT = HostFact(FactName("sshd"), (ROOT,), parse)
