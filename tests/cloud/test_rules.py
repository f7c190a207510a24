"""Security-group rules and routes against the flows themselves: exactly what was declared, and no way beside it."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.drafts import COMPLETE, SMALL

from luxops.domains.cloud.rules import (
    DATACENTRES,
    ICMP_ECHO,
    Place,
    Rule,
    _joined,
    places_of,
    remote_prefixes,
    rules_of,
    subnets_at,
    zones_of,
)
from luxops.federation import Federation, load_federation
from luxops.federation.federation import Flow, FlowEnd

BOTH = pytest.mark.parametrize("folder", [SMALL, pytest.param(COMPLETE, marks=pytest.mark.slow)], ids=["small", "example"])


@functools.cache
def federation(folder: Path) -> Federation:
    return load_federation(folder)


@functools.cache
def compiled(folder: Path, owner: str) -> Mapping[Place, Mapping[Rule, tuple[Flow, ...]]]:
    return rules_of(federation(folder), owner)


def owners(known: Federation) -> list[str]:
    return [*known.hospitals, *known.services]


def places(known: Federation) -> Iterator[tuple[str, Place, IPv4Network]]:
    """Every place in the cloud: whose, where, and its subnet."""
    for name in owners(known):
        owner = known.services.get(name) or known.hospitals[name]
        for place in DATACENTRES:
            for zone, prefix in subnets_at(owner, place).items():
                yield name, Place(zone, place), prefix


def ends(known: Federation) -> list[IPv4Network]:
    """Every subnet that any flow speaks of, and one that none does."""
    found = {end.prefix for flow in known.flows for end in (*flow.sources, *flow.destinations)}
    return [*sorted(found), IPv4Network("203.0.113.0/24")]


def union(ranges: Iterable[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    """The same ports of each protocol, in as few ranges as can be. Of icmp, the numbers are type and code."""
    found: list[tuple[str, int, int]] = []
    for protocol, low, high in sorted(ranges):
        if found and protocol != "icmp" and found[-1][0] == protocol and low <= found[-1][2] + 1:
            found[-1] = (protocol, found[-1][1], max(high, found[-1][2]))
        elif (protocol, low, high) not in found:
            found.append((protocol, low, high))
    return found


def said(flows: Iterable[Flow]) -> list[tuple[str, int, int]]:
    return union((flow.protocol, *ports) for flow in flows for ports in (flow.ports or (ICMP_ECHO,)))


@BOTH
def test_exactly_the_declared_flows_pass(folder: Path) -> None:
    known = federation(folder)
    covers = {f.id: (_covered(known, f.sources), _covered(known, f.destinations)) for f in known.flows}
    passing = 0
    for owner, place, here in places(known):
        rules = compiled(folder, owner).get(place, {})
        for far in ends(known):
            inward = said(f for f in known.flows if far != here and far in covers[f.id][0] and here in covers[f.id][1])
            outward = said(f for f in known.flows if far != here and here in covers[f.id][0] and far in covers[f.id][1])
            for direction, wanted in (("ingress", inward), ("egress", outward)):
                let = [r for r in rules if r.direction == direction and far.subnet_of(r.remote)]
                assert union((r.protocol, r.low, r.high) for r in let) == wanted, (owner, place, direction, far)
                passing += bool(wanted)
    assert passing


def _covered(known: Federation, some: tuple[FlowEnd, ...]) -> set[IPv4Network]:
    """The subnets of which every address is at this end of a flow."""
    return {prefix for prefix in ends(known) if any(prefix.subnet_of(end.prefix) for end in some)}


@BOTH
def test_no_rule_is_wider_than_what_its_flows_speak_of(folder: Path) -> None:
    known = federation(folder)
    for owner in owners(known):
        for rules in compiled(folder, owner).values():
            for rule, flows in rules.items():
                far = {e.prefix for f in flows for e in (f.sources if rule.direction == "ingress" else f.destinations)}
                assert flows
                assert sum(prefix.num_addresses for prefix in far if prefix.subnet_of(rule.remote)) >= rule.remote.num_addresses


@BOTH
def test_each_rule_has_a_name_of_its_own(folder: Path) -> None:
    """Neutron refuses a second rule like another, and Pulumi a second name."""
    known = federation(folder)
    for owner in owners(known):
        for rules in compiled(folder, owner).values():
            assert len({rule.name for rule in rules}) == len(rules)


def test_rules_only_for_places_in_the_cloud() -> None:
    known = federation(SMALL)
    for owner in owners(known):
        there = known.services.get(owner) or known.hospitals[owner]
        assert {place.place for place in rules_of(known, owner)} <= set(places_of(there))
        assert {place.zone for place in rules_of(known, owner)} <= set(zones_of(there))


PREFIX = st.builds(
    lambda number, length: IPv4Network((int(IPv4Address("10.0.0.0")) + (number << 8), length), strict=False),
    st.integers(0, 31),
    st.sampled_from([22, 23, 24]),
)


@given(st.lists(st.tuples(PREFIX, st.sampled_from("ab"), st.sampled_from([80, 443])), max_size=20))
def test_joined_rules_let_through_exactly_as_much(drawn: list[tuple[IPv4Network, str, int]]) -> None:
    rules: dict[Rule, tuple[Flow, ...]] = {}
    for prefix, flow, port in drawn:
        rule = Rule("ingress", "tcp", port, port, prefix)
        rules[rule] = (*rules.get(rule, ()), _flow(flow))
    joined = _joined(rules)
    assert _addresses(joined) == _addresses(rules)
    alike = [(rule._replace(remote=IPv4Network("0.0.0.0/0")), flows, rule.remote) for rule, flows in joined.items()]
    for one in alike:
        for other in alike:
            if one is not other and one[:2] == other[:2]:
                assert not one[2].overlaps(other[2])
                assert one[2].supernet() != other[2].supernet()


def test_a_rule_that_two_joins_come_to_has_the_flows_of_both() -> None:
    halves = [Rule("ingress", "tcp", 80, 80, IPv4Network(prefix)) for prefix in ("10.0.0.0/24", "10.0.1.0/24")]
    both = Rule("ingress", "tcp", 80, 80, IPv4Network("10.0.0.0/23"))
    joined = _joined({halves[0]: (_flow("a"),), halves[1]: (_flow("a"),), both: (_flow("b"),)})
    assert {rule: {flow.id for flow in flows} for rule, flows in joined.items()} == {both: {"a/1", "b/1"}}


def _flow(name: str) -> Flow:
    return Flow(id=f"{name}/1", sources=(), destinations=(), protocol="tcp", ports=(), why="for a test")


def _addresses(rules: Mapping[Rule, tuple[Flow, ...]]) -> set[tuple[int, str, IPv4Network]]:
    """Port, flow and each /24 that gets through."""
    return {
        (rule.low, flow.id, part)
        for rule, flows in rules.items()
        for flow in flows
        for part in rule.remote.subnets(new_prefix=24)
    }


@BOTH
def test_a_route_for_every_flow_and_for_nothing_else(folder: Path) -> None:
    known = federation(folder)
    for name in owners(known):
        owner = known.services.get(name) or known.hospitals[name]
        for place in DATACENTRES:
            own = set(subnets_at(owner, place).values())
            pairs = [
                (here, there.prefix)
                for flow in known.flows
                for one, other in ((flow.sources, flow.destinations), (flow.destinations, flow.sources))
                for here in one
                for there in other
                if here.owner == name and here.place == place and there.prefix not in own
            ]
            routes = remote_prefixes(known, name, place)
            for _, there in pairs:
                assert sum(there.subnet_of(route) for route in routes) == 1
            reached = {part for _, there in pairs for part in there.subnets(new_prefix=max(24, there.prefixlen))}
            assert {p for r in routes for p in r.subnets(new_prefix=max(24, r.prefixlen))} <= reached


def test_no_flow_no_route() -> None:
    known = federation(SMALL)
    quiet = known.model_copy(update={"flows": ()})
    for owner in owners(quiet):
        assert rules_of(quiet, owner) == {}
        assert all(remote_prefixes(quiet, owner, place) == () for place in DATACENTRES)
