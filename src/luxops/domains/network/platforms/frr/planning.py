"""From what an FRR router runs to what it should run: lines for vtysh, whole files, and the commands that load them.

nftables takes a whole rule set at once: between the old and the new one there is no state. So the packet filter comes first,
and FRR's own lines follow in the order of `Phase`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from luxops.domains.network.blocks import Block, flattened
from luxops.domains.network.config import SECRET
from luxops.domains.network.planning import route_filters
from luxops.domains.network.planning.edits import (
    Edit,
    Phase,
    Table,
    Unplannable,
    blocks_of,
    commands,
    lost_neighbours,
    placed,
    remediation_driver,
    sessions,
    steps_of,
)
from luxops.domains.network.planning.nouns import Step
from luxops.domains.network.platforms.frr.driver import SECTIONS
from luxops.domains.network.platforms.frr.files import BANNER, FILTERS, LOG, SSH, TIME
from luxops.domains.network.platforms.frr.ruleset import TABLE
from luxops.domains.network.secrets import BGP_SECRET, reference

SAVE = "vtysh -c 'write memory'"
"""Makes what runs and what FRR starts with the same. Whoever sends the steps may keep it back until all is verified."""
_RELOADS: Mapping[str, tuple[str, ...]] = {
    TIME: ("systemctl restart systemd-timesyncd",),
    LOG: ("rsyslogd -N1", "systemctl restart rsyslog"),
    SSH: ("sshd -t", "systemctl reload ssh"),
    BANNER: (),
}
"""A file that a program would not start with stops the change before the program is told."""
_OPENS = re.compile(r"(interface|router|route-map|address-family|profile|peer|key|vrf|line|rpki|segment-routing|bfd$)")
_SHORT = (
    (r"^interface ", r"^no description .*", "no description"),
    (r"^router bgp ", r"^no (neighbor \S+ (?:description|password|shutdown))\b.*", r"no \1"),
)
_DRIVER = remediation_driver(SECTIONS, (r"^ip route (\S+) ",), _SHORT)
_PHASES: Table = (
    ("", r"no router ", Phase.WITHDRAW),
    (r"interface ", r"no ip address ", Phase.INTERFACES),
    (r"interface ", r"no shutdown", Phase.OPEN),
    (r"interface ", r"", Phase.INTERFACES),
    (r"router bgp ", r"no (network|redistribute|neighbor \S+ (activate|remote-as)) ?", Phase.WITHDRAW),
    (r"router bgp ", r"neighbor \S+ shutdown", Phase.WITHDRAW),
    (r"router bgp ", r"(network|redistribute) |neighbor \S+ activate", Phase.OPEN),
    (r"router bgp ", r"no neighbor \S+ shutdown|no bgp ebgp-requires-policy|bgp default ipv4-unicast", Phase.OPEN),
    (r"router bgp ", r"no bgp default ipv4-unicast|bgp ", Phase.GROUND),
    (r"router bgp [^/]*$", r"neighbor \S+ (remote-as|peer-group$)", Phase.SESSIONS),
    (r"router bgp [^/]*$", r"(?!no )", Phase.SESSIONS),
    (r"router bgp ", r"(?!no )", Phase.SESSIONS),
    (r"router bgp ", r"no neighbor \S+ (route-map|prefix-list|filter-list|distribute-list) ", Phase.SESSIONS),
    (r"router bgp ", r"", Phase.LOOSEN),
    (r"bfd", r"no ", Phase.CLEAR),
    ("", r"no ip route ", Phase.WITHDRAW),
    ("", r"ip route ", Phase.OPEN),
    ("", r"no (log|ipv?6? forwarding)", Phase.GROUND),
    ("", r"no ", Phase.CLEAR),
)
_NEIGHBOUR = re.compile(r"(?:no )?neighbor (\S+) (.*)")
_ROUTE = re.compile(r"(?:no )?(ip(?:v6)? route \S+ )")
ELSEWHERE = re.compile(r"(access-list|nft|file) ")
_COUNTED = re.compile(r" \[\d+\]$")
_WORDS = route_filters.Words(guarded=False, negated={"description ": "no description"})


def steps(before: Sequence[str], after: Sequence[str]) -> tuple[Step, ...]:
    """What turns one configuration into the other. Raises Unplannable where luxops cannot do it."""
    have, want = blocks_of(before), blocks_of(after)
    found = [*_filter_steps(have, want), *steps_of(_edits(have, want), _leave), *_file_steps(have, want)]
    if any(step.kind == "configure" for step in found):
        found.append(Step(title="Save", kind="command", lines=(SAVE,)))
    return tuple(found)


def _leave(line: str) -> str:
    return "exit-address-family" if line.startswith("address-family ") else "exit"


def _edits(have: Sequence[Block], want: Sequence[Block]) -> Iterator[Edit]:
    have, want = ([b for b in blocks if not ELSEWHERE.match(b.text)] for blocks in (have, want))
    yield from route_filters.edits(have, want, _WORDS)
    have, want = ([b for b in blocks if not route_filters.is_route_filter(b)] for blocks in (have, want))
    declared = {block.text for block in want}
    # FRR forgets an interface by itself once nothing is left below it.
    empty = [Block(b.text) for b in have if b.text.startswith("interface ") and b.text not in declared]
    found = list(commands(flattened(have), flattened([*want, *empty]), _DRIVER, _OPENS))
    routes = {match[1] for _, command in found if (match := _ROUTE.match(command)) and not command.startswith("no ")}
    lost = lost_neighbours(have, want)
    active = _active_anyway(want)
    for context, command in found:
        if command.startswith("frr defaults "):
            raise Unplannable("`frr defaults` counts only when FRR starts: change it in /etc/frr/frr.conf and restart FRR")
        if (match := _NEIGHBOUR.fullmatch(command)) and command.startswith("no "):
            alone = match[1] in lost or (match[2] == "activate" and match[1] in active)
            # After `no … bgp bfd`, FRR would take `no … bfd profile` for the wish to begin with BFD anew.
            if alone or (match[2].startswith("bfd ") and (context, f"no neighbor {match[1]} bfd") in found):
                continue
        edit = placed(_PHASES, context, _named_secret(command))
        if (match := _ROUTE.match(command)) and command.startswith("no ") and match[1] in routes:
            edit = replace(edit, phase=Phase.CLEAR)  # not before there is the other next hop
        yield edit
    yield from (Edit(Phase.WITHDRAW, (head,), f"no neighbor {address}") for address, head in lost.items())


def _named_secret(command: str) -> str:
    if command.startswith("no "):
        return command.replace(f" {SECRET}", "")
    return re.sub(rf"^(neighbor \S+ password) {SECRET}$", rf"\1 {reference(BGP_SECRET)}", command)


def _active_anyway(want: Sequence[Block]) -> set[str]:
    """Neighbours that exchange IPv4 routes although no line says so."""
    lines = {line for block in want if block.text.startswith("router bgp ") for line in _texts(block)}
    if "no bgp default ipv4-unicast" in lines:
        return set()
    addresses = {address for _, found in sessions(want) for address in found}
    return {address for address in addresses if f"no neighbor {address} activate" not in lines}


def _texts(block: Block) -> Iterator[str]:
    for child in block.children:
        yield child.text
        yield from _texts(child)


def _filter_steps(have: Iterable[Block], want: Iterable[Block]) -> Iterator[Step]:
    text = filter_text(want)
    if text != filter_text(have):
        yield Step(title="Packet filters", kind="file", lines=tuple(text.split("\n")[:-1]), path=FILTERS)
        load = (f"nft -c -f {FILTERS}", f"nft -f {FILTERS}")
        yield Step(title="Load the packet filters, all at once", kind="command", lines=load)


def filter_text(blocks: Iterable[Block]) -> str:
    """`/etc/nftables.conf` of normalised blocks: what `render_filters` writes, for any rule set."""
    own: list[Block] = []
    foreign: list[Block] = []
    for block in blocks:
        kind, _, name = block.text.partition(" ")
        if kind == "access-list":
            own.append(Block(f"chain {name}", block.children))
        elif kind == "nft":
            (foreign if name.startswith("table ") else own).append(Block(name, block.children))
    tables = [*([Block(TABLE, own)] if own else ()), *foreign]
    return "\n".join(["#!/usr/sbin/nft -f\nflush ruleset\n", *map(_table_text, tables)])


def _table_text(table: Block) -> str:
    members = "\n".join("\n".join(_nested(member, 1)) + "\n" for member in table.children)
    return f"{table.text} {{\n{members}}}\n"


def _nested(block: Block, depth: int) -> Iterator[str]:
    opens = bool(block.children) or depth == 1
    yield "\t" * depth + _COUNTED.sub("", block.text) + (" {" if opens else "")
    for child in block.children:
        yield from _nested(child, depth + 1)
    if opens:
        yield "\t" * depth + "}"


def _file_steps(have: Iterable[Block], want: Iterable[Block]) -> Iterator[Step]:
    present, declared = files_of(have), files_of(want)
    for path in sorted(present.keys() | declared.keys()):
        if present.get(path) == declared.get(path):
            continue
        if path in declared:
            yield Step(title=f"Write {path}", kind="file", lines=declared[path], path=path)
        removal = () if path in declared else (f"rm -- {path}",)
        if commands_after := (*removal, *_RELOADS.get(path, ())):
            yield Step(title=f"Take {path} into account", kind="command", lines=commands_after)


def files_of(blocks: Iterable[Block]) -> dict[str, tuple[str, ...]]:
    """Path → the lines that count."""
    return {
        block.text.removeprefix("file "): tuple(line.text for line in block.children)
        for block in blocks
        if block.text.startswith("file ")
    }
