"""Access lists compiled from flows: no flow, no packet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from ipaddress import IPv4Network, collapse_addresses

from luxops.domains.network.nouns import Acl, AclRule
from luxops.federation import Flow, FlowEnd

Side = Callable[[FlowEnd], bool]
"""Whether an end lies on the side of a filter that it guards."""


def compile_acl(name: str, flows: Iterable[Flow], *, source: Side, destination: Side, stateful: bool) -> Acl:
    """What the flows allow from `source` to `destination`, and the answers to what they allow the other way."""
    known = tuple(flows)
    return Acl(
        name=name,
        rules=_rules(known, source, destination),
        returns=_rules(known, destination, source),
        stateful=stateful,
    )


def _rules(flows: Iterable[Flow], source: Side, destination: Side) -> tuple[AclRule, ...]:
    """In order of declaration. A packet that two flows allow is listed once, for the first."""
    rules: dict[tuple[object, ...], AclRule] = {}
    for flow in flows:
        for sources, destinations in _pairs(flow, source, destination):
            for ports in flow.ports or (None,):
                for from_ in sources:
                    for to in destinations:
                        rule = AclRule(protocol=flow.protocol, source=from_, destination=to, ports=ports, flow=flow.id)
                        rules.setdefault((flow.protocol, from_, to, ports), rule)
    return tuple(rules.values())


def _pairs(flow: Flow, source: Side, destination: Side) -> list[tuple[tuple[IPv4Network, ...], tuple[IPv4Network, ...]]]:
    """The flow's sources and destinations on either side, with neighbouring prefixes joined where that widens nothing."""
    reach: dict[IPv4Network, set[IPv4Network]] = defaultdict(set)
    theirs = list(filter(destination, flow.destinations))
    for from_ in filter(source, flow.sources) if theirs else ():
        for to in theirs:
            if from_ != to:
                reach[from_.prefix].add(to.prefix)
    together: dict[tuple[IPv4Network, ...], list[IPv4Network]] = defaultdict(list)
    for from_prefix, to_prefixes in sorted(reach.items()):
        together[_joined(to_prefixes)].append(from_prefix)
    return [(_joined(sources), destinations) for destinations, sources in together.items()]


def _joined(prefixes: Collection[IPv4Network]) -> tuple[IPv4Network, ...]:
    return tuple(collapse_addresses(prefixes)) if len(prefixes) > 1 else tuple(prefixes)
