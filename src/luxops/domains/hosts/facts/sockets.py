"""Sockets on which something waits for packets, with who waits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Literal, cast

from luxops.domains.hosts.facts.interface import Answer, HostFact, ParseError, Section
from luxops.domains.hosts.facts.reading import Block, blocks, split_once
from luxops.model import FactName, FactValue, Unreadable


class Socket(FactValue):
    protocol: Literal["tcp", "udp"]
    address: str
    """`0.0.0.0`, `::`, `127.0.0.1`, …; `*` for both families."""
    port: int
    interface: str
    """Interface that it is bound to; empty for all."""
    loopback: bool
    """Only programs on the host itself can reach it."""
    processes: tuple[str, ...] | Unreadable
    """Names of the programs that hold it, sorted. Without privilege an owner is not shown, which is not the same as none."""
    user: str
    """Account that opened it, or its number where no account has it."""


class Sockets(FactValue):
    """Source: ss, from iproute2."""

    listening: tuple[Socket, ...]
    """By protocol, port, address."""


_SCRIPT = "ss {options} || exit $?\necho '@@ sockets 0'\n"
_ACCOUNTS = """\
awk -F: '{ print $3 ":" $1 }' /etc/passwd
echo "@@ accounts $?"
"""
STATE = Section("sockets.state", _SCRIPT.format(options="-Htulne") + _ACCOUNTS, group="daemons")
OWNERS = Section("sockets.owners", _SCRIPT.format(options="-Htulnpe"), group="daemons", privileged=True)

_NO_OWNER = Unreadable(reason="ss shows no owner: the kernel's own, or another container's")
_LINE = re.compile(r"(tcp|udp)\s+(LISTEN|UNCONN)\s+\d+\s+\d+\s+(\S+):(\d+)\s+\S+(?:\s+(.*?))?\s*")
_OWNERS = re.compile(r"users:\(\((.*?)\)\)(?:\s|$)")
_PROCESS = re.compile(r'"((?:[^"\\]|\\.)*)",pid=\d+')
_UID = re.compile(r"(?:^|\s)uid:(\d+)(?:\s|$)")


def parse(answer: Answer) -> Sockets:
    """Raises ParseError for a line that is no socket. Owners are Unreadable where sudo was refused or ss shows none."""
    open_to_all = blocks(answer.text(STATE.name), ("sockets", "accounts"))
    names = _accounts(open_to_all["accounts"].lines)
    owners = answer.part(OWNERS.name, lambda text: blocks(text, ("sockets",))["sockets"])
    if isinstance(owners, Unreadable):
        return Sockets(listening=_sockets(open_to_all["sockets"], names, owners))
    return Sockets(listening=_sockets(owners, names, _NO_OWNER))


def _sockets(block: Block, names: Mapping[str, str], no_owner: Unreadable) -> tuple[Socket, ...]:
    found = dict.fromkeys(_socket(line, names, no_owner) for line in block.lines)
    return tuple(sorted(found, key=lambda s: (s.protocol, s.port, s.address, s.interface)))


def _accounts(lines: Iterable[str]) -> dict[str, str]:
    names: dict[str, str] = {}
    for line in lines:
        uid, name = split_once(line, ":", "passwd")
        names.setdefault(uid, name)
    return names


def _socket(line: str, names: Mapping[str, str], no_owner: Unreadable) -> Socket:
    if not (match := _LINE.fullmatch(line)):
        raise ParseError(f"not a socket: {line[:80]!r}")
    protocol, _, local, port, rest = match.groups()
    address, _, interface = local.partition("%")
    address = address.strip("[]")
    owners = _OWNERS.search(rest or "")
    uid = ((seen := _UID.search(rest or "")) and seen[1]) or "0"
    return Socket(
        protocol=cast("Literal['tcp', 'udp']", protocol), address=address, port=int(port), interface=interface.strip("]"),
        loopback=interface == "lo" or _is_loopback(address),
        processes=tuple(sorted(set(_PROCESS.findall(owners[1])))) if owners else no_owner, user=names.get(uid, uid),
    )  # fmt: skip


def _is_loopback(address: str) -> bool:
    if address == "*":
        return False
    try:
        parsed = ip_address(address)
    except ValueError as error:
        raise ParseError(f"not an address: {address[:40]!r}") from error
    return parsed.is_loopback or bool((mapped := getattr(parsed, "ipv4_mapped", None)) and mapped.is_loopback)


FACT = HostFact(FactName("sockets"), (STATE, OWNERS), parse)
