"""`nft list ruleset` as blocks, and its chains as access lists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Network
from typing import Any

from luxops.domains.network.blocks import MAX_DEPTH, Block
from luxops.domains.network.config import AclEntry
from luxops.domains.network.platforms.frr.filters import FORWARD_IN, FORWARD_OUT
from luxops.domains.network.platforms.grammar import distinct
from luxops.domains.network.transcripts import ParseError

TABLE = "table inet luxops"
_OBJECTS = ("chain ", "set ", "map ", "flowtable ", "ct ", "counter ", "quota ", "limit ", "secmark ")
FLUSH = "flush ruleset"
"""A command of the file, which no listing shows."""
_TERMS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("interface", r'iifname "([^"]+)"'),
        ("session", r"ct state (established,related)"),
        ("source", r"ip saddr (\d[\d./]*)"),
        ("destination", r"ip daddr (\d[\d./]*)"),
        ("ttl", r"ip ttl (\d+)"),
        ("sport", r"(tcp|udp) sport (\d+)(?:-(\d+))?"),
        ("dport", r"(tcp|udp) dport (\d+)(?:-(\d+))?"),
        ("flags", r"tcp flags (rst,ack)"),
        ("icmp", r"icmp type ([a-z-]+)"),
        ("log", r'log prefix "([^"]*)"'),
        ("action", r"(accept|drop)"),
        ("remark", r'comment "([^"]*)"'),
    )
)
_DISPATCH = re.compile(r'(iifname|oifname) "([^"]+)" (?:goto (\S+)|(accept))')
_ICMP_TYPES = {"echo-request": "echo"}


def ruleset_blocks(text: str) -> list[Block]:
    """Tables with their chains and rules. There may be no table at all.

    Raises ParseError where braces do not match, for a line outside every table, and for a table or chain that comes twice.
    """
    top: list[Block] = []
    open_blocks = [top]
    pending = ""
    for raw in text.split("\n"):
        line = f"{pending} {raw.strip()}".strip() if pending else raw.strip()
        pending = ""
        if not line or (len(open_blocks) == 1 and (line.startswith("#") or line == FLUSH)):
            continue
        if line == "}":
            open_blocks.pop()
            if not open_blocks:
                raise ParseError("the rule set closes more braces than it opens")
        elif line.endswith("{") and line.count("{") == line.count("}") + 1 and "=" not in line:
            block = Block(line[:-1].strip())
            _check_head(block.text, len(open_blocks))
            open_blocks[-1].append(block)
            open_blocks.append(block.children)
        elif line.count("{") > line.count("}"):
            pending = line
        elif len(open_blocks) == 1:
            raise ParseError(f"`{line[:40]}` is no table of a rule set")
        else:
            open_blocks[-1].append(Block(line))
    if pending or len(open_blocks) != 1:
        raise ParseError("the rule set ends inside a block")
    _check_once(top)
    return top


def _check_once(tables: list[Block]) -> None:
    for members in (tables, *(table.children for table in tables)):
        if len({member.text for member in members}) != len(members):
            raise ParseError("a table or chain stands twice in the rule set")


def _check_head(text: str, depth: int) -> None:
    if not text.startswith("table " if depth == 1 else _OBJECTS) or depth >= MAX_DEPTH:
        raise ParseError(f"`{text[:40]}` opens no block of a rule set")


def normal_form(tables: Iterable[Block]) -> Iterator[Block]:
    """The chains of luxops's own table as access lists; every other table as it is."""
    for table in tables:
        if table.text != TABLE:
            yield Block(f"nft {table.text}", [distinct(child) for child in table.children])
            continue
        for chain in table.children:
            kind, _, name = chain.text.partition(" ")
            yield distinct(Block(f"access-list {name}" if kind == "chain" else f"nft {chain.text}", chain.children))


def access_lists(tables: Iterable[Block]) -> Mapping[str, tuple[AclEntry, ...]]:
    """Chain → its rules; what dispatches to other chains left out. Chains of foreign tables appear as `TABLE/CHAIN`."""
    found: dict[str, tuple[AclEntry, ...]] = {}
    for table in tables:
        prefix = "" if table.text == TABLE else f"{table.text.removeprefix('table ')}/"
        for chain in table.children:
            if chain.text.startswith("chain "):
                name = chain.text.removeprefix("chain ")
                rules = [child.text for child in chain.children if not child.text.startswith("type filter hook ")]
                if not prefix and name in {FORWARD_IN, FORWARD_OUT}:
                    rules = [rule for rule in rules if not _DISPATCH.fullmatch(rule)]
                found[prefix + name] = tuple(map(entry_of, rules))
    return found


def bindings(tables: Iterable[Block]) -> Mapping[str, dict[str, str]]:
    """Interface → `in` and `out` → the access list that it is filtered by; empty where everything passes."""
    found: dict[str, dict[str, str]] = {}
    for table in tables:
        for chain in table.children if table.text == TABLE else ():
            for child in chain.children if chain.text.removeprefix("chain ") in {FORWARD_IN, FORWARD_OUT} else ():
                if match := _DISPATCH.fullmatch(child.text):
                    way = "in" if match[1] == "iifname" else "out"
                    found.setdefault(match[2], {}).setdefault(way, match[3] or "")
    return found


def entry_of(rule: str) -> AclEntry:
    """One rule. What is not understood counts as a rule for any packet, so that no check takes it for a narrow one."""
    found = list(_terms(rule))
    terms = dict(found)
    if "rest" in terms or "action" not in terms or len(terms) != len(found):
        denies = rule.endswith((" drop", " reject"))
        return AclEntry(action="deny" if denies else "permit", protocol="other", line=rule)
    values: dict[str, Any] = {"action": "permit" if terms["action"][1] == "accept" else "deny", "protocol": "ip", "line": rule}
    for name in ("source", "destination"):
        if name in terms:
            values[name] = IPv4Network(terms[name][1])
    for name, field in (("sport", "source_ports"), ("dport", "destination_ports")):
        if name in terms:
            match = terms[name]
            values |= {"protocol": match[1], field: (int(match[2]), int(match[3] or match[2]))}
    if "icmp" in terms:
        values |= {"protocol": "icmp", "icmp_type": _ICMP_TYPES.get(terms["icmp"][1], terms["icmp"][1])}
    if "flags" in terms:
        values |= {"protocol": "tcp"}
    values |= {name: terms[name][1] for name in ("interface", "remark") if name in terms}
    return AclEntry(established="session" in terms or "flags" in terms, log="log" in terms, **values)


def _terms(rule: str) -> Iterator[tuple[str, Any]]:
    rest = rule
    while rest:
        for name, pattern in _TERMS:
            if (match := pattern.match(rest)) and rest[match.end() : match.end() + 1] in {"", " "}:
                yield name, match
                rest = rest[match.end() :].lstrip()
                break
        else:
            yield "rest", rest
            return
