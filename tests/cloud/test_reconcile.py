"""The `reconcile` engine: its order, what a failure stops, what it never touches, and how it ends and begins again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.cloud_fake import FakeCloud, Killed, kinds_in_memory
from tests.support.cloud_graph import small_graph, urn_of
from tests.support.cloud_world import CloudWorld
from tests.support.mini_graph import mini

from luxops.domains.cloud.changes import Effect, Operation, Outcome
from luxops.domains.cloud.engines.reconcile import Queue, Task
from luxops.domains.cloud.kinds import BY_TYPE
from luxops.domains.cloud.nouns import Graph, Live, StackId, Urn
from luxops.errors import UsageError
from luxops.progress import Silent

MINI = mini("mini")
STACK = StackId("tenant/mini")


@pytest.fixture(autouse=True)
def in_memory() -> Iterator[None]:
    with kinds_in_memory():
        yield


@pytest.fixture
def cloud() -> FakeCloud:
    return FakeCloud(CloudWorld())


def settled(cloud: FakeCloud, graph: Graph) -> None:
    """The cloud is the graph: nothing missing, nothing different, nothing twice, nothing left over."""
    comparison = cloud.comparison(graph)
    assert comparison.differences == ()
    assert not comparison.matched.unknown
    # A port's groups are made with it, and again by themselves only where they differ.
    made = Counter(thing.kind for thing in cloud.world.things.values() if thing.kind != "port_groups")
    assert made == Counter(kind for r in graph.resources.values() if (kind := BY_TYPE[r.type].name) != "port_groups")


def done(effects: list[Effect]) -> bool:
    return {effect.outcome for effect in effects} <= {Outcome.DONE}


def order(effects: list[Effect]) -> dict[Urn, int]:
    return {effect.urn: number for number, effect in enumerate(effects)}


# Order


@pytest.mark.parametrize("graph", [MINI, small_graph()], ids=["mini", "small"])
@pytest.mark.parametrize("workers", [1, 4])
def test_everything_is_made_after_what_it_needs(cloud: FakeCloud, graph: Graph, workers: int) -> None:
    effects = cloud.up(graph, workers=workers)
    assert done(effects)
    assert order(effects).keys() == graph.resources.keys()
    for urn, number in order(effects).items():
        assert all(order(effects)[needed] < number for needed in graph.resources[urn].depends_on)
    settled(cloud, graph)


def test_a_second_run_does_nothing(cloud: FakeCloud) -> None:
    cloud.up(MINI)
    cloud.calls.clear()
    assert cloud.up(MINI) == []
    assert cloud.calls == []


@pytest.mark.parametrize("workers", [1, 4])
def test_everything_goes_before_what_it_needed(cloud: FakeCloud, workers: int) -> None:
    cloud.up(small_graph())
    effects = cloud.destroy(small_graph(), workers=workers, protected=True)
    assert done(effects)
    assert order(effects).keys() == small_graph().resources.keys()
    for urn, number in order(effects).items():
        assert all(order(effects)[needed] > number for needed in small_graph().resources[urn].depends_on)
    assert cloud.world.things == {}


def test_a_replacement_takes_down_what_stands_on_it_and_builds_it_up_again(cloud: FakeCloud) -> None:
    cloud.up(MINI)
    cloud.world.called("subnet", "mini-sub")[0].properties["cidr"] = "10.252.8.0/24"
    cloud.calls.clear()
    assert done(cloud.up(MINI))
    settled(cloud, MINI)
    verbs = [(verb, kind) for verb, kind, _ in cloud.calls]
    gone = verbs.index(("delete", "subnet"))
    assert {verb for verb, _ in verbs[: gone + 1]} == {"delete"}
    assert {kind for _, kind in verbs[:gone]} == {"router_interface", "port", "port_groups"}
    assert {verb for verb, _ in verbs[gone + 1 :]} == {"create"}


@pytest.mark.parametrize("workers", [1, 4])
def test_an_update_that_waits_for_a_replacement_beside_a_deletion_comes_to_an_end(cloud: FakeCloud, workers: int) -> None:
    """What is left behind goes after what lets go of it, and before what it may stand on: no two wait for each other."""
    cloud.up(MINI)
    subnet = cloud.world.called("subnet", "mini-sub")[0]
    subnet.properties["cidr"] = "10.252.8.0/24"
    cloud.world.called("router", "mini-router")[0].properties["adminStateUp"] = False
    left = {"name": "old", "tenantId": subnet.project, "tags": ["luxops:tenant:mini"]}
    cloud.world.make("router", subnet.project, left)
    port = cloud.world.called("port", "mini-port10")[0]
    port.properties["adminStateUp"] = False
    assert done(cloud.up(MINI, workers=workers))
    settled(cloud, MINI)


def test_tasks_that_wait_for_each_other_are_let_go_and_told() -> None:
    def task(name: str, *needs: str) -> Task:
        return Task((Urn(name), "make"), STACK, Operation.CREATE, frozenset((Urn(n), "make") for n in needs), lambda: None)

    queue = Queue([task("a", "b"), task("b", "a"), task("c")])
    first = queue.next(idle=True)
    assert first is not None
    assert first.key[0] == "c"
    assert queue.next(idle=False) is None
    queue.ended(first, None)
    stuck = queue.next(idle=True)
    assert stuck is not None
    assert queue.lost(stuck) == stuck.key[0]


# Failures


def test_a_failure_stops_only_what_needs_it(cloud: FakeCloud) -> None:
    cloud.refuses = lambda verb, kind, _: (verb, kind) == ("create", "security_group")
    effects = {effect.urn.partition("::")[2].rpartition("::")[2]: effect for effect in cloud.up(MINI)}
    outcomes = {name: effect.outcome for name, effect in effects.items()}
    assert outcomes.pop("group") is Outcome.FAILED
    skipped = {name for name, outcome in outcomes.items() if outcome is Outcome.SKIPPED}
    assert skipped == {"ingress-443", "ingress-11112", "egress-123", "port10", "port11"}
    assert all("tenant/mini::openstack:networking/secGroup:SecGroup::group" in effects[name].detail for name in skipped)
    assert "409: in use" in effects["group"].detail
    cloud.refuses = lambda *_: False
    assert done(cloud.up(MINI))
    settled(cloud, MINI)


def test_a_deletion_that_fails_leaves_what_it_stands_on(cloud: FakeCloud) -> None:
    cloud.up(MINI)
    cloud.refuses = lambda verb, kind, name: (verb, kind, name) == ("delete", "port", "mini-port10")
    effects = cloud.destroy(MINI)
    failed = {effect.urn.rpartition("::")[2] for effect in effects if effect.outcome is not Outcome.DONE}
    assert failed == {"port10", "sub", "net", "group", "project", "network-quota"}
    cloud.refuses = lambda *_: False
    assert done(cloud.destroy(MINI))
    assert cloud.world.things == {}


def test_of_objects_that_nobody_declares_one_failure_stops_no_other(cloud: FakeCloud) -> None:
    cloud.up(MINI)
    gone = mini("gone")
    cloud.up(gone)
    cloud.refuses = lambda verb, kind, name: (verb, kind, name) == ("delete", "port", "gone-port10")
    effects = cloud.destroy(MINI, StackId("tenant/gone"), protected=True)
    assert [effect.outcome for effect in effects].count(Outcome.FAILED) == 1
    assert Outcome.SKIPPED not in {effect.outcome for effect in effects}


# What it must not do


def test_what_is_protected_is_neither_deleted_nor_replaced(cloud: FakeCloud) -> None:
    graph = mini("mini", protect=True)
    cloud.up(graph)
    cloud.calls.clear()
    with pytest.raises(UsageError) as refused:
        cloud.destroy(graph)
    assert "1 protected objects would be deleted: mini" in refused.value.what
    assert "--protected" in refused.value.remedy
    cloud.world.called("project", "mini")[0].properties["isDomain"] = True
    with pytest.raises(UsageError, match="protected objects would be deleted: mini"):
        cloud.up(graph)
    assert cloud.calls == []
    assert done(cloud.up(graph, protected=True))
    settled(cloud, graph)


def test_a_plan_of_another_declaration_is_refused(cloud: FakeCloud) -> None:
    _, plan = cloud.plan(MINI)
    engine = cloud.engine(cloud.comparison(mini("mini", without=("ingress-443",))))
    with pytest.raises(UsageError, match="of another declaration"):
        list(engine.up(plan, Silent()))
    assert cloud.calls == []


def test_nothing_of_others_is_touched(cloud: FakeCloud) -> None:
    """Neither what somebody made by hand beside it, nor another stack, nor what is merely called the same elsewhere."""
    cloud.up(MINI)
    other = mini("other")
    cloud.up(other)
    project = cloud.world.called("project", "mini")[0].id
    by_hand = cloud.world.make("network", project, {"name": "by-hand", "tenantId": project})
    cloud.world.called("subnet", "mini-sub")[0].properties["cidr"] = "10.252.8.0/24"
    cloud.calls.clear()
    assert done(cloud.up(MINI))
    assert by_hand.id in {thing.id for thing in cloud.world.of_kind("network")}
    assert not any(name.startswith(("other", "by-hand")) for _, _, name in cloud.calls)
    cloud.destroy(MINI)
    left = {thing.properties.get("name") for thing in cloud.world.things.values()}
    assert "by-hand" in left
    assert {"other", "other-net", "other-sub", "other-router", "other-group", "other-port10", "other-port11"} <= left
    assert not any(str(name).startswith("mini") for name in left)


def test_what_is_declared_no_more_goes_where_that_is_planned(cloud: FakeCloud) -> None:
    cloud.up(MINI)
    fewer = mini("mini", without=("ingress-443", "port11"))
    effects = cloud.up(fewer)
    assert done(effects)
    assert {(verb, kind) for verb, kind, _ in cloud.calls[-2:]} == {("delete", "port"), ("delete", "security_group_rule")}
    settled(cloud, fewer)


def test_a_stack_on_which_others_stand_is_not_destroyed(cloud: FakeCloud) -> None:
    cloud.up(small_graph())
    cloud.calls.clear()
    with pytest.raises(UsageError) as refused:
        cloud.destroy(small_graph(), StackId("tenant/chl"), protected=True)
    assert "objects of other stacks stand on what would be deleted" in refused.value.what
    assert "fibre/luxith" in refused.value.why
    assert cloud.calls == []


def test_what_stands_in_what_a_gone_stack_owned_goes_with_it(cloud: FakeCloud) -> None:
    cloud.up(MINI)
    gone = mini("gone")
    cloud.up(gone)
    before = len(cloud.world.things)
    with pytest.raises(UsageError, match="1 protected objects would be deleted: gone"):
        cloud.destroy(MINI, StackId("tenant/gone"))
    assert len(cloud.world.things) == before
    assert done(cloud.destroy(MINI, StackId("tenant/gone"), protected=True))
    settled_of = {t.properties.get("name") for t in cloud.world.things.values()} - {None}
    assert all(str(name).startswith("mini") for name in settled_of)
    assert cloud.comparison(MINI).differences == ()


# Ends


def test_who_stops_listening_ends_it_after_what_is_under_way(cloud: FakeCloud) -> None:
    comparison, plan = cloud.plan(MINI)
    effects = cloud.engine(comparison, workers=2).up(plan, Silent())
    next(effects)
    effects.close()  # type: ignore[attr-defined] # it is a generator
    assert len(cloud.calls) <= 3
    assert done(cloud.up(MINI))
    settled(cloud, MINI)


def test_ctrl_c_begins_nothing_more_and_tells_what_was_under_way(cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    from luxops.domains.cloud.engines import reconcile  # noqa: PLC0415 - patched below

    rounds = 0
    real: Any = vars(reconcile)["wait"]

    def interrupted(futures: Any, **more: Any) -> Any:  # noqa: ANN401 - as `wait`
        nonlocal rounds
        rounds += 1
        if rounds == 4:
            raise KeyboardInterrupt
        return real(futures, **more)

    monkeypatch.setattr(reconcile, "wait", interrupted)
    comparison, plan = cloud.plan(MINI)
    told: list[Effect] = []
    effects = cloud.engine(comparison, workers=2).up(plan, Silent())
    with pytest.raises(KeyboardInterrupt):
        told.extend(effects)
    for effect in told:
        assert effect.outcome is Outcome.DONE
    assert len(told) == len(cloud.calls) < len(MINI.resources)
    monkeypatch.setattr(reconcile, "wait", real)
    assert done(cloud.up(MINI))
    settled(cloud, MINI)


def test_a_defect_of_ours_is_told_after_what_was_under_way(cloud: FakeCloud) -> None:
    def broken(verb: str, kind: str, name: str) -> bool:
        raise ZeroDivisionError(verb, kind, name)

    cloud.refuses = broken
    comparison, plan = cloud.plan(MINI)
    told: list[Effect] = []
    effects = cloud.engine(comparison, workers=2).up(plan, Silent())
    with pytest.raises(ZeroDivisionError):
        told.extend(effects)
    assert told[0].outcome is Outcome.FAILED
    assert "a defect: ZeroDivisionError" in told[0].detail


def killed(cloud: FakeCloud, work: str, at: int, *, too_late: bool, workers: int) -> bool:
    """Whether it was killed before its end."""
    cloud.calls.clear()
    cloud.dies_at, cloud.too_late = at, too_late
    try:
        _ = cloud.up(MINI, workers=workers) if work == "up" else cloud.destroy(MINI, workers=workers)
    except Killed:
        return True
    finally:
        cloud.dies_at = None
    return False


@pytest.mark.slow
@pytest.mark.parametrize("too_late", [False, True], ids=["before the effect", "after it"])
@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("at", range(1, len(MINI.resources) + 2))
def test_killed_anywhere_and_run_again_the_cloud_is_the_graph(cloud: FakeCloud, at: int, workers: int, too_late: bool) -> None:  # noqa: FBT001 - both ways
    died = killed(cloud, "up", at, too_late=too_late, workers=workers)
    assert died == (at <= len(MINI.resources))
    assert done(cloud.up(MINI))
    settled(cloud, MINI)
    killed(cloud, "destroy", at, too_late=too_late, workers=workers)
    assert done(cloud.destroy(MINI))
    assert cloud.world.things == {}


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_killed_over_and_over_it_gets_there(data: st.DataObject) -> None:
    cloud = FakeCloud(CloudWorld())
    for _ in range(data.draw(st.integers(1, 6))):
        work = data.draw(st.sampled_from(["up", "destroy"]))
        at, too_late = data.draw(st.integers(1, 25)), data.draw(st.booleans())
        killed(cloud, work, at, too_late=too_late, workers=data.draw(st.integers(1, 3)))
    assert done(cloud.up(MINI))
    settled(cloud, MINI)


def test_every_live_object_that_goes_is_the_one_that_was_looked_at(cloud: FakeCloud) -> None:
    cloud.up(MINI)
    deleted: list[Live] = []
    real = cloud.delete

    def listening(live: Live) -> None:
        deleted.append(live)
        real(live)

    cloud.delete = listening  # type: ignore[method-assign] # it listens
    seen = {(live.kind, live.id) for live in cloud.comparison(MINI).matched.live.values()}
    cloud.destroy(MINI)
    assert {(live.kind, live.id) for live in deleted} == seen
    assert urn_of("project", "project", MINI) == "tenant/mini::openstack:identity/project:Project::project"
