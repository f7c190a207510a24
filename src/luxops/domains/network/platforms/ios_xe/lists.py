"""IOS-XE's access lists: written with sequence numbers and remarks, read back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from luxops.domains.network.blocks import Block
from luxops.domains.network.config import AclEntry
from luxops.domains.network.entries import entries
from luxops.domains.network.nouns import Acl, Neighbour, RouterDesign
from luxops.domains.network.platforms.ios_xe.names import take_ports, take_prefix, written_ports, written_prefix

STEP = 10
MANAGEMENT = "MANAGEMENT"
"""The list of who may open a management session."""
BGP_PORT = 179
_NUMBERED = re.compile(r"(\d+) (.*)")
_WIDE = {"tcp", "udp", "icmp", "ip"}


def render_lists(design: RouterDesign) -> Iterator[str]:
    """All access lists. A list on an interface also filters what is meant for the router: its sessions come first."""
    yield f"ip access-list standard {MANAGEMENT}"
    sources = [f"permit {bastion}" for bastion in design.management.bastions]
    yield from _numbered(["remark management", *sources, "deny any log"])
    for acl in design.acls:
        yield f"ip access-list extended {acl.name}"
        yield from _numbered([*_sessions(design, acl), *_lines(entries(acl, stateful=False))])


def _sessions(design: RouterDesign, acl: Acl) -> Iterator[str]:
    guarded = {interface.name for interface in design.interfaces if interface.acl_in == acl.name}
    neighbours = [neighbour for neighbour in design.bgp.neighbours if neighbour.interface in guarded]
    if neighbours:
        yield "remark routing sessions"
    for neighbour in neighbours:
        yield from _session(neighbour)


def _session(neighbour: Neighbour) -> Iterator[str]:
    ends = f"host {neighbour.address}", f"host {neighbour.local}"
    bgp = written_ports("tcp", (BGP_PORT, BGP_PORT))
    yield f"permit tcp {ends[0]} {ends[1]}{bgp}"
    yield f"permit tcp {ends[0]}{bgp} {ends[1]} established"
    if neighbour.bfd:
        yield f"permit udp {ends[0]} {ends[1]} eq {neighbour.bfd_port}"


def _lines(found: Iterable[AclEntry]) -> Iterator[str]:
    remark = "routing sessions"
    for entry in found:
        if (entry.remark or "everything else") != remark:
            remark = entry.remark or "everything else"
            yield f"remark {remark}"
        yield line_of(entry)


def line_of(entry: AclEntry) -> str:
    """One entry, without its number."""
    words = [
        f"{entry.action} {entry.protocol}",
        written_prefix(entry.source) + written_ports(entry.protocol, entry.source_ports),
        written_prefix(entry.destination) + written_ports(entry.protocol, entry.destination_ports),
    ]
    words += [entry.icmp_type] if entry.icmp_type else []
    words += ["established"] if entry.established else []
    words += ["log"] if entry.log else []
    return " ".join(words)


def _numbered(lines: Iterable[str]) -> Iterator[str]:
    return (f" {STEP * place} {line}" for place, line in enumerate(lines, 1))


def unnumbered(block: Block) -> Block:
    """The list without its numbers: they say no more than the order that the lines stand in."""
    return Block(
        block.text, [Block(m[2] if (m := _NUMBERED.fullmatch(c.text)) else c.text, c.children) for c in block.children]
    )


def read_list(block: Block) -> tuple[AclEntry, ...]:
    """Entries of an `ip access-list` block whose numbers are gone. What is not understood counts as one for any packet."""
    standard = block.text.startswith("ip access-list standard ")
    remark, found = "", []
    for child in block.children:
        if child.text.startswith("remark "):
            remark = child.text.removeprefix("remark ")
        else:
            found.append(_entry(child.text, remark, standard=standard))
    return tuple(found)


def _entry(line: str, remark: str, *, standard: bool) -> AclEntry:
    words = line.split()
    action = "deny" if words[0] == "deny" else "permit"
    unknown = AclEntry(action=action, protocol="other", remark=remark, line=line)
    if words.pop(0) not in {"permit", "deny"} or not words or not (standard or words[0] in _WIDE):
        return unknown
    protocol = "ip" if standard else words.pop(0)
    try:
        if standard and words[0] not in {"any", "host"} and (len(words) == 1 or words[1] == "log"):
            words.insert(0, "host")
        source = take_prefix(words)
        source_ports = take_ports(words, protocol)
        destination = take_prefix(words) if not standard else take_prefix(["any"])
        destination_ports = take_ports(words, protocol)
    except (ValueError, IndexError):
        return unknown
    kind = words.pop(0) if protocol == "icmp" and words and words[0] not in {"log", "log-input"} else ""
    if set(words) - {"established", "log", "log-input"}:
        return unknown
    return AclEntry.model_validate({
        "action": action, "protocol": protocol, "source": source, "source_ports": source_ports, "destination": destination,
        "destination_ports": destination_ports, "icmp_type": kind, "established": "established" in words,
        "log": bool({"log", "log-input"} & set(words)), "remark": remark, "line": line,
    })  # fmt: skip


def binding(children: Sequence[Block], way: str) -> str:
    """The list an interface is filtered by in a direction; empty where it is not."""
    found = (re.fullmatch(rf"ip access-group (\S+) {way}", child.text) for child in children)
    return next((match[1] for match in found if match), "")
