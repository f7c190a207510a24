"""What FRR and Cisco write alike: BGP neighbours, prefix lists, route maps."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from luxops.domains.network.blocks import Block
from luxops.domains.network.config import ANYWHERE
from luxops.domains.network.nouns import PrefixRule
from luxops.domains.network.transcripts import ParseError

_PREFIX_RULE = re.compile(r"seq (\d+) (permit|deny) (any|[\d./]+)(?: ge (\d+))?(?: le (\d+))?")
_ROUTE_MAP = re.compile(r"route-map (\S+) (permit|deny) (\d+)")


def prefix_rule(rule: PrefixRule, *, anything: str) -> str:
    """A prefix list's rule. `anything`: how the platform writes every prefix of any length."""
    bounds = (f" ge {rule.ge}" if rule.ge is not None else "") + (f" le {rule.le}" if rule.le is not None else "")
    everything = rule.prefix == ANYWHERE and rule.ge is None and rule.le == ANYWHERE.max_prefixlen
    return f"seq {rule.sequence} {rule.action} {anything if everything else f'{rule.prefix}{bounds}'}"


def value_of(blocks: Iterable[Block], setting: str) -> str:
    """What follows `setting` in the first line that begins with it; empty where none does."""
    return next((b.text.removeprefix(f"{setting} ") for b in blocks if b.text.startswith(f"{setting} ")), "")


def refuse_repeats(block: Block) -> None:
    """Raises ParseError where a line stands twice below the same line: neither platform writes that."""
    texts = [child.text for child in block.children]
    if len(set(texts)) != len(texts):
        raise ParseError(f"a line below `{block.text[:40]}` stands there twice")
    for child in block.children:
        refuse_repeats(child)


def gathered(blocks: Iterable[Block]) -> Iterator[Block]:
    """Blocks by their text, the rules of each prefix list below one line. Raises ParseError for a block that comes twice."""

    def key(block: Block) -> str:
        words = block.words
        return " ".join(words[:3]) if words[0] in {"ip", "ipv6"} and words[1:2] == ["prefix-list"] else block.text

    for text, group in groupby(sorted(blocks, key=key), key=key):
        members = list(group)
        if members[0].text != text:
            yield Block(text, [Block(member.text.removeprefix(f"{text} ")) for member in members])
        elif len(members) > 1:
            raise ParseError(f"`{text[:40]}` stands there twice")
        else:
            yield members[0]


def distinct(block: Block) -> Block:
    """A line that comes again gets its count: a second copy must not hide behind the first."""
    seen: dict[str, int] = {}
    children = []
    for child in block.children:
        seen[child.text] = count = seen.get(child.text, 0) + 1
        children.append(Block(child.text if count == 1 else f"{child.text} [{count}]", child.children))
    return Block(block.text, children)


def neighbours(lines: Iterable[str]) -> Mapping[str, dict[str, Any]]:
    """`neighbor` lines of a BGP block and of its IPv4 family → fields of NeighbourConfig by address."""
    found: dict[str, dict[str, Any]] = {}
    for line in lines:
        words = line.split()
        if line.startswith("neighbor "):
            found.setdefault(words[1], {}).update(_neighbour_setting(words[2:]))
    return found


_NEIGHBOUR_SETTINGS: tuple[tuple[str, Callable[[Sequence[str]], dict[str, Any]]], ...] = (
    (r"remote-as (\d+)", lambda found: {"remote_as": int(found[0])}),
    (r"description (.*)", lambda found: {"description": found[0]}),
    (r"password .*", lambda _: {"password_set": True}),
    (r"(?:fall-over )?bfd(?: .*)?", lambda _: {"bfd": True}),
    (r"shutdown(?: .*)?", lambda _: {"shutdown": True}),
    (r"ttl-security hops (\d+)", lambda found: {"ttl_security_hops": int(found[0])}),
    (r"ebgp-multihop ?(\d*)", lambda found: {"multihop": int(found[0] or 255)}),
    (r"activate", lambda _: {"activated": True}),
    (r"next-hop-self(?: .*)?", lambda _: {"next_hop_self": True}),
    (r"maximum-prefix (\d+)(?: .*)?", lambda found: {"maximum_prefixes": int(found[0])}),
    (r"route-map (\S+) in", lambda found: {"import_map": found[0]}),
    (r"route-map (\S+) out", lambda found: {"export_map": found[0]}),
    (r"prefix-list (\S+) in", lambda found: {"import_prefix_list": found[0]}),
    (r"prefix-list (\S+) out", lambda found: {"export_prefix_list": found[0]}),
)


def _neighbour_setting(words: Sequence[str]) -> dict[str, Any]:
    """Nothing where the line sets what no policy asks after; comparison sees it all the same."""
    text = " ".join(words)
    for pattern, fields in _NEIGHBOUR_SETTINGS:
        if match := re.fullmatch(pattern, text):
            return fields(match.groups())
    return {}


def prefix_lists(blocks: Iterable[Block]) -> Mapping[str, list[dict[str, Any]]]:
    """Name → fields of PrefixListRule. Raises ParseError for a rule that is none."""
    return {
        block.words[2]: [_prefix_rule(child.text) for child in block.children if child.text.startswith("seq ")]
        for block in blocks
        if block.text.startswith("ip prefix-list ") and block.children
    }


def _prefix_rule(text: str) -> dict[str, Any]:
    if not (match := _PREFIX_RULE.fullmatch(text)):
        raise ParseError("a prefix list's rule is garbled")
    sequence, action, prefix, ge, le = match.groups()
    everything = prefix == "any"
    return {
        "sequence": int(sequence),
        "action": action,
        "prefix": ANYWHERE if everything else prefix,
        "ge": int(ge) if ge else None,
        "le": int(le) if le else (32 if everything else None),
    }


def route_maps(blocks: Iterable[Block]) -> Mapping[str, list[dict[str, Any]]]:
    """Name → fields of RouteMapRule, by sequence. Raises ParseError for a heading that is none."""
    found: dict[str, list[dict[str, Any]]] = {}
    for block in blocks:
        if block.words[0] != "route-map":
            continue
        if not (match := _ROUTE_MAP.fullmatch(block.text)):
            raise ParseError("a route map's heading is garbled")
        lines = [child.text for child in block.children]
        found.setdefault(match[1], []).append({
            "sequence": int(match[3]),
            "action": match[2],
            "matches": [line.removeprefix("match ") for line in lines if line.startswith("match ")],
            "prefix_lists": [line.split()[-1] for line in lines if line.startswith("match ip address prefix-list ")],
            "sets": [line.removeprefix("set ") for line in lines if line.startswith("set ")],
        })  # fmt: skip
    return {name: sorted(entries, key=lambda entry: entry["sequence"]) for name, entries in found.items()}


def as_written(blocks: Iterable[Block], depth: int = 0) -> Iterator[str]:
    """The lines of gathered blocks as devices show them: a space a level, a line for each rule of a prefix list.

    What is tried in the order of its numbers is written in that order.
    """
    for block in sorted(blocks, key=_number):
        if re.fullmatch(r"(ip|ipv6) prefix-list \S+", block.text):
            yield from (f"{block.text} {rule.text}" for rule in sorted(block.children, key=_number))
        else:
            yield " " * depth + block.text
            yield from as_written(block.children, depth + 1)


def _number(block: Block) -> int:
    """Of a prefix list's rule or of a route map's entry; 0 for everything else, which stays where it is."""
    match = re.match(r"seq (\d+) |route-map \S+ (?:permit|deny) (\d+)$", block.text)
    return int(match[1] or match[2]) if match else 0
