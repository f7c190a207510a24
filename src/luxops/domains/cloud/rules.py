"""Security-group rules and routes of an owner, compiled from flows. Pure; nothing of it is declared anywhere else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network, collapse_addresses
from typing import Literal, NamedTuple

from luxops.federation import Federation
from luxops.federation.federation import Flow, FlowEnd
from luxops.federation.schema import HospitalFile, ServiceFile

Datacentre = Literal["dc1", "dc2"]
ICMP_ECHO = (8, 0)
"""Type and code, which Neutron keeps where ports stand otherwise."""
DATACENTRES: tuple[Datacentre, ...] = ("dc1", "dc2")
_ANY = IPv4Network("0.0.0.0/0")

Owner = HospitalFile | ServiceFile
Direction = Literal["ingress", "egress"]


class Place(NamedTuple):
    """A zone of an owner in one datacentre: a subnet with a security group of its own."""

    zone: str
    place: Datacentre


class Rule(NamedTuple):
    """What may pass one group, in one direction. Neutron refuses a second rule like it, whatever its description."""

    direction: Direction
    protocol: str
    low: int
    high: int
    remote: IPv4Network

    @property
    def name(self) -> str:
        """Unique within a group."""
        ports = str(self.low) if self.low == self.high else f"{self.low}-{self.high}"
        return f"{self.direction}-{self.protocol}-{ports}-{str(self.remote).replace('/', '_')}"


def owner_of(federation: Federation, name: str) -> Owner:
    """The hospital or service of that name. Raises UsageError."""
    return federation.services[name] if name in federation.services else federation.hospital(name)


def rules_of(federation: Federation, owner: str) -> Mapping[Place, Mapping[Rule, tuple[Flow, ...]]]:
    """For each of the owner's places in the cloud, its rules, each with the flows that need it."""
    found: dict[Place, dict[Rule, tuple[Flow, ...]]] = {}
    for flow in federation.flows:
        for direction, here, there in _ends(flow):
            if here.owner != owner or here.place not in DATACENTRES:
                continue
            rules = found.setdefault(Place(here.zone, here.place), {})
            for low, high in _ports(flow):
                rule = Rule(direction, flow.protocol, low, high, there.prefix)
                if flow not in rules.get(rule, ()):
                    rules[rule] = (*rules.get(rule, ()), flow)
    return {place: _joined(rules) for place, rules in found.items()}


def _joined(rules: Mapping[Rule, tuple[Flow, ...]]) -> Mapping[Rule, tuple[Flow, ...]]:
    """Rules of the same flows that differ only in prefixes next to each other, as one: it lets through exactly as much."""
    alike: dict[tuple[Rule, tuple[Flow, ...]], list[IPv4Network]] = {}
    for rule, flows in rules.items():
        alike.setdefault((rule._replace(remote=_ANY), flows), []).append(rule.remote)
    found: dict[Rule, tuple[Flow, ...]] = {}
    for (rule, flows), prefixes in alike.items():
        for prefix in collapse_addresses(prefixes):
            joined = rule._replace(remote=prefix)
            found[joined] = (*found.get(joined, ()), *flows)
    return found


def _ends(flow: Flow) -> Iterator[tuple[Direction, FlowEnd, FlowEnd]]:
    """Direction as the first end sees it, and who is at the other."""
    for source in flow.sources:
        for destination in flow.destinations:
            if source.prefix != destination.prefix:
                yield "egress", source, destination
                yield "ingress", destination, source


def _ports(flow: Flow) -> tuple[tuple[int, int], ...]:
    return (ICMP_ECHO,) if flow.protocol == "icmp" else flow.ports


def remote_prefixes(federation: Federation, owner: str, place: Datacentre) -> tuple[IPv4Network, ...]:
    """What the owner's router in a datacentre needs a route to: the far ends of flows, outside its own subnets there."""
    own = subnets_at(owner_of(federation, owner), place)
    found = {
        there.prefix
        for flow in federation.flows
        for _, here, there in _ends(flow)
        if here.owner == owner and here.place == place and there.prefix not in own.values()
    }
    return tuple(collapse_addresses(found))


def subnets_at(owner: Owner, place: Datacentre) -> Mapping[str, IPv4Network]:
    """Zone → its subnet in a datacentre."""
    zones = owner.zones.items() if isinstance(owner, HospitalFile) else ((owner.hosted_in.zone, owner.hosted_in),)
    return {zone: declared.prefixes[place] for zone, declared in zones if place in declared.prefixes}


def places_of(owner: Owner) -> tuple[Datacentre, ...]:
    """The datacentres in which the owner has a subnet."""
    return tuple(place for place in DATACENTRES if subnets_at(owner, place))


def zones_of(owner: Owner) -> tuple[str, ...]:
    """Zones with a subnet in the cloud."""
    return tuple(dict.fromkeys(zone for place in DATACENTRES for zone in subnets_at(owner, place)))
