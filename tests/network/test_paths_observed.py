"""Which paths are up now, by what routers answer; and what a configuration that was read does to paths."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import IPv4Network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.network.test_network_domain import LOST, Canned, targets
from tests.network.transcripts import recorded
from tests.support.fibres import Fibre, answers, federation_of, ladder

from luxops.domains.network import NetworkDomain, design_router
from luxops.domains.network.backups.fact import BACKUP
from luxops.domains.network.config import NeighbourConfig, RouteMapRule, RouterConfig
from luxops.domains.network.operational import Bfd, Bgp, Interfaces, Routes
from luxops.domains.network.paths import (
    Leg,
    Look,
    Network,
    Survey,
    as_seen,
    crossing,
    element_named,
    flow_paths,
    impact,
    routers_needed,
)
from luxops.domains.network.platforms import PLATFORMS
from luxops.domains.network.platforms.interface import BFD, BGP, FACTS, INTERFACES, ROUTES
from luxops.federation import Federation
from luxops.model import FactValue, Observation, TargetId
from luxops.progress import Silent
from luxops.transports.interface import DeviceReply

pytestmark = pytest.mark.slow

FEDERATION = federation_of(ladder("chl", "hrs"), campuses=True)
TO_DC1, TO_DC2 = ("chl/1", "chl campus", "dc1"), ("chl/1", "chl campus", "dc2")


def now(federation: Federation, observations: list[Observation]) -> dict[tuple[str, str, str], Leg]:
    flows = flow_paths(Survey(Network.declared(federation)), crossing(federation), Look(federation, observations))
    return {(flow.flow, leg.source, leg.destination): leg for flow in flows for leg in flow.legs}


def without(*names: str) -> Network:
    return Network.declared(FEDERATION).without(*(element_named(FEDERATION, name) for name in names))


def changed(
    observations: list[Observation], router: str, fact: str, change: Callable[[FactValue], FactValue]
) -> list[Observation]:
    return [
        Observation.of(o.target, o.fact, change(o.value)) if (o.target, o.fact) == (router, fact) and o.value else o
        for o in observations
    ]


def test_everything_up_goes_as_declared() -> None:
    for leg in now(FEDERATION, answers(without())).values():
        assert leg.now is not None
        assert (leg.now.state, leg.now.paths, leg.now.reason) == ("up", leg.paths, "")
        assert leg.spare is None or (leg.spare_now is not None and leg.spare_now.state == "up")


def test_after_a_cut_the_path_is_up_over_the_other_edge_router_and_the_spare_is_not_spare() -> None:
    leg = now(FEDERATION, answers(without("f1")))[TO_DC1]
    assert leg.now is not None
    assert (leg.now.state, leg.now.paths[0].routers) == ("up", ("chl-edge2", "dc2-core1", "dc1-core1"))
    seen = as_seen(Network.declared(FEDERATION), Look(FEDERATION, answers(without("f1"))))
    assert ("link", "f1") in seen.out
    assert seen.unsure == {}
    assert {(loss.source, loss.destination, loss.lost) for loss in impact(Network.declared(FEDERATION), seen)} >= {
        ("chl campus", "dc1", "spare"),
    }  # fmt: skip


def test_a_spare_whose_session_is_down_is_down() -> None:
    leg = now(FEDERATION, answers(without("f2")))[TO_DC1]
    assert leg.now is not None
    assert leg.spare_now is not None
    assert (leg.now.state, leg.spare_now.state) == ("up", "down")
    assert leg.spare_now.reason == "chl-edge2 has no session with dc2-core1: Active"


@pytest.mark.parametrize(
    ("fact", "change", "reason"),
    [
        (BFD, lambda _: Bfd(peers={"10.250.0.5": "down"}), "BFD from chl-edge2 to dc2-core1 is down"),
        (BGP, lambda v: v.model_copy(update={"neighbours": {}}), "no session with dc2-core1: not configured"),
        (
            INTERFACES,
            lambda v: Interfaces(interfaces={k: s.model_copy(update={"operational": "down"}) for k, s in v.interfaces.items()}),
            "if2 of chl-edge2 is down",
        ),
    ],
)  # fmt: skip
def test_a_session_is_down_where_any_fact_says_so(fact: str, change: Callable[[FactValue], FactValue], reason: str) -> None:
    leg = now(FEDERATION, changed(answers(without()), "chl-edge2", fact, change))[TO_DC1]
    assert leg.spare_now is not None
    assert leg.spare_now.state == "down"
    assert reason in leg.spare_now.reason


def test_what_could_not_be_observed_is_unknown_with_the_reason() -> None:
    found = now(FEDERATION, answers(without(), silent=["dc1-core1"]))
    leg = found[TO_DC1]
    assert leg.now is not None
    assert (leg.now.state, leg.now.paths) == ("unknown", ())
    assert leg.now.reason == "dc1-core1: unreachable: connection refused"
    # Its neighbours tell that the sessions of the spare are up.
    assert leg.spare_now is not None
    assert leg.spare_now.state == "up"


def test_a_router_that_was_not_asked_is_unknown() -> None:
    asked = [o for o in answers(without()) if o.target != "dc2-core1"]
    leg = now(FEDERATION, asked)[TO_DC2]
    assert leg.now is not None
    assert (leg.now.state, leg.now.reason) == ("unknown", "dc2-core1 was not asked")


def test_sessions_that_no_end_tells_of_are_unsure_and_so_is_what_passes_them() -> None:
    before = Network.declared(FEDERATION)
    blind = as_seen(before, Look(FEDERATION, answers(without(), silent=["dc1-core1", "chl-edge1"])))
    assert set(blind.unsure) == {("link", "f1")}
    lost = {(loss.source, loss.destination): loss for loss in impact(before, blind)}
    assert lost["chl campus", "dc1"].lost == "unknown"
    assert "unreachable" in lost["chl campus", "dc1"].reason
    assert ("hrs campus", "dc1") not in lost


def _lacks(prefix: str) -> Callable[[FactValue], FactValue]:
    def change(value: FactValue) -> FactValue:
        assert isinstance(value, Routes)
        return Routes(routes={name: route for name, route in value.routes.items() if name != prefix})

    return change


def _turned(prefix: str, address: str) -> Callable[[FactValue], FactValue]:
    def change(value: FactValue) -> FactValue:
        assert isinstance(value, Routes)
        route = value.routes[prefix]
        hop = route.next_hops[0].model_copy(update={"address": address})
        return Routes(routes={**value.routes, prefix: route.model_copy(update={"next_hops": (hop,)})})

    return change


def _idle(prefix: str) -> Callable[[FactValue], FactValue]:
    def change(value: FactValue) -> FactValue:
        assert isinstance(value, Routes)
        return Routes(routes={**value.routes, prefix: value.routes[prefix].model_copy(update={"installed": False})})

    return change


@pytest.mark.parametrize(
    ("router", "change", "reason"),
    [
        ("dc1-core1", _lacks("10.16.1.0/24"), "dc1-core1 has no route to 10.16.1.0/24"),
        ("dc1-core1", _turned("10.16.1.0/24", "10.250.0.2"), "packets to 10.16.1.0/24 go round in a circle"),
        ("dc1-core1", _turned("10.16.1.0/24", "192.0.2.9"), "to 192.0.2.9, which is no neighbour"),
        ("dc1-core1", _idle("10.16.1.0/24"), "dc1-core1 has not put its route to 10.16.1.0/24 in force"),
        ("dc2-core1", _lacks("10.16.2.0/24"), "answers: dc2-core1 has no route to 10.16.2.0/24"),
        ("dc2-core1", _turned("10.16.2.0/24", "10.250.0.4"), "answers come in by chl-edge2, which drops them"),
    ],
)
def test_where_packets_really_go_counts(router: str, change: Callable[[FactValue], FactValue], reason: str) -> None:
    leg = now(FEDERATION, changed(answers(without()), router, ROUTES, change))[TO_DC2]
    assert leg.now is not None
    assert leg.now.state == "down"
    assert reason in leg.now.reason


def test_a_less_specific_route_counts_where_there_is_no_better() -> None:
    def wider(value: FactValue) -> FactValue:
        assert isinstance(value, Routes)
        kept = {name: route for name, route in value.routes.items() if name != "10.16.1.0/24"}
        return Routes(routes={**kept, "10.16.0.0/15": value.routes["10.16.1.0/24"]})

    leg = now(FEDERATION, changed(answers(without()), "dc1-core1", ROUTES, wider))[TO_DC2]
    assert leg.now is not None
    assert leg.now.state == "up"


def test_the_core_that_holds_the_shared_address_is_where_a_datacentre_leaves_by() -> None:
    fibres = [*ladder("chl"), Fibre("dc1-core1", "dc1-core2"), Fibre("dc1-core2", "dc2-core1")]
    federation = federation_of(fibres)
    seen = answers(Network.declared(federation))

    def holds(value: FactValue) -> FactValue:
        assert isinstance(value, Interfaces)
        state = next(iter(value.interfaces.values())).model_copy(
            update={"addresses": ("10.250.251.253/24",), "operational": "up"}
        )
        return Interfaces.model_validate({"interfaces": {**value.interfaces, "cloud": state.model_dump()}})

    leg = now(federation, changed(seen, "dc1-core2", INTERFACES, holds))["chl/2", "dc1", "dc2"]
    assert leg.paths[0].routers == ("dc1-core1", "dc2-core1")
    assert leg.now is not None
    assert leg.now.paths[0].routers == ("dc1-core2", "dc2-core1")


def test_an_external_peer_is_met_where_its_session_is_up() -> None:
    federation = federation_of(ladder("chl"), attached=["dc1-core1", "dc2-core1"])
    network = Network.declared(federation).without(element_named(federation, "healthnet@dc1-core1"))
    leg = now(federation, answers(network))["chl/3", "healthnet", "dc1"]
    assert leg.now is not None
    assert (leg.now.state, leg.now.paths[0].attachments) == ("up", ("healthnet@dc2-core1",))
    gone = network.without(element_named(federation, "healthnet@dc2-core1"))
    leg = now(federation, answers(gone))["chl/3", "healthnet", "dc1"]
    assert leg.now is not None
    assert leg.now.state == "down"


def test_whom_to_ask() -> None:
    pairs = [pair for pair in crossing(FEDERATION) if pair.flow.id == "chl/1"]
    assert routers_needed(FEDERATION, pairs) == {"chl-edge1", "chl-edge2", "dc1-core1", "dc2-core1"}


@settings(max_examples=60, deadline=None)
@given(st.sets(st.sampled_from(sorted(FEDERATION.routers))), st.sampled_from([(), ("f0",), ("f1",), ("hrs-edge1",)]))
def test_silence_never_makes_anything_up(silent: set[str], out: tuple[str, ...]) -> None:
    """The fewer answers, the fewer statements: what is up or down with some silent is the same when all answer."""
    whole = now(FEDERATION, answers(without(*out)))
    for key, leg in now(FEDERATION, answers(without(*out), silent=silent)).items():
        for told, full in ((leg.now, whole[key].now), (leg.spare_now, whole[key].spare_now)):
            if told is None or full is None:
                assert told == full
            elif told.state == "unknown":
                assert told.reason
            else:
                assert told.state == full.state


def test_answers_of_real_routers(federation: Federation) -> None:
    """Recorded from FRR: an edge and a core of six routers; the others cannot be reached."""
    replies = {name: DeviceReply(target=TargetId(name), failure=LOST) for name in federation.routers}
    for name in ("chl-edge1", "dc1-core1"):
        replies[name] = DeviceReply(target=TargetId(name), transcripts=recorded(name))
    domain = NetworkDomain(Canned(replies))
    seen = [o for answer in domain.observe(targets(federation, *federation.routers), Silent()) for o in answer]
    assert {o.fact for o in seen} == {*FACTS, BACKUP}
    found = now(federation, seen)
    own = found["chl/1", "chl campus", "dc1"].now
    assert own is not None
    assert (own.state, own.paths[0].routers) == ("up", ("chl-edge1", "dc1-core1"))
    behind = found["chl/1", "chl campus", "dc2"].now
    assert behind is not None
    assert (behind.state, behind.reason) == ("unknown", "dc2-core1: session-lost: the connection closed")
    # No answer from the other hospital's routers, but the core says that it knows no way to it.
    other = found["anim/1", "hrs campus", "dc1"].now
    assert other is not None
    assert (other.state, other.reason) == ("down", "answers: dc1-core1 has no route to 10.32.3.0/24")


def configs(federation: Federation) -> dict[str, RouterConfig]:
    return {
        name: PLATFORMS[router.platform].configured(design_router(federation, name))
        for name, router in federation.routers.items()
    }


def _edited(config: RouterConfig, **bgp: object) -> RouterConfig:
    assert config.bgp is not None
    return config.model_copy(update={"bgp": config.bgp.model_copy(update=bgp)})


def test_a_planned_configuration_that_drops_a_session_costs_what_hangs_on_it() -> None:
    known = configs(FEDERATION)
    assert known["chl-edge2"].bgp is not None
    planned = {**known, "chl-edge2": _edited(known["chl-edge2"], neighbours={})}
    lost = impact(Network.configured(FEDERATION, known), Network.configured(FEDERATION, planned))
    assert {(loss.source, loss.destination, loss.lost) for loss in lost} >= {("chl campus", "dc1", "spare")}
    assert not [loss for loss in lost if loss.lost == "path"]


@pytest.mark.parametrize("wrong", ["remote_as", "shutdown", "prefix"])
def test_a_session_that_cannot_come_up_carries_nothing(wrong: str) -> None:
    known = configs(FEDERATION)
    edge = known["chl-edge1"]
    assert edge.bgp is not None
    (address, neighbour), *_ = edge.bgp.neighbours.items()
    changes: Mapping[str, NeighbourConfig] = {
        "remote_as": neighbour.model_copy(update={"remote_as": 1}),
        "shutdown": neighbour.model_copy(update={"shutdown": True}),
        "prefix": neighbour,
    }
    edge = _edited(edge, neighbours={address: changes[wrong]})
    if wrong == "prefix":
        edge = edge.model_copy(update={"prefix_lists": dict.fromkeys(edge.prefix_lists, ())})
    network = Network.configured(FEDERATION, {**known, "chl-edge1": edge})
    assert network.routes(network.class_of(IPv4Network("10.16.0.0/24"))).rib.get("chl-edge1") is None
    lost = impact(Network.declared(FEDERATION), network)
    assert {loss.lost for loss in lost if loss.flow == "chl/1"} == {"spare"}


@pytest.mark.parametrize(
    ("rule", "doubt"),
    [
        ({"matches": ("as-path NONE",), "prefix_lists": ()}, "matches as-path NONE"),
        ({"sets": ("as-path prepend 64512",)}, "sets as-path prepend 64512"),
        ({"prefix_lists": ("NOWHERE",), "matches": ("ip address prefix-list NOWHERE",)}, "there is no prefix list NOWHERE"),
    ],
)
def test_what_the_model_does_not_know_makes_paths_unknown(rule: dict[str, object], doubt: str) -> None:
    known = configs(FEDERATION)
    core = known["dc1-core1"]
    entry = core.route_maps["CHL-OUT"][0].model_copy(update=rule)
    assert isinstance(entry, RouteMapRule)
    odd = core.model_copy(update={"route_maps": {**core.route_maps, "CHL-OUT": (entry,)}})
    network = Network.configured(FEDERATION, {**known, "dc1-core1": odd})
    assert doubt in network.unsure["router", "dc1-core1"]
    flows = flow_paths(Survey(network), crossing(FEDERATION))
    legs = {(flow.flow, leg.source, leg.destination): leg for flow in flows for leg in flow.legs}
    assert legs[TO_DC1].unknown
    assert legs[TO_DC1].paths == ()
    assert doubt in legs[TO_DC1].broken
    assert {loss.lost for loss in impact(Network.declared(FEDERATION), network) if loss.flow == "chl/1"} == {"unknown"}


def test_a_router_without_bgp_carries_nothing() -> None:
    known = configs(FEDERATION)
    bare = known["dc2-core1"].model_copy(update={"bgp": None})
    lost = impact(Network.declared(FEDERATION), Network.configured(FEDERATION, {**known, "dc2-core1": bare}))
    assert {(loss.flow, loss.lost) for loss in lost} >= {("chl/1", "path"), ("chl/2", "path")}


def test_bgp_facts_alone_say_which_sessions_run() -> None:
    """What the push gate has after a change: the sessions, nothing else."""
    facts = [o for o in answers(without("f1")) if o.fact == BGP]
    assert all(isinstance(o.value, Bgp) for o in facts)
    seen = as_seen(Network.declared(FEDERATION), Look(FEDERATION, facts))
    assert (seen.out, seen.unsure) == (frozenset({("link", "f1")}), {})


def _lines(config: RouterConfig, *extra: str) -> RouterConfig:
    """With these lines added to its BGP block."""
    at = next(n for n, line in enumerate(config.lines) if line.startswith("router bgp")) + 1
    return config.model_copy(update={"lines": (*config.lines[:at], *extra, *config.lines[at:])})


RING = [
    Fibre("dc1-core1", "dc2-core1"), Fibre("dc1-core2", "dc2-core2"), Fibre("dc1-core1", "dc1-core2"),
    Fibre("dc2-core1", "dc2-core2"), Fibre("chl-edge1", "dc1-core1"), Fibre("chl-edge2", "dc2-core1"),
]  # fmt: skip


def test_route_reflection_among_the_cores_gives_back_what_the_ring_of_fibres_promises() -> None:
    federation = federation_of(RING)
    known = configs(federation)
    reflecting = {}
    for name, config in known.items():
        assert config.bgp is not None
        inner = [address for address, n in config.bgp.neighbours.items() if n.remote_as == 64512 == config.bgp.as_number]
        added = [f"    neighbor {a} {word}" for a in inner for word in ("route-reflector-client", "next-hop-self force")]
        reflecting[name] = _lines(config, *added, *(["    maximum-paths ibgp 1"] if inner else []))
    plain, mended = Network.configured(federation, known), Network.configured(federation, reflecting)
    assert mended.unsure == {}
    assert impact(plain, mended) == ()
    for element in ("dc1-core1", "dc2-core1", "f0"):
        less = [network.without(element_named(federation, element)) for network in (plain, mended)]
        lost = [{loss.flow for loss in impact(plain, network) if loss.lost == "path" and not loss.end_out} for network in less]
        assert lost[0]
        assert lost[1] == set()


@pytest.mark.parametrize(
    ("line", "doubt"),
    [
        ("    neighbor 10.250.0.1 route-reflector-client", "keep next hops"),
        ("    neighbor 10.250.0.1 allowas-in", "allowas-in"),
        ("  bgp always-compare-med", "always-compare-med"),
        ("    aggregate-address 10.16.0.0/16 summary-only", "aggregate-address"),
    ],
)
def test_a_line_of_bgp_that_the_model_does_not_know_makes_the_router_unsure(line: str, doubt: str) -> None:
    known = configs(FEDERATION)
    network = Network.configured(FEDERATION, {**known, "dc1-core1": _lines(known["dc1-core1"], line)})
    assert doubt in network.unsure["router", "dc1-core1"]


def test_maximum_paths_say_how_many_equal_routes_are_used() -> None:
    federation = federation_of([*RING, Fibre("chl-edge1", "dc1-core2")])
    known = configs(federation)
    pair = next(pair for pair in crossing(federation) if (pair.source.place, pair.destination.place) == ("campus", "dc1"))
    for line, expected in (((), 2), (("    maximum-paths 1",), 1), (("    maximum-paths ibgp 1",), 2)):
        survey = Survey(Network.configured(federation, {**known, "chl-edge1": _lines(known["chl-edge1"], *line)}))
        assert len(survey.ways(survey.end(pair.source), survey.end(pair.destination)).paths) == expected
