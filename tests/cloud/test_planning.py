"""From differences to a plan: exactly what differs, what is replaced with all that stands on it, in an order that works."""

from __future__ import annotations

import functools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.cloud_graph import of_kind, small, small_graph, urn_of
from tests.support.cloud_world import CloudWorld, Thing

from luxops.cli.cloud_work import only, without_deletions
from luxops.domains.cloud.changes import CloudPlan, Operation, PlannedChange
from luxops.domains.cloud.comparing import Comparison
from luxops.domains.cloud.kinds import BY_NAME
from luxops.domains.cloud.kinds.interface import Change
from luxops.domains.cloud.matching import in_order, kind_of
from luxops.domains.cloud.nouns import Graph, Ref, StackId, Urn
from luxops.domains.cloud.planning import plan_of, selected
from luxops.errors import UsageError


@pytest.fixture
def world() -> CloudWorld:
    return CloudWorld.of(small_graph())


def planned(world: CloudWorld, *names: str, graph: Graph | None = None) -> CloudPlan:
    known = graph or small_graph()
    return plan_of(Comparison(small(), known, world.sweep()), selected(known, names), "reconcile")


def changes(plan: CloudPlan) -> list[PlannedChange]:
    return [change for stack in plan.stacks for change in stack.changes]


def ops(plan: CloudPlan) -> dict[Urn, Operation]:
    assert len(changes(plan)) == len({change.urn for change in changes(plan)})
    return {change.urn: change.op for change in changes(plan)}


# Which stacks


@pytest.mark.parametrize(("names", "stacks"), [
    ([], "platform/luxith tenant/chl tenant/hrs services/anim services/mirth fibre/luxith"),
    (["chl"], "tenant/chl"), (["tenant/chl"], "tenant/chl"), (["tenant"], "tenant/chl tenant/hrs"),
    (["services/*", "hrs"], "tenant/hrs services/anim services/mirth"), (["luxith"], "platform/luxith fibre/luxith"),
    (["fibre", "platform"], "platform/luxith fibre/luxith"),
])  # fmt: skip
def test_stacks_are_named_as_people_do(names: list[str], stacks: str) -> None:
    assert list(selected(small_graph(), names)) == stacks.split()


@pytest.mark.parametrize(
    ("name", "hint"), [("chk", "did you mean `chl`?"), ("tenant/hsr", "did you mean `tenant/hrs`?"), ("x/*", "")]
)
def test_an_unknown_stack_is_told_with_those_that_are_there(name: str, hint: str) -> None:
    with pytest.raises(UsageError) as refused:
        selected(small_graph(), ["chl", name])
    assert f"There is no stack `{name}`" in refused.value.what
    assert hint in refused.value.what
    assert "tenant/hrs, services/anim" in refused.value.why


# What of them


def test_nothing_is_planned_where_nothing_differs(world: CloudWorld) -> None:
    plan = planned(world)
    assert plan.empty
    assert not changes(plan)
    assert [stack.stack for stack in plan.stacks] == list(small_graph().stacks)


def test_everything_is_created_in_an_empty_cloud_each_after_what_it_needs() -> None:
    plan = planned(CloudWorld())
    assert ops(plan) == dict.fromkeys(small_graph().resources, Operation.CREATE)
    for stack in plan.stacks:
        place = {change.urn: number for number, change in enumerate(stack.changes)}
        for change in stack.changes:
            assert all(place.get(n, -1) < place[change.urn] for n in small_graph().resources[change.urn].depends_on)


def test_a_stack_that_was_not_named_is_not_in_the_plan(world: CloudWorld) -> None:
    for name in ("chl-clinical", "hrs-clinical"):
        world.at(urn_of("network", name)).properties["adminStateUp"] = False
    plan = planned(world, "chl")
    assert [stack.stack for stack in plan.stacks] == ["tenant/chl"]
    assert ops(plan) == {urn_of("network", "chl-clinical"): Operation.UPDATE}


def standing_on(*urns: Urn) -> set[Urn]:
    """What is bound to one of these, over any number of steps: every reference counts but those that are only said once."""
    found = set(urns)
    for urn in in_order(small_graph()):
        resource = small_graph().resources[urn]
        for needed in found & set(resource.depends_on):
            said = [
                name
                for name, value in resource.properties.items()
                if any(isinstance(ref, Ref) and ref.urn == needed for ref in _refs(value))
            ]
            if not said or any(kind_of(resource).properties[name].change is not Change.NEVER for name in said):
                found.add(urn)
    return found


def _refs(value: object) -> list[object]:
    if isinstance(value, dict):
        return [ref for inner in value.values() for ref in _refs(inner)]
    return [ref for inner in value for ref in _refs(inner)] if isinstance(value, list) else [value]


def test_a_subnet_that_cannot_be_changed_is_replaced_with_all_that_stands_on_it(world: CloudWorld) -> None:
    subnet = urn_of("subnet", "chl-imaging-dc1")
    world.at(subnet).properties["cidr"] = "10.16.24.0/22"
    plan = planned(world)
    replaced = ops(plan)
    assert set(replaced.values()) == {Operation.REPLACE}
    assert replaced.keys() == standing_on(subnet)
    names = {(kind_of(small_graph().resources[urn]).name, small_graph().resources[urn].name) for urn in replaced}
    assert names == {
        ("subnet", "chl-imaging-dc1"), ("router_interface", "chl-imaging-dc1"), ("port", "chl-pacs1"),
        ("port_groups", "chl-pacs1"), ("server", "chl-pacs1"),
    }  # fmt: skip
    paths = {change.urn: [path.path for path in change.paths] for change in changes(plan)}
    assert paths[subnet] == ["cidr"]
    assert paths[urn_of("port", "chl-pacs1")] == ["fixedIps"]
    assert {change.name for change in changes(plan) if change.protected} == {"chl-pacs1"}


def test_a_group_is_taken_off_its_ports_before_it_is_replaced(world: CloudWorld) -> None:
    group = urn_of("security_group", "chl-imaging-dc1")
    world.at(group).properties["stateful"] = False
    replaced = ops(planned(world))
    assert replaced.keys() == standing_on(group)
    assert urn_of("port_groups", "chl-pacs1") in replaced
    assert urn_of("port", "chl-pacs1") not in replaced
    rules = {r.urn for r in of_kind("security_group_rule") if r.properties["securityGroupId"] == Ref(group)}
    assert rules < replaced.keys()


def test_what_waits_for_something_without_naming_it_goes_with_it(world: CloudWorld) -> None:
    """Neutron takes no interface away as long as a route leads through it."""
    routes = small_graph().resources[urn_of("router_routes", "chl-dc1")]
    interface = urn_of("router_interface", "chl-dc1-hub")
    assert interface in routes.depends_on
    assert interface not in [getattr(ref, "urn", None) for ref in _refs(dict(routes.properties))]
    world.at(urn_of("subnet", "chl-hub-dc1")).properties["cidr"] = "172.30.0.0/30"
    plan = planned(world)
    assert ops(plan)[routes.urn] is Operation.REPLACE
    (change,) = [change for change in changes(plan) if change.urn == routes.urn]
    assert [path.path for path in change.paths] == ["chl-dc1-hub"]


def test_an_image_that_is_replaced_leaves_servers_alone(world: CloudWorld) -> None:
    image = urn_of("image", "debian-12")
    world.at(image).properties["diskFormat"] = "qcow2"
    assert ops(planned(world)) == {image: Operation.REPLACE}


def test_what_is_there_and_not_declared_is_left_alone(world: CloudWorld) -> None:
    project = world.ids[urn_of("project", "chl")]
    stranger = world.make("network", project, {"name": "extra", "tenantId": project})
    plan = planned(world)
    assert plan.empty
    (change,) = changes(plan)
    assert (change.op, change.live_id, change.protected) == (Operation.UNMANAGED, stranger.id, False)


def left(world: CloudWorld, kind: str, stack: str, **more: object) -> Thing:
    """Made by luxops, and declared no more."""
    project = world.ids[urn_of("project", "chl")]
    mark = "luxops:" + stack.replace("/", ":")
    properties = {"name": "old", "tenantId": project, "tags": [mark], "metadata": {"luxops": mark}, "networks": [], **more}
    known = BY_NAME[kind].properties
    return world.make(kind, project, {name: value for name, value in properties.items() if name in known})


@pytest.mark.parametrize(("kind", "more", "protected"), [
    ("network", {}, False), ("router", {}, False), ("server", {}, True), ("volume", {"size": 1}, True),
])  # fmt: skip
def test_what_holds_data_is_protected_even_when_it_is_declared_no_more(
    world: CloudWorld,
    kind: str,
    more: dict[str, object],
    protected: bool,  # noqa: FBT001 - an expectation
) -> None:
    thing = left(world, kind, "tenant/chl", **more)
    (change,) = changes(planned(world))
    assert (change.op, change.live_id, change.protected) == (Operation.DELETE, thing.id, protected)


def test_deleting_waits_until_it_is_asked_for(world: CloudWorld) -> None:
    left(world, "network", "tenant/chl")
    plan = planned(world)
    assert [c.op for c in changes(without_deletions(plan, small_graph().stacks, keep=False))] == [Operation.UNMANAGED]
    assert [c.op for c in changes(without_deletions(plan, small_graph().stacks, keep=True))] == [Operation.DELETE]


def test_what_a_gone_stack_has_left_is_no_affair_of_those_that_were_named(world: CloudWorld) -> None:
    left(world, "network", "tenant/gone")
    assert [stack.stack for stack in planned(world, "chl").stacks] == ["tenant/chl"]


@pytest.mark.parametrize("keep", [False, True])
def test_a_stack_that_is_declared_no_more_goes_only_by_name(
    world: CloudWorld,
    capsys: pytest.CaptureFixture[str],
    keep: bool,  # noqa: FBT001 - both ways
) -> None:
    left(world, "network", "tenant/gone")
    plan = planned(world)
    assert StackId("tenant/gone") in {stack.stack for stack in plan.stacks}
    assert without_deletions(plan, small_graph().stacks, keep=keep).empty
    told = capsys.readouterr().err
    assert "Stack tenant/gone is declared no more, and 1 objects carry its mark" in told
    assert "luxops cloud destroy tenant/gone" in told


def test_repair_touches_what_was_named_and_nothing_else(world: CloudWorld) -> None:
    for name in ("chl-clinical", "hrs-clinical"):
        world.at(urn_of("network", name)).properties["adminStateUp"] = False
    assert list(ops(only(planned(world), ["chl-clinical"], remove=False))) == [urn_of("network", "chl-clinical")]
    with pytest.raises(UsageError, match="Nothing called `chl-imaging` differs"):
        only(planned(world), ["chl-imaging"], remove=False)


@pytest.mark.parametrize("stack", ["tenant/chl", "tenant/gone"])
@pytest.mark.parametrize(("remove", "op"), [(False, Operation.UNMANAGED), (True, Operation.DELETE)])
def test_repair_deletes_only_where_that_is_said(world: CloudWorld, stack: str, remove: bool, op: Operation) -> None:  # noqa: FBT001 - both ways
    left(world, "network", stack)
    assert [change.op for change in changes(only(planned(world), ["old"], remove=remove))] == [op]


def test_nothing_is_planned_for_what_is_unknown(world: CloudWorld) -> None:
    world.at(urn_of("port", "chl-pacs1")).properties["portSecurityEnabled"] = False
    world.blind("subnets")
    plan = planned(world)
    assert plan.empty
    assert not changes(plan)
    assert any("Port::chl-pacs1: refused" in line for line in plan.unknown)


def test_the_same_cloud_gives_the_same_plan(world: CloudWorld) -> None:
    for number, thing in enumerate(list(world.things.values())):
        if number % 3 == 0 and thing.kind in {"network", "port", "security_group_rule", "share", "router"}:
            world.drop(thing)
    first = planned(world)
    world.things = dict(reversed(world.things.items()))
    assert planned(world) == first


# Anything at all


@functools.cache
def droppable() -> list[Urn]:
    """What nothing is named by: it can go or change alone."""
    named = {ref.urn for r in small_graph().resources.values() for ref in _refs(dict(r.properties)) if isinstance(ref, Ref)}
    never = {"port_groups", "compute_quota", "volume_quota", "network_quota", "default_group"}
    return sorted(u for u, r in small_graph().resources.items() if u not in named and kind_of(r).name not in never)


@functools.cache
def changeable() -> list[Urn]:
    return sorted(
        urn
        for urn, resource in small_graph().resources.items()
        if kind_of(resource).name in {"network", "router", "project", "port"} and urn not in droppable()
    )


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_damage_gives_exactly_the_plan_that_mends_it(data: st.DataObject) -> None:
    world = CloudWorld.of(small_graph())
    gone = data.draw(st.sets(st.sampled_from(droppable()), max_size=20))
    changed = data.draw(st.sets(st.sampled_from(changeable()), max_size=20))
    strangers = data.draw(st.integers(0, 3))
    for urn in gone:
        world.drop(world.at(urn))
    for urn in changed:
        thing = world.at(urn)
        name = "enabled" if thing.kind == "project" else "adminStateUp"
        thing.properties[name] = not thing.properties[name]
    project = world.ids[urn_of("project", "hrs")]
    made = {world.make("network", project, {"name": f"extra{n}", "tenantId": project}).id for n in range(strangers)}
    plan = planned(world)
    found = ops(plan)
    assert {urn for urn, op in found.items() if op is Operation.CREATE} == gone
    assert {urn for urn, op in found.items() if op is Operation.UPDATE} >= changed
    # What is taken off a server or a router changes that, and nothing else does.
    assert {urn for urn, op in found.items() if op in {Operation.UPDATE, Operation.REPLACE}} - changed <= {
        u for u in small_graph().resources if gone & set(small_graph().resources[u].depends_on)
    }
    assert {change.live_id for change in changes(plan) if change.op is Operation.UNMANAGED} == made
    assert not plan.unknown
