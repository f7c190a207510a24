"""What holds of paths whatever the fibres: drawn networks of two datacentres and up to three hospitals."""

from __future__ import annotations

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.fibres import Fibre, federation_of

from luxops.domains.network.design import design_router
from luxops.domains.network.paths import (
    Network,
    Path,
    Survey,
    all_elements,
    crossing,
    decision,
    flow_paths,
    impact,
    outages,
    weaknesses,
)
from luxops.domains.network.paths.decision import settle
from luxops.domains.network.platforms import PLATFORMS
from luxops.federation import Federation

pytestmark = pytest.mark.slow

CORES = ["dc1-core1", "dc1-core2", "dc2-core1", "dc2-core2"]
RISKS = ["a", "b", "c"]
some_risks = st.lists(st.sampled_from(RISKS), max_size=2, unique=True).map(tuple)


@st.composite
def federations(draw: st.DrawFn) -> Federation:
    cores = draw(st.sampled_from([[CORES[0], CORES[2]], CORES[:3], CORES]))
    pairs = [(a, b) for n, a in enumerate(cores) for b in cores[n + 1 :]]
    fibres = [Fibre(a, b, draw(some_risks)) for a, b in pairs if draw(st.booleans())]
    for hospital in draw(st.sampled_from([["chl"], ["chl", "hrs"], ["chl", "hrs", "lns"]])):
        for edge in (f"{hospital}-edge1", f"{hospital}-edge2")[: draw(st.integers(1, 2))]:
            uplinks = draw(st.lists(st.sampled_from(cores), min_size=1, max_size=3))
            fibres += [Fibre(edge, core, draw(some_risks)) for core in uplinks]
    platforms = {name: draw(st.sampled_from(["frr", "ios-xe"])) for name in ("chl-edge1", "hrs-edge1")}
    attached = draw(st.lists(st.sampled_from(cores), max_size=2, unique=True))
    return federation_of(fibres, attached=attached, platforms=platforms, campuses=draw(st.booleans()))


def paths_of(network: Network) -> list[tuple[str, str, Path]]:
    flows = flow_paths(Survey(network), crossing(network.federation))
    return [(leg.source, leg.destination, path) for flow in flows for leg in flow.legs for path in leg.paths]


def real(federation: Federation, path: Path) -> bool:
    """Whether each link joins the routers before and after it, and no router comes twice."""
    ends = {link.id: {link.a.router, link.b.router} for link in federation.links}
    joined = zip(path.links, path.routers, path.routers[1:], strict=False)
    whole = len(path.links) == len(path.routers) - 1 and len(set(path.routers)) == len(path.routers)
    return whole and all(ends[link] == {a, b} for link, a, b in joined)


@settings(max_examples=30, deadline=None)
@given(federations())
def test_a_path_is_made_of_fibres_and_an_outage_never_invents_one(federation: Federation) -> None:
    network = Network.declared(federation)
    assert all(real(federation, path) for _, _, path in paths_of(network))
    for element in all_elements(federation):
        less = network.without(element)
        for _, _, path in paths_of(less):
            assert real(federation, path)
            assert element not in path.elements
            points = {(e.kind, e.id) for e in path.elements}
            assert not points & less.out
        # Routing may find another way where something is out, but never where no fibre is left.
        assert set(less.fibres.nodes) <= set(network.fibres.nodes)
        assert set(less.fibres.edges(keys=True)) <= set(network.fibres.edges(keys=True))


@settings(max_examples=30, deadline=None)
@given(federations())
def test_a_spare_is_disjoint_and_works_when_all_of_the_path_is_out(federation: Federation) -> None:
    network = Network.declared(federation)
    for flow in flow_paths(Survey(network), crossing(federation)):
        for leg in flow.legs:
            if leg.spare is None:
                continue
            used = leg.paths[0].elements | leg.back[0].elements
            assert used & leg.spare.elements == set(leg.spare_shares)
            assert all(element.kind == "router" and "core" in element.id for element in leg.spare_shares)
            left = [
                path
                for a, b, path in paths_of(network.without(*(used - set(leg.spare_shares))))
                if (a, b) == (leg.source, leg.destination)
            ]
            assert leg.spare in left


@settings(max_examples=30, deadline=None)
@given(federations())
def test_every_flow_and_every_element_is_told_exactly_once(federation: Federation) -> None:
    network = Network.declared(federation)
    survey, pairs = Survey(network), crossing(federation)
    flows = flow_paths(survey, pairs)
    assert [flow.flow for flow in flows] == [flow.id for flow in federation.flows]
    assert sum(leg.subnets for flow in flows for leg in flow.legs) == len(pairs)
    assert all(bool(leg.paths) != bool(leg.broken) and bool(leg.paths) == bool(leg.back) for f in flows for leg in f.legs)
    found = outages(survey, pairs)
    told = [element for outage in found for element in outage.elements]
    assert sorted(map(str, told)) == sorted(map(str, all_elements(federation)))
    for weakness in weaknesses(network, flows, found, flows):
        assert weakness.title
        assert weakness.why
        assert weakness.remedy


@settings(max_examples=30, deadline=None)
@given(federations(), st.data())
def test_impact_of_an_element_is_what_its_outage_says(federation: Federation, data: st.DataObject) -> None:
    network = Network.declared(federation)
    assert impact(network, network) == ()
    element = data.draw(st.sampled_from(list(all_elements(federation))))
    survey = Survey(network)
    found = {e: o for o in outages(survey, crossing(federation)) for e in o.elements}[element]
    lost = [loss for loss in impact(network, network.without(element)) if loss.lost == "path"]
    assert {(loss.flow, loss.source, loss.destination, loss.end_out, loss.reason) for loss in lost} == {
        (flow, cut.source, cut.destination, cut.end_out, cut.reason) for cut in found.lost for flow in cut.flows
    }
    for loss in lost:
        assert loss.before is not None
        assert loss.reason


@settings(max_examples=50, deadline=None)
@given(federations(), st.data())
def test_routes_are_at_rest_whatever_is_out(federation: Federation, data: st.DataObject) -> None:
    """Nobody is told anything that they do not use already, and what is skipped because nobody used it changes nothing."""
    whole = Network.declared(federation)
    out = data.draw(st.lists(st.sampled_from(list(all_elements(federation))), max_size=3))
    network = whole.without(*out)
    for prefix in {end.prefix for pair in crossing(federation) for end in (pair.source, pair.destination)}:
        klass = whole.class_of(prefix)
        rib = network.routes(klass).rib
        origins, allowed = network.known.members[klass]
        fresh = settle(network.speakers, origins, allowed, network.out).rib
        up = {name for name in network.speakers if ("router", name) not in network.out}
        assert {n: r for n, r in rib.items() if n in up} == {n: r for n, r in fresh.items() if n in up}
        for name, sessions in fresh.items():
            assert all(session.sender in fresh and session.over not in network.out for session in sessions)
            assert bool(sessions) != (name in origins)
        for sender, entries in allowed.items():
            for allow in entries:
                session = allow.session
                if (
                    sender not in fresh
                    or session.over in network.out
                    or session.receiver not in up
                    or session.receiver in fresh
                ):
                    continue
                # The neighbour has a route and its receiver has none: only a route that may not be passed on explains it.
                learned_inside = bool(fresh[sender]) and all(s.inside for s in fresh[sender])
                assert (session.inside and learned_inside) or _own_as_in(network, fresh, sender, session.receiver)


def _own_as_in(network: Network, rib: object, sender: str, receiver: str) -> bool:
    """Whether the way from the sender leads through the receiver's own AS."""
    assert isinstance(rib, dict)
    seen = []
    while rib[sender]:
        seen.append(network.speakers[sender].as_number)
        sender = rib[sender][0].sender
    return network.speakers[receiver].as_number in [*seen, network.speakers[sender].as_number]


@settings(max_examples=20, deadline=None)
@given(federations())
def test_a_configuration_that_is_as_declared_gives_the_same_paths(federation: Federation) -> None:
    configs = {
        name: PLATFORMS[router.platform].configured(design_router(federation, name))
        for name, router in federation.routers.items()
    }
    declared, configured = Network.declared(federation), Network.configured(federation, configs)
    assert configured.unsure == {}
    pairs = crossing(federation)
    assert flow_paths(Survey(configured), pairs) == flow_paths(Survey(declared), pairs)
    assert impact(declared, configured) == ()


@settings(max_examples=20, deadline=None)
@given(federations())
def test_what_works_is_joined_by_fibres(federation: Federation) -> None:
    network = Network.declared(federation)
    for _, _, path in paths_of(network):
        assert nx.has_path(network.fibres, path.routers[0], path.routers[-1])


def test_routers_that_do_not_come_to_rest_are_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decision, "PATIENCE", 0)
    federation = federation_of([Fibre("dc1-core1", "dc2-core1"), Fibre("chl-edge1", "dc1-core1")])
    flows = flow_paths(Survey(Network.declared(federation)), crossing(federation))
    for leg in (leg for flow in flows for leg in flow.legs):
        assert (leg.paths, leg.unknown, leg.broken) == ((), True, "routing does not settle")
    assert outages(Survey(Network.declared(federation)), crossing(federation))
