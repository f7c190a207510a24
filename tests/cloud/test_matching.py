"""A graph beside a cloud: what is there is found, what is not is missing, and what could not be looked at is neither."""

from __future__ import annotations

import pytest
from tests.support.cloud_graph import of_kind, small_graph, urn_of
from tests.support.cloud_world import PER_PROJECT, USER, CloudWorld

from luxops.domains.cloud.kinds import BY_NAME, BY_TYPE, KINDS
from luxops.domains.cloud.matching import Matched, in_order, kind_of, match
from luxops.domains.cloud.nouns import Live, Ref, Urn, references

COLLECTIONS = sorted({name for kind in KINDS for name in kind.reads} | {"roles"})


@pytest.fixture
def world() -> CloudWorld:
    return CloudWorld.of(small_graph())


def matched(world: CloudWorld) -> Matched:
    found = match(small_graph(), world.sweep())
    assert found.live.keys() | found.missing | found.unknown.keys() == small_graph().resources.keys()
    assert not found.missing & found.unknown.keys()
    return found


def undeclared(found: Matched) -> list[Live]:
    """Without what comes with other objects, such as the ports of router interfaces."""
    own = [live for live in found.extra if str(live.properties.get("deviceOwner", "")).startswith("network:")]
    return [live for live in found.extra if BY_NAME[live.kind].belongs and live not in own]


def test_everything_that_was_made_is_found(world: CloudWorld) -> None:
    found = matched(world)
    assert found.ids == world.ids
    assert not found.missing
    assert not found.unknown
    assert not undeclared(found)
    assert not found.untold


def test_everything_is_missing_in_an_empty_cloud() -> None:
    found = matched(CloudWorld())
    assert found.missing == small_graph().resources.keys()
    assert not found.unknown


def test_every_resource_comes_after_what_it_depends_on() -> None:
    order = {urn: number for number, urn in enumerate(in_order(small_graph()))}
    assert order.keys() == small_graph().resources.keys()
    for resource in small_graph().resources.values():
        assert all(order[needed] < order[resource.urn] for needed in resource.depends_on)


def test_references_are_filled_in(world: CloudWorld) -> None:
    found = matched(world)
    for properties in found.properties.values():
        assert not list(references(properties))


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_what_a_failed_list_would_have_shown_is_unknown_and_never_missing(world: CloudWorld, collection: str) -> None:
    failure = world.blind(collection)
    found = matched(world)
    assert not found.missing
    assert set(found.unknown.values()) <= {failure}
    for urn, resource in small_graph().resources.items():
        if collection in kind_of(resource).reads:
            assert urn in found.unknown
    assert not undeclared(found), "nothing that is declared may look undeclared because its name's other half was not seen"


@pytest.mark.parametrize("collection", sorted(PER_PROJECT))
def test_of_a_project_that_could_not_be_asked_only_its_own_is_unknown(world: CloudWorld, collection: str) -> None:
    project = world.ids[urn_of("project", "chl")]
    world.blind(collection, project)
    found = matched(world)
    assert not found.missing
    kinds = [kind for kind in KINDS if collection in kind.reads]
    assert {small_graph().resources[urn].stack for urn in found.unknown} == {"tenant/chl"}
    assert {BY_TYPE[small_graph().resources[urn].type].name for urn in found.unknown} <= {kind.name for kind in kinds}


def test_of_a_list_that_lacks_some_of_a_project_what_is_there_is_not_undeclared(world: CloudWorld) -> None:
    """Neutron counts one port more than it shows: of none of that project's ports is it known how they stand."""
    project = world.ids[urn_of("project", "anim")]
    world.blind("ports", project)
    found = matched(world)
    assert not found.missing
    assert not undeclared(found)
    unknown = {small_graph().resources[urn].name for urn in found.unknown}
    assert {r.name for r in of_kind("port") if r.properties["tenantId"] == Ref(urn_of("project", "anim"))} <= unknown
    assert not {urn for urn in found.unknown if kind_of(small_graph().resources[urn]).name == "port"} & {
        r.urn for r in of_kind("port") if r.stack.startswith("tenant/")
    }


def test_a_hidden_object_of_such_a_project_is_unknown_too(world: CloudWorld) -> None:
    urn = urn_of("network", "anim-archive")
    world.drop(world.at(urn))
    failure = world.blind("networks", world.ids[urn_of("project", "anim")])
    found = matched(world)
    assert found.unknown[urn] == failure
    assert not found.missing


def test_the_key_pairs_of_a_user_who_could_not_be_asked_are_unknown(world: CloudWorld) -> None:
    for thing in world.of_kind("key_pair"):
        world.drop(thing)
    world.blind("keypairs", USER)
    found = matched(world)
    assert {r.urn for r in of_kind("key_pair")} <= found.unknown.keys()


def test_of_two_with_one_name_the_marked_one_is_meant(world: CloudWorld) -> None:
    urn = urn_of("network", "chl-clinical")
    real = world.at(urn)
    stranger = world.make("network", real.project, {**real.properties, "tags": []})
    foreign = world.make("network", real.project, {**real.properties, "tags": ["luxops:tenant:hrs"]})
    for order in ([stranger, foreign, real], [foreign, real, stranger], [real, stranger, foreign]):
        for thing in order:
            world.things[thing.kind, thing.id] = world.things.pop((thing.kind, thing.id))
        found = matched(world)
        assert found.live[urn].id == real.id
        assert {live.id for live in undeclared(found)} == {stranger.id, foreign.id}


def test_one_without_a_mark_is_rather_meant_than_one_of_another_stack(world: CloudWorld) -> None:
    urn = urn_of("network", "chl-clinical")
    real = world.at(urn)
    real.properties["tags"] = ["luxops:tenant:hrs"]
    stranger = world.make("network", real.project, {**real.properties, "tags": []})
    assert matched(world).live[urn].id == stranger.id


def test_a_name_counts_only_in_its_own_project(world: CloudWorld) -> None:
    urn = urn_of("network", "chl-clinical")
    real = world.at(urn)
    world.drop(real)
    elsewhere = world.ids[urn_of("project", "hrs")]
    world.make("network", elsewhere, {**real.properties, "tenantId": elsewhere})
    assert urn in matched(world).missing


def test_a_rule_is_known_however_neutron_writes_it(world: CloudWorld) -> None:
    resource = of_kind("security_group_rule")[0]
    thing = world.at(resource.urn)
    thing.properties["protocol"] = {"tcp": "6", "udp": 17, "icmp": "1"}[thing.properties["protocol"]]
    assert resource.urn in matched(world).live


def test_what_stands_in_something_missing_is_missing(world: CloudWorld) -> None:
    group = urn_of("security_group", "chl-clinical-dc1")
    world.drop(world.at(group))
    rules = {r.urn for r in of_kind("security_group_rule") if Ref(group) in r.properties.values()}
    assert rules
    assert matched(world).missing == {group, *rules}


def test_a_missing_role_leaves_its_assignments_missing(world: CloudWorld) -> None:
    found = match(small_graph(), world.sweep()._replace(seen={**world.sweep().seen, "roles": []}))
    assert found.missing == {r.urn for r in of_kind("role_assignment")}


def test_urns_name_stack_type_and_name() -> None:
    for urn, resource in small_graph().resources.items():
        assert urn == Urn(f"{resource.stack}::{resource.type}::{resource.name}")
