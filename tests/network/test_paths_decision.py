"""Filters and choices, one by one."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.fibres import Fibre, federation_of, ladder

from luxops.domains.network.nouns import PrefixRule
from luxops.domains.network.paths import Leg, Network, Survey, crossing, flow_paths
from luxops.domains.network.paths.decision import Allowed, Session, settle
from luxops.domains.network.paths.speakers import EVERYTHING, NOTHING, PrefixFilter, Speaker, Verdict

RULES = (
    PrefixRule(sequence=5, action="deny", prefix=IPv4Network("10.1.1.0/24")),
    PrefixRule(sequence=10, action="permit", prefix=IPv4Network("10.1.0.0/16"), le=24),
    PrefixRule(sequence=15, action="permit", prefix=IPv4Network("10.2.0.0/16")),
    PrefixRule(sequence=20, action="permit", prefix=IPv4Network("10.3.0.0/16"), ge=20, le=24),
    PrefixRule(sequence=25, action="permit", prefix=IPv4Network("10.1.1.0/24")),
)


@pytest.mark.parametrize(
    ("prefix", "permitted"),
    [
        ("10.1.1.0/24", False),  # the first that matches decides
        ("10.1.2.0/24", True),
        ("10.1.0.0/16", True),
        ("10.1.2.128/25", False),
        ("10.2.0.0/16", True),
        ("10.2.1.0/24", False),  # without bounds: exactly this one
        ("10.3.0.0/16", False),
        ("10.3.16.0/20", True),
        ("10.3.16.0/25", False),
        ("10.0.0.0/8", False),
        ("172.16.0.0/20", False),
    ],
)
def test_prefix_lists(prefix: str, permitted: bool) -> None:  # noqa: FBT001 - a case
    assert PrefixFilter(RULES).permits(IPv4Network(prefix)) is permitted


prefixes = st.tuples(st.integers(0, 255), st.integers(8, 30)).map(
    lambda n: IPv4Network((n[0] << 16 | 10 << 24, n[1]), strict=False)
)


@st.composite
def rules(draw: st.DrawFn) -> PrefixRule:
    prefix = draw(prefixes)
    bounds = sorted(draw(st.lists(st.integers(prefix.prefixlen, 32), min_size=2, max_size=2)))
    ge, le = draw(st.sampled_from([(None, None), (bounds[0], None), (None, bounds[1]), (bounds[0], bounds[1])]))
    return PrefixRule(sequence=5, action=draw(st.sampled_from(["permit", "deny"])), prefix=prefix, ge=ge, le=le)


@given(st.lists(rules(), max_size=6), prefixes)
def test_a_prefix_list_is_read_from_top_to_bottom(entries: list[PrefixRule], prefix: IPv4Network) -> None:
    expected = False
    for rule in entries:
        exact = rule.ge is None and rule.le is None
        low, high = (rule.prefix.prefixlen,) * 2 if exact else (rule.ge or rule.prefix.prefixlen, rule.le or 32)
        if low <= prefix.prefixlen <= high and prefix.subnet_of(rule.prefix):
            expected = rule.action == "permit"
            break
    assert PrefixFilter(entries).permits(prefix) is expected


def _speaker(name: str, as_number: int, router_id: int, *, multipath: bool = False) -> Speaker:
    nothing: tuple[frozenset[IPv4Address], frozenset[IPv4Network]] = frozenset(), frozenset()
    return Speaker(name, as_number, router_id, multipath, *nothing, {}, multipath_inside=multipath)


def _chosen(*told: tuple[str, Verdict], inside: tuple[str, ...] = (), multipath: bool = False) -> list[str]:
    """Whose routes `me` takes, of neighbours a, b and c that each have the prefix of their own and tell it so."""
    names = {name: n for n, name in enumerate("abc", 1)}

    def tells(name: str) -> Session:
        return Session(name, "me", ("link", name), name in inside, EVERYTHING, EVERYTHING, names[name])

    speakers = {name: _speaker(name, 1 if name in inside else 10 + n, n) for name, n in names.items()}
    speakers["me"] = _speaker("me", 1, 9, multipath=multipath)
    allowed = {name: [Allowed(tells(name), verdict, NOTHING)] for name, verdict in told}
    return [session.sender for session in settle(speakers, list(allowed), allowed, frozenset()).rib["me"]]


def test_what_decides_in_its_order() -> None:
    assert _chosen(("a", NOTHING), ("b", NOTHING)) == ["a"]  # the lower router id
    assert _chosen(("a", Verdict(med=50)), ("b", NOTHING), inside=("a", "b")) == ["b"]  # the lower MED
    assert _chosen(("a", NOTHING), ("b", Verdict(preference=200)), inside=("a", "b")) == ["b"]  # local preference
    assert _chosen(("a", NOTHING), ("b", NOTHING), inside=("a",)) == ["a"]  # a shorter AS path beats a session outside
    assert _chosen(("a", Verdict(med=90)), ("b", Verdict(med=10))) == ["a"]  # MEDs of two ASes are not compared


def test_equal_routes_are_spread_over_only_where_the_router_does_that() -> None:
    both = ("a", NOTHING), ("b", NOTHING)
    assert _chosen(*both, inside=("a", "b"), multipath=True) == ["a", "b"]
    assert _chosen(*both, multipath=True) == ["a"]  # another AS path is not equal
    assert _chosen(("a", NOTHING), ("b", Verdict(med=1)), inside=("a", "b"), multipath=True) == ["a"]


def test_an_as_takes_no_route_that_has_been_through_it() -> None:
    """Two routers of one AS that do not know of each other, joined by another AS."""
    speakers = {"left": _speaker("left", 1, 1), "mid": _speaker("mid", 2, 2), "right": _speaker("right", 1, 3)}
    pairs = ("left", "mid"), ("mid", "right")
    allowed = {a: [Allowed(Session(a, b, ("link", a), False, EVERYTHING, EVERYTHING, 1), NOTHING, NOTHING)] for a, b in pairs}
    assert set(settle(speakers, ["left"], allowed, frozenset()).rib) == {"left", "mid"}


def _legs(network: Network) -> dict[tuple[str, str], Leg]:
    flows = flow_paths(Survey(network), crossing(network.federation))
    return {(leg.source, leg.destination): leg for flow in flows for leg in flow.legs}


def test_a_datacentre_leaves_by_the_core_that_holds_its_address_even_where_that_one_knows_no_way() -> None:
    """dc1-core1 is up and has no session at all: that dc1-core2 has a route does not help what is sent to dc1-core1."""
    fibres = [Fibre("dc1-core2", "dc2-core1"), Fibre("chl-edge1", "dc1-core2"), Fibre("chl-edge2", "dc2-core1"),
              Fibre("dc1-core1", "dc1-core2")]  # fmt: skip
    federation = federation_of(fibres)
    order = ["dc1-core1", *(name for name in federation.routers if name != "dc1-core1")]
    federation = federation.model_copy(update={"routers": {name: federation.routers[name] for name in order}})
    network = Network.declared(federation).lacking([("link", "f3")])
    legs = _legs(network)
    assert legs["dc1", "dc2"].broken == "dc1-core1 has no route to dc2"
    gone = network.lacking([("router", "dc1-core1")])
    legs = _legs(gone)
    assert legs["dc1", "dc2"].paths[0].routers == ("dc1-core2", "dc2-core1")


def test_an_edge_router_without_the_subnet_does_not_announce_it() -> None:
    federation = federation_of(ladder("chl"))
    bare = federation.routers["chl-edge1"].model_copy(update={"lan": {}})
    federation = federation.model_copy(update={"routers": {**federation.routers, "chl-edge1": bare}})
    legs = flow_paths(Survey(Network.declared(federation)), crossing(federation))[0].legs
    assert {leg.paths[0].routers[0] for leg in legs} == {"chl-edge2"}
    assert {leg.back[0].routers[-1] for leg in legs} == {"chl-edge2"}
