"""From what an IOS-XE router runs to what it should run, as lines of its configuration mode.

An access list takes effect line by line, and one that is deleted while it is bound lets everything pass. So a list in use is
never touched: the new one is written beside it under a name of its own, what used the old one is bound to it (one command, no
moment between), the old name is written anew while nobody uses it, and bound again.
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
    blocks_of,
    commands,
    lost_neighbours,
    placed,
    remediation_driver,
    steps_of,
)
from luxops.domains.network.planning.nouns import Step
from luxops.domains.network.platforms.grammar import as_written
from luxops.domains.network.platforms.ios_xe.driver import SECTIONS
from luxops.domains.network.platforms.ios_xe.lists import STEP
from luxops.domains.network.secrets import ACCOUNT_SECRET, BGP_SECRET, reference

_LIST = re.compile(r"ip access-list (standard|extended) (\S+)")
_BINDING = re.compile(r"(ip access-group|access-class) (\S+) (.*)")
_COUNTED = re.compile(r" \[\d+\]$")
_VIRTUAL = re.compile(r"interface (?:Loopback|Tunnel|Vlan|Port-channel|BDI|\S+\.\d+$)")
_DELIMITERS = "~|@%$"
_OPENS = re.compile(
    r"(interface|router|route-map|address-family|vrf definition|line|bfd-template|archive|log config$|key chain|class-map"
    r"|policy-map|control-plane|object-group)\b"
)
_SHORT = (
    ("", r"^no (username \S+|enable (?:secret|password)|banner \S+)\b.*", r"no \1"),
    (r"^interface ", r"^no description .*", "no description"),
    (r"^router bgp ", r"^no (neighbor \S+ (?:description|password|shutdown))\b.*", r"no \1"),
    (r"^line ", r"^no (exec-timeout|password)\b.*", r"no \1"),
)
_DRIVER = remediation_driver(SECTIONS, (r"^ip route (\S+ \S+) ",), _SHORT)
_WORDS = route_filters.Words(guarded=True, negated={"description ": "no description"})
_PHASES: Table = (
    ("", r"no router |no interface ", Phase.WITHDRAW),
    (r"vrf definition ", r"", Phase.GROUND),
    ("$", r"vrf definition |username ", Phase.GROUND),
    ("$", r"aaa new-model", Phase.GROUND),
    ("$", r"aaa ", Phase.GROUND),
    (r"interface ", r"(no )?vrf forwarding ", Phase.INTERFACES),
    (r"interface ", r"ip access-group ", Phase.INTERFACES),
    (r"interface ", r"no ip address .* secondary", Phase.INTERFACES),
    (r"interface ", r"no shutdown", Phase.OPEN),
    (r"interface ", r"(?!no ip access-group)", Phase.INTERFACES),
    (r"interface ", r"", Phase.INTERFACES),
    (r"line ", r"access-class ", Phase.INTERFACES),
    (r"line ", r"(?!no access-class)", Phase.INTERFACES),
    (r"line ", r"", Phase.INTERFACES),
    (r"router bgp ", r"no (network|redistribute|neighbor \S+ (activate|remote-as)) ?", Phase.WITHDRAW),
    (r"router bgp ", r"neighbor \S+ shutdown", Phase.WITHDRAW),
    (r"router bgp ", r"no neighbor \S+ shutdown|bgp default ipv4-unicast", Phase.OPEN),
    (r"router bgp ", r"(network|redistribute) |neighbor \S+ activate", Phase.OPEN),
    (r"router bgp ", r"no bgp default ipv4-unicast|bgp ", Phase.GROUND),
    (r"router bgp [^/]*$", r"neighbor \S+ (remote-as|peer-group$)", Phase.SESSIONS),
    (r"router bgp [^/]*$", r"(?!no )", Phase.SESSIONS),
    (r"router bgp ", r"(?!no )", Phase.SESSIONS),
    (r"router bgp ", r"no neighbor \S+ (route-map|prefix-list|filter-list|distribute-list) ", Phase.SESSIONS),
    (r"router bgp ", r"", Phase.LOOSEN),
    (r"bfd-template ", r"", Phase.GROUND),
    ("$", r"bfd map ", Phase.SESSIONS),
    ("$", r"no bfd map ", Phase.LOOSEN),
    ("$", r"no ip route ", Phase.WITHDRAW),
    ("$", r"ip route |ip http ", Phase.OPEN),
    ("$", r"no (ip (source-route|domain|http|finger|bootp)|ipv6 source-route|service|snmp-server|cdp|lldp)\b", Phase.GROUND),
    ("$", r"no (?!username|aaa new-model|vrf)", Phase.CLEAR),
    ("$", r"no ", Phase.CLEAR),
)


def steps(before: Sequence[str], after: Sequence[str], user: str) -> tuple[Step, ...]:
    """What turns one configuration into the other. `user`: the account whose secret is the one named `account`."""
    have, want = blocks_of(before), blocks_of(after)
    edits = [replace(e, command=_written(e.command, user)) for e in _edits(have, want)]
    return tuple(steps_of(edits, _leave))


def _leave(line: str) -> str:
    return "exit-address-family" if line.startswith("address-family ") else "exit"


def _edits(have: Sequence[Block], want: Sequence[Block]) -> Iterator[Edit]:
    lists, wanted_lists = _lists(have), _lists(want)
    bound = {name for block in have for name in _bound(block)}
    changed = {
        name
        for name in wanted_lists
        if name in bound and (name not in lists or _lines(lists[name]) != _lines(wanted_lists[name]))
    }
    meanwhile = {name: _meanwhile(name, lists.keys() | wanted_lists.keys()) for name in sorted(changed)}
    yield from route_filters.edits(have, want, _WORDS)
    for name, block in wanted_lists.items():
        if name not in lists or name in meanwhile or _lines(lists[name]) != _lines(block):
            old = lists.get(name)
            if name not in meanwhile and old is not None:
                yield Edit(Phase.TIGHTEN, (), f"no {old.text}")  # nobody uses it
            yield from _written_anew(block, meanwhile.get(name, name), Phase.TIGHTEN)
    yield from _settings(have, [_rebound(block, meanwhile) for block in want])
    for name, other in meanwhile.items():
        if name in lists:
            yield Edit(Phase.LISTS, (), f"no {lists[name].text}")
        yield from _written_anew(wanted_lists[name], name, Phase.LISTS)
        for block in want:
            yield from (Edit(Phase.LISTS, (block.text,), c.text) for c in block.children if _list_of(c.text) == name)
        yield Edit(Phase.LISTS, (), f"no {_head(wanted_lists[name], other)}")
    yield from (Edit(Phase.CLEAR, (), f"no {b.text}", rank=len(_PHASES)) for n, b in lists.items() if n not in wanted_lists)


def _lists(blocks: Iterable[Block]) -> dict[str, Block]:
    return {match[2]: block for block in blocks if (match := _LIST.fullmatch(block.text))}


def _lines(block: Block) -> list[str]:
    return [block.text, *(child.text for child in block.children)]


def _list_of(line: str) -> str:
    """The list that the line binds; empty where it binds none."""
    match = _BINDING.fullmatch(line)
    return match[2] if match else ""


def _bound(block: Block) -> Iterator[str]:
    return (name for child in block.children if (name := _list_of(child.text)))


def _meanwhile(name: str, taken: Iterable[str]) -> str:
    candidates = [f"LUXOPS-{name}", *(f"LUXOPS-{number}-{name}" for number in range(100))]
    return next(candidate for candidate in candidates if candidate not in taken)


def _head(block: Block, name: str) -> str:
    return f"{block.text.rpartition(' ')[0]} {name}"


def _written_anew(block: Block, name: str, phase: Phase) -> Iterator[Edit]:
    head = (_head(block, name),)
    for place, child in enumerate(block.children, 1):
        yield Edit(phase, head, f"{STEP * place} {_COUNTED.sub('', child.text)}")


def _rebound(block: Block, meanwhile: Mapping[str, str]) -> Block:
    """The block with the lists that are in use meanwhile."""

    def named(line: str) -> str:
        match = _BINDING.fullmatch(line)
        return f"{match[1]} {meanwhile[match[2]]} {match[3]}" if match and match[2] in meanwhile else line

    return Block(block.text, [Block(named(child.text), child.children) for child in block.children])


def _settings(have: Sequence[Block], want: Sequence[Block]) -> Iterator[Edit]:
    """Everything but access lists and route filters."""
    have, want = (
        [b for b in blocks if not (_LIST.fullmatch(b.text) or route_filters.is_route_filter(b))] for blocks in (have, want)
    )
    declared, present = {b.text for b in want}, {b.text for b in have}
    staying = [b for b in have if b.text not in declared and _stays(b.text)]
    left = [Block(b.text, [Block("shutdown")] if b.text.startswith("interface ") else []) for b in staying]
    unused = {b.text for b in staying}
    found = list(commands(flattened(have), flattened([*want, *left]), _DRIVER, _OPENS))
    routes = {" ".join(c.split()[:4]) for _, c in found if c.startswith("ip route ")}
    lost = lost_neighbours(have, want)
    for context, command in found:
        if command.startswith("no neighbor ") and command.split()[2] in lost:
            continue
        if command.startswith("no ip address ") and _moved(context[0], found):
            continue
        edit = placed(_PHASES, context, command)
        if context and context[0] in unused and context[0].startswith("interface "):
            edit = replace(edit, phase=Phase.WITHDRAW, rank=-1 if command == "shutdown" else edit.rank)
        if command.startswith("no ip route ") and " ".join(command.split()[1:5]) in routes:
            edit = replace(edit, phase=Phase.CLEAR)  # not before there is the other next hop
        yield edit
    yield from (Edit(Phase.WITHDRAW, (head,), f"no neighbor {address}") for address, head in lost.items())
    for block in want:
        if block.text.startswith("interface "):
            yield from _brought_up(block, new=block.text not in present, moved=_moved(block.text, found))


def _stays(text: str) -> bool:
    """Whether the device shows the block as long as it has the hardware."""
    return (text.startswith("interface ") and not _VIRTUAL.match(text)) or (text.startswith("line ") and " vty " not in text)


def _moved(interface: str, found: Iterable[tuple[tuple[str, ...], str]]) -> bool:
    """Whether the interface changes its VRF, which takes its addresses away."""
    return any(c[:1] == (interface,) and re.match(r"(no )?vrf forwarding ", command) for c, command in found)


def _brought_up(block: Block, *, new: bool, moved: bool) -> Iterator[Edit]:
    if moved and not new:
        for child in block.children:
            if child.text.startswith("ip address "):
                yield placed(_PHASES, (block.text,), child.text)
    if new and all(child.text != "shutdown" for child in block.children):
        yield Edit(Phase.OPEN, (block.text,), "no shutdown")


def _written(command: str, user: str) -> str:
    """As the device takes it: secrets by reference, banners between delimiters."""
    if match := re.fullmatch(r"banner (\S+) (.*)", command):
        mark = next((c for c in _DELIMITERS if c not in match[2]), "\x03")
        return f"banner {match[1]} {mark}{match[2]}{mark}"
    if command.startswith("no "):
        return command.replace(f" {SECRET}", "")
    command = re.sub(rf"^(neighbor \S+ password) {SECRET}$", rf"\1 {reference(BGP_SECRET)}", command)
    return re.sub(rf"^(username {re.escape(user)} .*secret) {SECRET}$", rf"\1 9 {reference(ACCOUNT_SECRET)}", command)


def as_shown(lines: Sequence[str]) -> str:
    """Normalised lines as the device would show them: access lists numbered, banners between their marks."""
    shown = []
    for block in blocks_of(lines):
        if match := re.fullmatch(r"banner (\S+) (.*)", block.text):
            shown.append(f"banner {match[1]} ^C{match[2]}^C")
            continue
        is_list = _LIST.fullmatch(block.text)
        below = [
            Block(f"{STEP * place} {_COUNTED.sub('', child.text)}", child.children)
            for place, child in enumerate(block.children, 1)
        ]
        shown += as_written([Block(block.text, below if is_list else block.children)])
    return "\n".join([*shown, "end"])
