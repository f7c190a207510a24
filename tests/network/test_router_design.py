"""What a design permits is what the flows declare, no more and no less; and what a router may learn follows from it."""

from __future__ import annotations

from ipaddress import IPv4Network
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luxops.domains.network import design_router
from luxops.domains.network.acls import Side, compile_acl
from luxops.domains.network.design import campus_of
from luxops.domains.network.nouns import Acl, AclRule, RouterDesign
from luxops.errors import UsageError
from luxops.federation import Federation, Flow, FlowEnd


def acl(design: RouterDesign, name: str) -> Acl:
    (found,) = (a for a in design.acls if a.name == name)
    return found


def permitted(design: RouterDesign, name: str) -> set[tuple[str, str, str, object]]:
    return {(r.protocol, str(r.source), str(r.destination), r.ports) for r in acl(design, name).rules}


def prefixes(design: RouterDesign, name: str) -> list[str]:
    (found,) = (p for p in design.prefix_lists if p.name == name)
    return [f"{rule.action} {rule.prefix}" + (f" le {rule.le}" if rule.le else "") for rule in found.rules]


def test_unknown_router(federation: Federation) -> None:
    with pytest.raises(UsageError, match="did you mean `hrs-edge1`"):
        design_router(federation, "hsr-edge1")


def test_edge_permits_its_flows_only(federation: Federation) -> None:
    design = design_router(federation, "chl-edge1")
    assert permitted(design, "FIBRE-OUT") == {
        ("tcp", "10.16.3.0/24", "10.64.0.0/23", (2762, 2762)),
        ("udp", "10.16.2.0/24", "10.16.0.0/23", (5060, 5061)),
        ("udp", "10.16.2.0/24", "10.16.0.0/23", (10000, 10999)),
        ("icmp", "10.16.2.0/24", "10.16.8.0/24", None),
    }
    assert permitted(design, "FIBRE-IN") == {
        ("udp", "10.16.0.0/23", "10.16.2.0/24", (5060, 5061)),
        ("udp", "10.16.0.0/23", "10.16.2.0/24", (10000, 10999)),
        ("icmp", "10.16.0.0/23", "10.16.3.0/24", None),
    }
    assert permitted(design, "CAMPUS-IN") == permitted(design, "FIBRE-OUT") | {("icmp", "10.16.2.0/24", "10.16.3.0/24", None)}


def test_other_hospitals_campus_is_in_no_rule_of_an_edge(federation: Federation) -> None:
    design = design_router(federation, "chl-edge1")
    everything = [rule for a in design.acls for rule in (*a.rules, *a.returns)]
    assert everything
    assert not any(rule.source.overlaps(IPv4Network("10.32.0.0/16")) for rule in everything)
    assert not any(rule.destination.overlaps(IPv4Network("10.32.0.0/16")) for rule in everything)


def test_core_guards_hospitals_peers_and_its_datacentre(federation: Federation) -> None:
    design = design_router(federation, "dc1-core1")
    assert [a.name for a in design.acls] == [
        "FIBRE-CHL-IN", "FIBRE-CHL-OUT", "FIBRE-HRS-IN", "FIBRE-HRS-OUT", "PEER-HEALTHNET-IN", "PEER-HEALTHNET-OUT",
        "TRANSIT-IN",
    ]  # fmt: skip
    assert permitted(design, "FIBRE-CHL-IN") == permitted(design_router(federation, "chl-edge1"), "FIBRE-OUT")
    assert permitted(design, "PEER-HEALTHNET-IN") == {("tcp", "172.20.0.0/16", "10.64.0.0/23", (443, 443))}
    assert permitted(design, "PEER-HEALTHNET-OUT") == set()
    (question,) = acl(design, "PEER-HEALTHNET-OUT").returns
    assert (str(question.source), str(question.destination)) == ("172.20.0.0/16", "10.64.0.0/23")


def test_announced_and_accepted_prefixes(federation: Federation) -> None:
    edge, core = design_router(federation, "chl-edge1"), design_router(federation, "dc1-core1")
    assert [str(network) for network in edge.bgp.networks] == ["10.16.2.0/24", "10.16.3.0/24"]
    assert prefixes(edge, "CAMPUS") == ["permit 10.16.2.0/24", "permit 10.16.3.0/24"]
    consumed = ["10.16.0.0/24", "10.16.1.0/24", "10.16.8.0/24", "10.64.0.0/24", "10.64.1.0/24"]
    assert prefixes(edge, "CONSUMED") == [f"permit {prefix}" for prefix in consumed]
    assert prefixes(core, "CHL-CAMPUS") == prefixes(edge, "CAMPUS")
    assert sorted(prefixes(core, "CHL-NEAR") + prefixes(core, "CHL-FAR")) == prefixes(edge, "CONSUMED")
    assert prefixes(core, "PEER-HEALTHNET-IN") == ["permit 172.20.0.0/16 le 24"]
    assert prefixes(core, "PEER-HEALTHNET-OUT") == ["permit 10.64.0.0/24", "permit 10.64.1.0/24"]
    assert {str(route.next_hop) for route in core.static_routes} == {"10.250.250.254"}


def test_list_of_nothing_denies_everything(federation: Federation) -> None:
    quiet = federation.model_copy(update={"flows": ()})
    assert prefixes(design_router(quiet, "dc1-core1"), "PEER-HEALTHNET-OUT") == ["deny 0.0.0.0/0 le 32"]


def test_links_are_seen_from_both_ends(federation: Federation) -> None:
    edge, core = design_router(federation, "chl-edge1"), design_router(federation, "dc1-core1")
    here, there = edge.bgp.neighbours[0], core.bgp.neighbours[0]
    assert (here.address, here.local, here.remote_as) == (there.local, there.address, 64512)
    assert there.remote_as == edge.bgp.as_number == 64601
    assert {n.kind for n in core.bgp.neighbours} == {"link", "core", "peer"}


def test_second_edge_is_second_choice(federation: Federation) -> None:
    metrics = [
        entry.metric
        for router in ("chl-edge1", "chl-edge2")
        for route_map in design_router(federation, router).route_maps
        for entry in route_map.entries
        if route_map.name == "CORE-OUT"
    ]
    assert metrics == [50, 60]


SUBNETS = st.integers(0, 63).map(lambda n: IPv4Network(f"10.0.{4 * (n // 4)}.{64 * (n % 4)}/26"))
ENDS = st.builds(
    FlowEnd, owner=st.sampled_from(["a", "b"]), zone=st.just("z"), place=st.sampled_from(["campus", "dc1"]), prefix=SUBNETS
)
FLOWS = st.lists(
    st.builds(
        Flow,
        id=st.integers(1, 99).map(lambda n: f"x/{n}"),
        sources=st.lists(ENDS, min_size=1, max_size=5).map(tuple),
        destinations=st.lists(ENDS, min_size=1, max_size=5).map(tuple),
        protocol=st.sampled_from(["tcp", "udp"]),
        ports=st.just(((443, 443),)),
        why=st.just("because"),
    ),
    max_size=4,
)


def _takes(rule: AclRule, protocol: str, source: IPv4Network, destination: IPv4Network) -> bool:
    return rule.protocol == protocol and source.subnet_of(rule.source) and destination.subnet_of(rule.destination)


def _inside(end: FlowEnd) -> bool:
    return campus_of("a")(end)


def _outside(end: FlowEnd) -> bool:
    return not _inside(end)


def _anyone(end: FlowEnd) -> bool:
    return bool(end)


@pytest.mark.slow
@pytest.mark.parametrize("destination", [_outside, _anyone])
@settings(deadline=None, max_examples=40)
@given(flows=FLOWS)
def test_compiled_rules_permit_exactly_the_declared_pairs(destination: Side, flows: list[Flow]) -> None:
    compiled = compile_acl("X", flows, source=_inside, destination=destination, stateful=True)
    for ours, from_, to in ((compiled.rules, _inside, destination), (compiled.returns, destination, _inside)):
        declared = {
            (flow.protocol, source.prefix, end.prefix)
            for flow in flows
            for source in filter(from_, flow.sources)
            for end in filter(to, flow.destinations)
            if source != end
        }
        points = {prefix for _, source, end in declared for prefix in (source, end)}
        for packet in product(("tcp", "udp"), points, points):
            assert any(_takes(rule, *packet) for rule in ours) == (packet in declared)
        for rule in ours:
            for source in rule.source.subnets(new_prefix=max(26, rule.source.prefixlen)):
                for end in rule.destination.subnets(new_prefix=max(26, rule.destination.prefixlen)):
                    assert (rule.protocol, source, end) in declared
