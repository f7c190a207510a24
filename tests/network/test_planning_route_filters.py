"""Prefix lists and route maps, changed line by line under a session that uses them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.network.openness import open_to, samples
from tests.network.router_text import FrrRouter, IosRouter, Router

from luxops.domains.network import PLATFORMS
from luxops.domains.network.config import RouterConfig
from luxops.domains.network.platforms.frr.configuration import configuration as frr_configuration
from luxops.domains.network.platforms.ios_xe.configuration import configuration as ios_configuration
from luxops.federation.schema import Platform
from luxops.model import TargetId

ROUTER = TargetId("r1")
PREFIXES = ("10.0.0.0/8 le 24", "10.1.0.0/16", "10.1.0.0/16 le 24", "10.2.0.0/16 ge 17 le 24", "172.16.0.0/12")
FAMILY = {Platform.FRR: "address-family ipv4 unicast", Platform.IOS_XE: "address-family ipv4"}


def config(router: Router, platform: Platform) -> RouterConfig:
    if platform is Platform.FRR:
        return frr_configuration(router.running(), "", {}, None, ROUTER)
    return ios_configuration(router.running(), ROUTER)


def lines(platform: Platform, text: Sequence[str], bound: Mapping[str, str]) -> list[str]:
    session = ["neighbor 192.0.2.1 activate", *(f"neighbor 192.0.2.1 {kind} {name} in" for kind, name in bound.items())]
    return [
        f"hostname {ROUTER}", *text, "router bgp 65001",
        "  no bgp default ipv4-unicast", "  neighbor 192.0.2.1 remote-as 65002",
        f"  {FAMILY[platform]}", *(f"    {line}" for line in session),
    ]  # fmt: skip


def listed(name: str, rules: Mapping[int, tuple[str, str]]) -> list[str]:
    seen: dict[str, str] = {}
    for number, (action, prefix) in sorted(rules.items()):
        seen.setdefault(f"{action} {prefix}", f"  seq {number} {action} {prefix}")  # a router keeps the same policy once
    return [f"ip prefix-list {name}", *seen.values()] if seen else []


RULES = st.dictionaries(
    st.sampled_from([3, 5, 10, 15]),
    st.tuples(st.sampled_from(["permit", "permit", "deny"]), st.sampled_from(PREFIXES)),
    max_size=4,
)


@st.composite
def configurations(draw: st.DrawFn) -> tuple[list[str], dict[str, str]]:
    """Two lists for what is permitted, one for what is denied, two maps, and what the session is bound to."""
    text = [line for name in ("A", "B", "OFF") for line in listed(name, draw(RULES))]
    for name in ("M", "N"):
        for number in sorted(draw(st.sets(st.sampled_from([10, 20, 30]), max_size=3))):
            action = draw(st.sampled_from(["permit", "permit", "deny"]))
            listed_by = draw(st.sampled_from(["A", "B"])) if action == "permit" else "OFF"
            text.append(f"route-map {name} {action} {number}")
            text += [f"  match ip address prefix-list {listed_by}"] if draw(st.integers(0, 4)) else []
            text += [f"  set metric {draw(st.sampled_from([50, 60]))}"] if action == "permit" and draw(st.booleans()) else []
    bound = draw(st.sampled_from([{}, {"route-map": "M"}, {"route-map": "N"}, {"prefix-list": "A"}]))
    return text, bound


@settings(deadline=None, max_examples=150)
@given(before=configurations(), after=configurations(), platform=st.sampled_from(list(Platform)))
def test_no_route_passes_on_the_way_that_passes_at_neither_end(
    before: tuple[list[str], dict[str, str]], after: tuple[list[str], dict[str, str]], platform: Platform
) -> None:
    kind = FrrRouter if platform is Platform.FRR else IosRouter
    router, end = kind(lines(platform, *before)), config(kind(lines(platform, *after)), platform)
    start = config(router, platform)
    routes, _ = samples((start, end))
    allowed = open_to(start, routes, ()) | open_to(end, routes, ())
    for step in PLATFORMS[platform].steps(start.lines, end.lines, "luxops"):
        if step.kind == "configure":
            for line in step.lines:
                router.line(line.strip())
                more = open_to(config(router, platform), routes, ()) - allowed
                assert not more, (step.title, line)
    assert config(router, platform).lines == end.lines


@pytest.mark.parametrize("platform", list(Platform))
def test_deny_in_front_of_a_wide_permit_goes_last(platform: Platform) -> None:
    narrow = ["ip prefix-list A", "  seq 5 permit 10.1.0.0/16"]
    wide = ["ip prefix-list A", "  seq 3 deny 10.2.0.0/16 le 32", "  seq 7 permit 10.0.0.0/8 le 24"]
    bound = {"prefix-list": "A"}
    steps = PLATFORMS[platform].steps(lines(platform, wide, bound), lines(platform, narrow, bound), "luxops")
    sent = [line for step in steps for line in step.lines if "prefix-list A " in line and "255.255.255.255" not in line]
    assert sent == [
        "no ip prefix-list A seq 7 permit 10.0.0.0/8 le 24",
        "no ip prefix-list A seq 3 deny 10.2.0.0/16 le 32",
        "ip prefix-list A seq 5 permit 10.1.0.0/16",
    ]


def test_entry_that_comes_into_use_denies_until_it_is_whole() -> None:
    text = ["ip prefix-list A", "  seq 5 permit 10.1.0.0/16", "route-map M permit 10", "  match ip address prefix-list A"]
    more = [*text, "route-map M permit 20", "  match ip address prefix-list A", "  set metric 60"]
    bound = {"route-map": "M"}
    (step, *_) = PLATFORMS[Platform.FRR].steps(lines(Platform.FRR, text, bound), lines(Platform.FRR, more, bound), "luxops")
    assert [line.strip() for line in step.lines] == [
        "route-map M deny 20", "match ip address prefix-list A", "set metric 60", "exit", "route-map M permit 20", "exit",
    ]  # fmt: skip
