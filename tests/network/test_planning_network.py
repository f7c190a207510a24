"""Plans of many routers: order, what is left out or unknown, the same digest, and what would cut luxops off."""

from __future__ import annotations

import random
from collections.abc import Mapping
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.network.mutations import FRR, IOS, mutated
from tests.network.router_text import written

from luxops.domains.network.config import RouterConfig
from luxops.domains.network.planning import NetworkPlan
from luxops.domains.network.planning.assembly import declared, plan_network, reread
from luxops.domains.network.planning.consequences import consequences, planned_configs, stopping
from luxops.federation import Federation
from luxops.federation.schema import Platform
from luxops.model import Failure, FailureReason, TargetId

pytestmark = pytest.mark.slow

SILENT = Failure(reason=FailureReason.TIMEOUT, detail="no answer within 30 s", retryable=True)
Seen = dict[TargetId, RouterConfig | Failure]


@pytest.fixture(scope="module")
def wanted(federation: Federation) -> Mapping[TargetId, RouterConfig]:
    return declared(federation, [TargetId(name) for name in federation.routers])


def changed(config: RouterConfig, chance: random.Random) -> RouterConfig:
    name = TargetId(config.hostname)
    node = mutated(config.lines, chance.randrange(1, 4), chance, FRR if config.platform is Platform.FRR else IOS)
    lines = [" " * (len(line) - len(line.lstrip())) + line for line in written(node)]
    return reread(config.platform, lines, name)


def less(config: RouterConfig, start: str) -> RouterConfig:
    """Without the lines that begin so."""
    lines = [line for line in config.lines if not line.strip().startswith(start)]
    assert len(lines) < len(config.lines)
    return reread(config.platform, lines, TargetId(config.hostname))


def names(plan: NetworkPlan) -> list[str]:
    return [device.device for device in plan.devices]


def test_a_plans_lines_are_read_again_as_the_configuration(wanted: Mapping[TargetId, RouterConfig]) -> None:
    for name, config in wanted.items():
        again = reread(config.platform, config.lines, name)
        assert again.lines == config.lines
        left = {"lines", "version", "users", "bgp"}
        assert again.model_dump(exclude=left) == config.model_dump(exclude=left)
        assert again.bgp is not None
        assert config.bgp is not None
        assert set(again.bgp.networks) == set(config.bgp.networks)
        assert again.bgp.neighbours == config.bgp.neighbours


def test_nothing_to_do(federation: Federation, wanted: Mapping[TargetId, RouterConfig]) -> None:
    plan = plan_network(federation, wanted, wanted)
    assert (plan.devices, plan.unknown) == ((), ())


def test_routers_without_difference_are_left_out_and_silent_ones_are_named(
    federation: Federation, wanted: Mapping[TargetId, RouterConfig]
) -> None:
    silent, other = TargetId("hrs-edge1"), TargetId("chl-edge2")
    seen: Seen = {**wanted, silent: SILENT, other: less(wanted[other], "log syslog")}
    del seen[TargetId("dc1-core1")]
    plan = plan_network(federation, seen, wanted)
    assert names(plan) == [other]
    assert plan.unknown == ("dc1-core1: it was not asked", f"hrs-edge1: {SILENT}")
    assert [change.path for change in plan.devices[0].diff] == ["log syslog informational"]
    assert plan.devices[0].rollback


def test_a_canary_first_and_no_pair_in_a_row(federation: Federation, wanted: Mapping[TargetId, RouterConfig]) -> None:
    chance = random.Random(1)  # noqa: S311 - no secret
    plan = plan_network(federation, {name: changed(config, chance) for name, config in wanted.items()}, wanted)
    order = [federation.routers[name] for name in names(plan)]
    assert {router.id for router in order} == set(federation.routers)
    assert [router.role for router in order] == ["edge"] * 4 + ["core"] * 2
    edges = [router.hospital for router in order if router.hospital]
    assert all(one != other for one, other in pairwise(edges))


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 2**16), order=st.permutations(["chl-edge1", "chl-edge2", "hrs-edge1", "hrs-edge2", "dc1-core1"]))
def test_the_same_state_gives_the_same_digest(
    federation: Federation, wanted: Mapping[TargetId, RouterConfig], seed: int, order: list[str]
) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    seen = {name: changed(config, chance) for name, config in wanted.items()}
    first = plan_network(federation, seen, wanted)
    again = plan_network(
        federation, {TargetId(n): seen[TargetId(n)] for n in order}, {TargetId(n): wanted[TargetId(n)] for n in order}
    )
    whole = plan_network(federation, dict(reversed(list(seen.items()))), dict(reversed(list(wanted.items()))))
    assert whole == first
    assert NetworkPlan.model_validate_json(first.model_dump_json()) == first
    assert (again.digest == first.digest) == (names(again) == names(first))


def without_access(config: RouterConfig) -> RouterConfig:
    if config.platform is Platform.IOS_XE:
        return config.model_copy(update={"users": {}})
    return config.model_copy(update={"management": config.management.model_copy(update={"ssh_sources": ()})})


@pytest.mark.parametrize("router", ["chl-edge1", "hrs-edge2"])
def test_what_would_cut_luxops_off_is_not_planned(
    federation: Federation, wanted: Mapping[TargetId, RouterConfig], router: str
) -> None:
    name = TargetId(router)
    has = wanted[name].model_copy(update={"users": {"luxops": "strong"}})
    gone = without_access(has).model_copy(update={"lines": has.lines[:-1]})
    plan = plan_network(federation, {name: has}, {name: gone})
    assert plan.devices == ()
    assert len(plan.unknown) == 1
    assert "it would cut luxops' own access" in plan.unknown[0]
    # What lets nobody in now can be mended.
    assert names(plan_network(federation, {name: gone}, {name: has})) == [router]


def test_paths_while_a_router_is_out_and_afterwards(federation: Federation, wanted: Mapping[TargetId, RouterConfig]) -> None:
    name = TargetId("dc1-core1")
    seen = less(wanted[name], "neighbor 10.250.0.6 ")  # no session with hrs-edge1
    plan = plan_network(federation, {name: seen}, {name: wanted[name]})
    found = consequences(federation, plan)
    assert found.after == ()
    assert {loss.lost for loss in found.devices[0].while_out} >= {"path"}
    back = plan_network(federation, {name: wanted[name]}, {name: seen})
    assert planned_configs(federation, back)[name].lines == seen.lines
    worse = consequences(federation, back)
    assert worse.after
    assert {loss.lost for loss in worse.after} <= {"path", "spare"}
    assert bool(stopping(worse.after)) == any(loss.lost == "path" for loss in worse.after)
