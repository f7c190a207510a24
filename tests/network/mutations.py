"""A router that is not as declared: a design's normalised lines with things changed by hand, none impossible for it."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

from tests.network.router_text import Node, nested

Mutation = Callable[[Node, random.Random], None]


def mutated(lines: Sequence[str], count: int, chance: random.Random, mutations: Sequence[Mutation]) -> Node:
    """The lines as nodes, changed `count` times."""
    node = nested(lines)
    for _ in range(count):
        chance.choice(mutations)(node, chance)
    return node


def _some(node: Node, pattern: str, chance: random.Random) -> str:
    found = [text for text in node if re.match(pattern, text)]
    return chance.choice(found) if found else ""


def _bgp(node: Node) -> Node:
    return next((below for text, below in node.items() if text.startswith("router bgp ")), {})


def _family(node: Node) -> Node:
    return next((below for text, below in _bgp(node).items() if text.startswith("address-family ")), {})


def _neighbours(node: Node) -> list[str]:
    return [text.split()[1] for text in _bgp(node) if re.match(r"neighbor \S+ remote-as ", text)]


def neighbour_lost(node: Node, chance: random.Random) -> None:
    if names := _neighbours(node):
        name = chance.choice(names)
        for part in (_bgp(node), _family(node)):
            for text in [t for t in part if t.startswith(f"neighbor {name} ")]:
                del part[text]


def neighbour_added(node: Node, chance: random.Random) -> None:
    if not _bgp(node):
        return
    name = f"203.0.113.{chance.randrange(1, 9)}"
    lines = [f"neighbor {name} {rest}" for rest in ("remote-as 65020", "description Übergang é", "password <secret>")]
    family = [f"neighbor {name} activate", f"neighbor {name} route-map {_any_map(node, chance)} in"]
    if name not in _neighbours(node):
        _bgp(node).update({line: {} for line in lines})
        _family(node).update({line: {} for line in family[: chance.randrange(1, 3)]})


def _any_map(node: Node, chance: random.Random) -> str:
    maps = [text.split()[1] for text in node if text.startswith("route-map ")]
    return chance.choice([*maps, "NOWHERE"])


def session_line_lost(node: Node, chance: random.Random) -> None:
    part = chance.choice([_bgp(node), _family(node)])
    if text := _some(part, r"(no )?(neighbor \S+ (?!remote-as|bfd|activate)|network|bgp (?!ebgp))", chance):
        del part[text]


def bfd_lost(node: Node, chance: random.Random) -> None:
    if text := _some(_bgp(node), r"neighbor \S+ (bfd|fall-over)", chance):
        for other in [t for t in _bgp(node) if t == text or t.startswith(f"{text} ")]:
            del _bgp(node)[other]


def session_line_changed(node: Node, chance: random.Random) -> None:
    part = chance.choice([_bgp(node), _family(node)])
    changes = ((r"(neighbor \S+ remote-as) .*", "64999"), (r"(neighbor \S+ description) .*", "liaison d’été"),
               (r"(neighbor \S+ timers) .*", "3 9"), (r"(neighbor \S+ maximum-prefix) .*", "7"),
               (r"(bgp router-id) .*", "192.0.2.9"),
               (r"(neighbor \S+ route-map) \S+ (?=in|out)", _any_map(node, chance) + " "))  # fmt: skip
    pattern, value = chance.choice(changes)
    if text := _some(part, pattern, chance):
        del part[text]
        part[re.sub(pattern, rf"\1 {value}", text)] = {}


def session_line_added(node: Node, chance: random.Random) -> None:
    if names := _neighbours(node):
        name = chance.choice(names)
        part, line = chance.choice([
            (_bgp(node), f"neighbor {name} shutdown"),
            (_family(node), f"neighbor {name} prefix-list {_any_list(node, chance)} in"),
            (_family(node), "network 192.0.2.0/24"), (_family(node), "redistribute static"),
        ])  # fmt: skip
        if not any(t.startswith(f"neighbor {name} prefix-list") for t in part) or "prefix-list" not in line:
            part[line] = {}


def deactivated(node: Node, chance: random.Random) -> None:
    if text := _some(_family(node), r"neighbor \S+ activate", chance):
        del _family(node)[text]


def _any_list(node: Node, chance: random.Random) -> str:
    return chance.choice([*(text.split()[2] for text in node if text.startswith("ip prefix-list ")), "NOBODY"])


def rule_lost(node: Node, chance: random.Random) -> None:
    if head := _some(node, "ip prefix-list ", chance):
        del node[head][chance.choice(list(node[head]))]
        if not node[head]:
            del node[head]


def rule_added(node: Node, chance: random.Random) -> None:
    head = _some(node, "ip prefix-list ", chance) if chance.random() < 0.8 else f"ip prefix-list BY-HAND{chance.randrange(3)}"
    if not head:
        return
    rules = node.setdefault(head, {})
    number, action = chance.choice([3, 5, 7, 10, 12, 40]), chance.choice(["permit", "permit", "deny"])
    prefix = chance.choice(["10.99.0.0/16", "10.16.0.0/12 le 24", "10.16.2.0/24", "10.64.0.0/24 ge 25 le 28", "172.16.0.0/12"])
    if not any(rule.partition(f" {action} ")[2] == prefix for rule in rules):
        for rule in [rule for rule in rules if rule.startswith(f"seq {number} ")]:
            del rules[rule]
        rules[f"seq {number} {action} {prefix}"] = {}


def renumbered(node: Node, chance: random.Random) -> None:
    """As if one rule had been put in before: all numbers behind it move."""
    if head := _some(node, "ip prefix-list ", chance):
        rules = list(node[head])
        node[head] = {re.sub(r"seq (\d+)", lambda m: f"seq {int(m[1]) + 5}", rule): {} for rule in rules}


def list_lost(node: Node, chance: random.Random) -> None:
    if head := _some(node, "ip prefix-list ", chance):
        del node[head]


def entry_lost(node: Node, chance: random.Random) -> None:
    if head := _some(node, "route-map ", chance):
        del node[head]


def entry_added(node: Node, chance: random.Random) -> None:
    name, number = _any_map(node, chance), chance.choice([5, 10, 15, 20, 30])
    action = chance.choice(["permit", "permit", "deny"])
    for head in [t for t in node if re.fullmatch(rf"route-map {name} \S+ {number}", t)]:
        del node[head]
    below = [f"match ip address prefix-list {_any_list(node, chance)}", "set metric 7"]
    chosen = below if action == "permit" else [below[0].rsplit(" ", 1)[0] + " BY-HAND"]
    node[f"route-map {name} {action} {number}"] = {line: {} for line in chosen if chance.random() < 0.8}


def entry_changed(node: Node, chance: random.Random) -> None:
    if head := _some(node, "route-map .* permit ", chance):
        below = node[head]
        match chance.randrange(3):
            case 0:
                below.pop(_some(below, "match ", chance), None)
            case 1:
                for text in [t for t in below if t.startswith("set metric ")]:
                    del below[text]
                below["set metric 999"] = {}
            case _:
                for text in [t for t in below if t.startswith("match ")]:
                    del below[text]
                below[f"match ip address prefix-list {_any_list(node, chance)}"] = {}


def route_changed(node: Node, chance: random.Random) -> None:
    if text := _some(node, "ip route ", chance):
        del node[text]
        if chance.random() < 0.5:
            node[" ".join([*text.split()[:-1], "10.250.250.77"])] = {}


def globals_changed(node: Node, chance: random.Random) -> None:
    if text := _some(node, r"log syslog |logging host |ntp server |banner |no ip http|service ", chance):
        del node[text]


ROUTING: tuple[Mutation, ...] = (
    neighbour_lost, neighbour_added, session_line_lost, bfd_lost, session_line_changed, session_line_changed,
    session_line_added, deactivated, rule_lost, rule_added, rule_added, renumbered, list_lost, entry_lost, entry_added,
    entry_changed, route_changed, globals_changed,
)  # fmt: skip


def acl_line_lost(node: Node, chance: random.Random) -> None:
    if (head := _some(node, "(ip )?access-list ", chance)) and (text := _some(node[head], r"(?!type filter)", chance)):
        del node[head][text]
        if not node[head]:
            del node[head]


def acl_lost(node: Node, chance: random.Random) -> None:
    if head := _some(node, "(ip )?access-list ", chance):
        del node[head]


def acl_shuffled(node: Node, chance: random.Random) -> None:
    if head := _some(node, "(ip )?access-list ", chance):
        lines = list(node[head])
        first = lines[:1] if lines[0].startswith("type filter") else []
        rest = lines[len(first) :]
        chance.shuffle(rest)
        node[head] = {line: {} for line in [*first, *rest]}


def acl_hole(node: Node, chance: random.Random) -> None:
    """A line by hand, at the top or at the bottom."""
    head = _some(node, "(ip )?access-list ", chance)
    if not head:
        return
    lines = list(node[head])
    first = lines[:1] if lines and lines[0].startswith("type filter") else []
    if head.startswith("access-list "):
        line = chance.choice(["ip saddr 10.9.0.0/16 accept", 'ip saddr 10.250.0.0/16 drop comment "by hand"'])
    elif head.startswith("ip access-list standard "):
        line = chance.choice(["permit 10.9.9.9", "deny 10.9.9.8"])
    else:
        line = chance.choice(["permit ip 10.9.0.0 0.0.255.255 any", "deny tcp any any eq 22", "permit tcp any any established"])
    rest = lines[len(first) :]
    if line not in rest:
        node[head] = {text: {} for text in [*first, *([line, *rest] if chance.random() < 0.7 else [*rest, line])]}


PACKETS: tuple[Mutation, ...] = (acl_line_lost, acl_lost, acl_shuffled, acl_hole, acl_hole)


def interface_changed(node: Node, chance: random.Random) -> None:
    if (head := _some(node, "interface ", chance)) and "GigabitEthernet0" not in head:
        below = node[head]
        if text := _some(below, r"(description|no ip|ip access-group) ", chance):
            del below[text]
            if text.startswith("description ") and chance.random() < 0.6:
                below["description Réseau «été» ✓"] = {}
            if text.startswith("ip access-group ") and chance.random() < 0.6:
                lists = [t.split()[3] for t in node if t.startswith("ip access-list extended ")]
                below[f"ip access-group {chance.choice([*lists, 'GONE'])} {text.split()[3]}"] = {}


def frr_interface_by_hand(node: Node, chance: random.Random) -> None:
    node["interface by-hand"] = {"ip address 192.0.2.1/24": {}}
    if (head := _some(node, "interface (?!lo|by)", chance)) and (text := _some(node[head], "ip address ", chance)):
        if chance.random() < 0.5:
            node[head]["ip address 198.51.100.1/30"] = {}
        else:
            del node[head][text]
            node[head][text.partition("/")[0] + "/29"] = {}


def ios_interface_by_hand(node: Node, chance: random.Random) -> None:
    name = chance.choice(["GigabitEthernet0/0/7", "Loopback9"])
    lists = [t.split()[3] for t in node if t.startswith("ip access-list extended ")]
    below = ["description à la main", "ip address 198.51.100.9 255.255.255.252"]
    below += [f"ip access-group {chance.choice(lists)} in"] if lists else []
    node[f"interface {name}"] = {line: {} for line in below}


def ios_terminal_changed(node: Node, chance: random.Random) -> None:
    head = _some(node, "line vty ", chance)
    if head and (text := _some(node[head], r"exec-timeout|transport|access-class", chance)):
        del node[head][text]
        if text.startswith("transport "):
            node[head]["transport input all"] = {}


def ios_undeclared(node: Node, chance: random.Random) -> None:
    line = chance.choice(["snmp-server community <secret> RO", "ip http server", "username eve privilege 15 secret <secret>"])
    if line == "ip http server":
        node.pop("no ip http server", None)
    node[line] = {}


def file_changed(node: Node, chance: random.Random) -> None:
    if head := _some(node, "file ", chance):
        if chance.random() < 0.4:
            del node[head]
        else:
            node[head]["# kept"[2:] + " X-By-Hand yes"] = {}


def foreign_table(node: Node, chance: random.Random) -> None:
    del chance
    node["nft table ip nat"] = {
        "chain POST": {"type nat hook postrouting priority srcnat; policy accept;": {}, "masquerade": {}}
    }


FRR: tuple[Mutation, ...] = (*ROUTING, *PACKETS, interface_changed, frr_interface_by_hand, file_changed, foreign_table)
IOS: tuple[Mutation, ...] = (
    *ROUTING, *PACKETS, *PACKETS, interface_changed, interface_changed, ios_interface_by_hand, ios_terminal_changed,
)  # fmt: skip
"""Without `ios_undeclared`: secrets by hand cannot come back, see its own test."""
