"""Prefix lists and route maps changed in place, without a moment in which they let pass what they do not at either end.

A list is what its permits let pass, less what its denies stop. Three moves hold that:

1. TIGHTEN: permits that go are taken away, denies that come are added. Neither lets anything pass. What is left, every
   permit that stays behind every deny of both ends, lets pass no more than either end.
2. Sessions take the filters they shall have.
3. LOOSEN: denies that go are taken away, permits that come are added: all denies of the end are there already, so what
   passes passes at the end as well.

A list that does not exist lets everything pass on some platforms. `guarded` keeps such a moment out: a last line that denies,
which is there only meanwhile.

What nobody but a hand can make is out of reach of this: a list that both permits and denies name, a session that gets its first
two filters of one direction at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from luxops.domains.network.blocks import Block
from luxops.domains.network.planning.edits import Edit, Phase

LIST = re.compile(r"(ip|ipv6) prefix-list (\S+)")
MAP = re.compile(r"route-map (\S+) (permit|deny) (\d+)")
_RULE = re.compile(r"seq (\d+) (permit|deny) .*")
_LAST = 4294967290
_GUARD_ENTRY = 65530
_EVERYTHING = {"ip": "0.0.0.0/0 le 32", "ipv6": "::/0 le 128"}
_NOBODY = {"ip": "255.255.255.255/32", "ipv6": "::/128"}


@dataclass(frozen=True)
class Words:
    """How a platform writes what differs."""

    guarded: bool
    """Whether what does not exist lets everything pass."""
    negated: Mapping[str, str]
    """What a line below a route map begins with → what takes it away, where that is not the line itself behind `no`."""


def is_route_filter(block: Block) -> bool:
    """Whether the block is a prefix list or an entry of a route map."""
    return bool(LIST.fullmatch(block.text) or MAP.fullmatch(block.text))


def edits(before: Sequence[Block], after: Sequence[Block], words: Words) -> Iterator[Edit]:
    """Edits of both configurations' prefix lists and route maps; other blocks only say what is in use."""
    stopping = (_named_by(before, "deny") | _named_by(after, "deny")) - _named_by(before, "permit") - _named_by(after, "permit")
    lists, wanted = _lists(before), _lists(after)
    users, users_then = (_named_by(blocks, "deny") | _named_by(blocks, "permit") for blocks in (before, after))
    for head in sorted(lists.keys() | wanted.keys()):
        name = head.split()[2]
        inverted = name in stopping
        closed = words.guarded == inverted  # whether nothing passes by a list that does not exist
        if head not in wanted:
            phase = Phase.TIGHTEN if closed and name in users_then else Phase.CLEAR
            yield Edit(phase, (), f"no {head}", rank=1)  # after the maps that name it
        elif head not in lists:
            phase = Phase.LOOSEN if closed and name in users else Phase.TIGHTEN
            yield from _new_list(head, wanted[head], phase, inverted=inverted)
        else:
            yield from _list_edits(head, lists[head], wanted[head], words, inverted=inverted)
    maps, wanted_maps = _maps(before), _maps(after)
    referred, referred_then = _referred(before), _referred(after)
    for name in sorted(maps.keys() | wanted_maps.keys()):
        if name in wanted_maps:
            yield from _map_edits(name, maps.get(name, {}), wanted_maps[name], words, used=name in referred)
        else:
            phase = Phase.TIGHTEN if name in referred_then and not words.guarded else Phase.CLEAR
            numbers = sorted(maps[name], key=lambda number: maps[name][number][0] == "deny")
            yield from (Edit(phase, (), f"no {_head(name, maps[name], number)}") for number in numbers)


def _lists(blocks: Iterable[Block]) -> dict[str, list[str]]:
    return {b.text: [child.text for child in b.children] for b in blocks if LIST.fullmatch(b.text)}


def _new_list(head: str, rules: list[str], phase: Phase, *, inverted: bool) -> Iterator[Edit]:
    """What stops comes first. Where all was stopped as long as there was no list, it is until the list is whole."""
    guard = f"{head} {_stopper(head, rules, inverted=inverted)}" if inverted and phase is Phase.LOOSEN else ""
    if guard:
        yield Edit(phase, (), guard)
    for rule in sorted(rules, key=lambda rule: (_is_permit(rule) != inverted, _number(rule))):
        yield Edit(phase, (), f"{head} {rule}")
    if guard:
        yield Edit(phase, (), f"no {guard}")


def _stopper(head: str, rules: Iterable[str], *, inverted: bool) -> str:
    """A rule in front of all others, or at least of all that it can be in front of, that stops everything."""
    taken = {_number(rule) for rule in rules}
    action = "permit" if inverted else "deny"
    return f"seq {next(n for n in range(1, _LAST) if n not in taken)} {action} {_EVERYTHING[head.split(maxsplit=1)[0]]}"


def _list_edits(head: str, before: list[str], after: list[str], words: Words, *, inverted: bool) -> Iterator[Edit]:
    """`inverted`: only lines that deny name the list, so that what it lets pass is what is stopped."""

    def opens(rule: str) -> bool:
        return _is_permit(rule) != inverted

    new = [rule for rule in after if rule not in before]
    gone = [rule for rule in before if rule not in after and (_RULE.fullmatch(rule) or _named(rule) not in map(_named, new))]
    # A line that stops takes the number of one that stopped, or says the same elsewhere: it can come only when that is gone.
    again = {rule for rule in new if not opens(rule) and any(not opens(g) and _excludes(rule, g) for g in gone)}
    taken = {_number(rule) for rule in (*before, *after)}
    kind, guards = head.split(maxsplit=1)[0], []
    if words.guarded and (new or gone):
        guards.append(f"{head} seq {next(n for n in range(_LAST, 0, -1) if n not in taken)} deny {_NOBODY[kind]}")
    if again:
        guards.append(f"{head} {_stopper(head, (*before, *after), inverted=inverted)}")
    yield from (Edit(Phase.TIGHTEN, (), guard) for guard in guards)
    for rule in gone:
        yield Edit(Phase.TIGHTEN if opens(rule) else Phase.LOOSEN, (), f"no {head} {_named(rule)}")
    for rule in sorted(new, key=lambda rule: (opens(rule), _number(rule))):
        yield Edit(Phase.LOOSEN if opens(rule) or rule in again else Phase.TIGHTEN, (), f"{head} {rule}")
    yield from (Edit(Phase.LOOSEN, (), f"no {guard}") for guard in guards)


def _excludes(one: str, other: str) -> bool:
    """Whether a router keeps only one of the rules: it takes neither a number nor a policy twice."""
    return (
        _number(one) == _number(other) or one.partition(" ")[2].partition(" ")[2] == other.partition(" ")[2].partition(" ")[2]
    )


def _number(rule: str) -> int:
    """0 for what is no rule."""
    match = _RULE.fullmatch(rule)
    return int(match[1]) if match else 0


def _is_permit(rule: str) -> bool:
    match = _RULE.fullmatch(rule)
    return match is not None and match[2] == "permit"


def _named(rule: str) -> str:
    """A description is taken away by its keyword alone."""
    return rule if _RULE.fullmatch(rule) else rule.split(maxsplit=1)[0]


Entries = Mapping[int, tuple[str, tuple[str, ...]]]
"""Sequence number → action, and the lines below."""


def _maps(blocks: Iterable[Block]) -> dict[str, dict[int, tuple[str, tuple[str, ...]]]]:
    found: dict[str, dict[int, tuple[str, tuple[str, ...]]]] = {}
    for block in blocks:
        if match := MAP.fullmatch(block.text):
            found.setdefault(match[1], {})[int(match[3])] = (match[2], tuple(child.text for child in block.children))
    return found


def _referred(blocks: Iterable[Block]) -> set[str]:
    """Every route map that something other than its own entries names."""
    found = set()
    for block in blocks:
        found |= {match[1] for match in re.finditer(r"\broute-map (\S+)", block.text) if not MAP.fullmatch(block.text)}
        found |= {match[1] for child in block.children if (match := re.match(r"call (\S+)", child.text))}
        found |= _referred(block.children)
    return found


def _named_by(blocks: Iterable[Block], action: str, *, inside: str = "permit") -> set[str]:
    """Prefix lists that are named by lines which permit, sessions among them, or by entries which deny."""
    found = set()
    for block in blocks:
        if LIST.fullmatch(block.text):
            continue
        match = MAP.fullmatch(block.text)
        here = match[2] if match else inside
        words = block.text.split()
        if "prefix-list" in words and here == action:
            found |= set(words[words.index("prefix-list") + 1 :])
        found |= _named_by(block.children, action, inside=here)
    return found


def _map_edits(name: str, before: Entries, after: Entries, words: Words, *, used: bool) -> Iterator[Edit]:
    kept = {n for n in before.keys() & after.keys() if _decides(before[n]) == _decides(after[n])}
    gone, new = [n for n in before if n not in kept], [n for n in sorted(after) if n not in kept]
    guard = _guard_entry(name, before, after) if words.guarded and before and not kept else ""
    if guard:
        yield Edit(Phase.TIGHTEN, (guard,), "")
    still = {n for n in gone if n in after and before[n][0] == after[n][0] == "deny"}
    for number in (n for n in gone if n not in still):
        phase = Phase.TIGHTEN if before[number][0] == "permit" else Phase.LOOSEN
        yield Edit(phase, (), f"no {_head(name, before, number)}")
    for number in sorted(still):  # what a deny lets through now must not meet a permit that goes
        yield from _other_deny(_head(name, after, number), before[number][1], after[number][1], words)
    for number in sorted(kept):
        yield from _changed_sets(_head(name, after, number), before[number][1], after[number][1], words)
    for number in (n for n in new if n not in still):
        phase = Phase.LOOSEN if before or (used and not words.guarded) else Phase.TIGHTEN
        yield from _new_entry(name, number, after[number], phase, used=used or bool(before))
    if guard:
        yield Edit(Phase.LOOSEN, (), f"no {guard}")


def _other_deny(head: str, before: Sequence[str], after: Sequence[str], words: Words) -> Iterator[Edit]:
    """Denies more until it is whole again: first without what it asked, then with what it shall ask."""
    yield from (Edit(Phase.TIGHTEN, (head,), _without(line, words)) for line in before if line not in after)
    yield from (Edit(Phase.TIGHTEN, (head,), line) for line in after if line not in before)


def _decides(entry: tuple[str, tuple[str, ...]]) -> tuple[str, frozenset[str]]:
    """What tells whether a route passes: all but what is set, and what is only said."""
    action, lines = entry
    return action, frozenset(line for line in lines if not line.startswith(("set ", "description ")))


def _head(name: str, entries: Entries, number: int) -> str:
    return f"route-map {name} {entries[number][0]} {number}"


def _guard_entry(name: str, before: Entries, after: Entries) -> str:
    number = next(n for n in range(_GUARD_ENTRY, 0, -1) if n not in before and n not in after)
    return f"route-map {name} deny {number}"


def _changed_sets(head: str, before: Sequence[str], after: Sequence[str], words: Words) -> Iterator[Edit]:
    """A value that is set again takes the place of the one before."""
    coming = [line for line in after if line not in before]
    replaced = {_setting(line) for line in coming}
    for line in before:
        if line not in after and _setting(line) not in replaced:
            yield Edit(Phase.LOOSEN, (head,), _without(line, words))
    yield from (Edit(Phase.LOOSEN, (head,), line) for line in coming)


def _setting(line: str) -> str:
    return " ".join(line.split()[:2])


def _without(line: str, words: Words) -> str:
    return next((short for begin, short in words.negated.items() if line.startswith(begin)), f"no {line}")


def _new_entry(name: str, number: int, entry: tuple[str, tuple[str, ...]], phase: Phase, *, used: bool) -> Iterator[Edit]:
    """An entry without a line below it is about every route: where it is in use, it denies until it is whole.

    `phase`: when it may begin to let pass.
    """
    action, lines = entry
    if action == "deny":
        phase = Phase.TIGHTEN
    head = f"route-map {name} {action} {number}"
    while_made = f"route-map {name} deny {number}" if used and action == "permit" else head
    yield from (Edit(phase, (while_made,), line) for line in lines)
    if not lines or while_made != head:
        yield Edit(phase, (head,), "")
