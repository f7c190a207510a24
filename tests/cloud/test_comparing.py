"""Every single difference between graph and cloud shows as exactly that difference, and no other."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from tests.support.cloud_graph import of_kind, small, small_graph, urn_of
from tests.support.cloud_world import OWN_PROJECT, ROLES, USER, CloudWorld

from luxops.domains.cloud.comparing import Comparison, Difference, Standing
from luxops.domains.cloud.kinds import BY_NAME, KINDS
from luxops.domains.cloud.kinds.interface import Change
from luxops.domains.cloud.matching import kind_of
from luxops.domains.cloud.nouns import Urn, references
from luxops.federation.schema import IgnoredObjects

COLLECTIONS = sorted({name for kind in KINDS for name in kind.reads} | {"roles"})


@pytest.fixture
def world() -> CloudWorld:
    return CloudWorld.of(small_graph())


def compared(world: CloudWorld) -> Comparison:
    return Comparison(small(), small_graph(), world.sweep())


def only(world: CloudWorld) -> Difference:
    (found,) = compared(world).differences
    return found


def one_of_each_kind() -> list[Urn]:
    """Of each kind the first, and of ports one of a server and one of a router."""
    kinds = {kind_of(resource).name for resource in small_graph().resources.values()}
    return [min(r.urn for r in of_kind(kind)) for kind in sorted(kinds - {"port_groups"})] + [urn_of("port", "chl-pacs1")]


def test_what_was_made_as_declared_differs_in_nothing(world: CloudWorld) -> None:
    found = compared(world)
    assert found.differences == ()
    assert list(found.unseen) == []


def standing_on(urn: Urn) -> set[Urn]:
    """Everything whose name is inside what the resource names, over any number of steps."""
    found = {urn}
    for _ in range(5):
        for resource in small_graph().resources.values():
            kind = kind_of(resource)
            names = (
                kind.key if all(n in resource.properties or n == "$project" for n in kind.key) else kind.other_key or kind.key
            )
            named = [resource.project if name == "$project" else resource.properties.get(name) for name in names]
            if any(getattr(ref, "urn", None) in found for ref in references(named)):
                found.add(resource.urn)
    return found


ALWAYS_THERE = {"compute_quota", "volume_quota", "network_quota", "default_group"}
"""With its project, declared or not."""


@pytest.mark.parametrize("urn", one_of_each_kind(), ids=lambda urn: urn.partition("::")[2])
def test_what_is_gone_is_missing_with_all_that_has_its_name_from_it(world: CloudWorld, urn: Urn) -> None:
    thing = world.at(urn)
    world.drop(thing)
    differences = compared(world).differences
    if thing.kind in ALWAYS_THERE and thing.project != OWN_PROJECT and thing.properties["projectId"] != OWN_PROJECT:
        assert [(d.standing, d.declared and d.declared.urn) for d in differences] == [(Standing.CHANGED, urn)]
        return
    missing = {d.declared.urn for d in differences if d.declared is not None and d.standing is Standing.MISSING}
    assert urn in missing
    assert missing <= standing_on(urn)
    others = [d for d in differences if d.standing is Standing.CHANGED]
    # What refers to it otherwise than by name has lost that.
    assert all(d.declared is not None and missing & set(d.declared.depends_on) for d in others)


def other(name: str, value: Any) -> Any:  # noqa: ANN401 - any property value
    """A value that is not this one, such as an API might give."""
    named = {
        "cidr": "172.30.0.0/24", "gatewayIp": "172.30.0.1", "dnsNameservers": ["192.0.2.53"], "direction": "egress",
        "ethertype": "IPv6", "protocol": "sctp", "remoteIpPrefix": "172.30.1.0/24", "powerState": "shutoff",
        "publicKey": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB0aVYB6mVLmnuTVBk5NqFpBx3kLk0aFlN2mWc3cV5kQ",
        "tags": ["luxops:tenant:x"],
        "segments": [{"networkType": "flat", "physicalNetwork": "other"}], "allocationPools": [], "extraSpecs": {"a": "b"},
        "allowedAddressPairs": [{"ipAddress": "172.30.2.0/24"}], "rules": ["ingress tcp 22 from anywhere (IPv4)"],
        "routes": [{"destinationCidr": "172.30.3.0/24", "nextHop": "10.255.10.1"}], "metadata": {"group": "x"},
        "fixedIps": [{"subnetId": "other", "ipAddress": "172.30.4.4"}], "networks": [{"port": "other"}],
        "externalFixedIps": [{"subnetId": "other", "ipAddress": "172.30.5.5"}], "securityGroupIds": ["other"],
    }  # fmt: skip
    if name in named and named[name] != value:
        return named[name]
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) else "ingress" if name == "direction" else f"{value}-other"


@functools.cache
def changes() -> list[tuple[Urn, str]]:
    """Each property that is declared and compared, and that is no part of a name, once for each kind."""
    found: dict[tuple[str, str], Urn] = {}
    for urn, resource in sorted(small_graph().resources.items()):
        kind = kind_of(resource)
        for name in resource.properties:
            if kind.properties[name].change is not Change.NEVER and name not in {*kind.key, *kind.other_key}:
                found.setdefault((kind.name, name), urn)
    return [(urn, name) for (_, name), urn in found.items()]


@pytest.mark.parametrize(("urn", "name"), changes(), ids=lambda value: value.partition("::")[2] or value)
def test_a_changed_property_is_that_change_and_no_other(world: CloudWorld, urn: Urn, name: str) -> None:
    thing = world.at(urn)
    thing.properties[name] = other(name, thing.properties[name])
    found = compared(world).differences
    (difference,) = [d for d in found if d.declared is not None and d.declared.urn == urn]
    assert difference.standing is Standing.CHANGED
    assert [path.path for path in difference.paths] == [name]
    assert difference.live is not None
    assert difference.stack == small_graph().resources[urn].stack
    # A port that leaves a server changes the server, and rules in a default group are read with it.
    assert [d for d in found if d is not difference] == []


STRANGERS: list[tuple[str, dict[str, Any]]] = [
    ("project", {"name": "shadow", "domainId": "default", "enabled": True, "isDomain": False, "description": "", "tags": []}),
    ("network", {"name": "extra", "tenantId": "chl"}),
    ("subnet", {"name": "extra", "tenantId": "chl", "networkId": "chl-clinical", "cidr": "172.30.0.0/24", "ipVersion": 4}),
    ("router", {"name": "extra", "tenantId": "chl"}),
    ("port", {"name": "extra", "tenantId": "chl", "networkId": "chl-clinical", "fixedIps": []}),
    ("security_group", {"name": "extra", "tenantId": "chl"}),
    ("security_group_rule", {"securityGroupId": "chl-clinical-dc1", "tenantId": "chl", "direction": "ingress",
                             "ethertype": "IPv4"}),
    ("share", {"objectType": "network", "objectId": "chl-clinical", "action": "access_as_shared", "targetTenant": "*"}),
    ("role_assignment", {"projectId": "chl", "roleId": ROLES["admin"], "userId": USER}),
    ("key_pair", {"name": "mine", "publicKey": "ssh-ed25519 AAAA"}),
    ("floating_ip", {"address": "192.0.2.77", "tenantId": "chl"}),
    ("flavour", {"name": "huge", "flavorId": "huge", "ram": 1 << 20}),
    ("people_group", {"name": "friends", "domainId": "default"}),
    ("image", {"name": "odd", "visibility": "public", "protected": False}),
]  # fmt: skip
_KIND_OF_ID = {"tenantId": "project", "projectId": "project", "networkId": "network", "objectId": "network",
               "securityGroupId": "security_group"}  # fmt: skip


@pytest.mark.parametrize(("kind", "properties"), STRANGERS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_stranger_is_unmanaged_in_the_stack_in_whose_project_it_stands(
    world: CloudWorld, kind: str, properties: dict[str, Any]
) -> None:
    filled = {
        name: world.ids[urn_of(_KIND_OF_ID[name], value)] if name in _KIND_OF_ID else value
        for name, value in properties.items()
    }
    stranger = world.make(kind, "", filled)
    found = only(world)
    assert (found.standing, found.kind.name, found.declared) == (Standing.UNMANAGED, kind, None)
    assert found.live is not None
    assert found.live.id == stranger.id
    assert found.stack == ("tenant/chl" if _KIND_OF_ID.keys() & properties.keys() else "platform/luxith")


def test_what_carries_a_mark_and_is_declared_no_more_was_left(world: CloudWorld) -> None:
    project = world.ids[urn_of("project", "chl")]
    world.make("network", project, {"name": "old", "tenantId": project, "tags": ["luxops:services:anim"]})
    found = only(world)
    assert (found.standing, found.stack, found.name) == (Standing.LEFT, "services/anim", "old")


def test_what_was_made_twice_shows_once(world: CloudWorld) -> None:
    real = world.at(urn_of("network", "chl-clinical"))
    again = world.make("network", real.project, real.properties)
    found = only(world)
    assert found.standing is Standing.LEFT
    assert found.live is not None
    assert found.live.id == again.id


@pytest.mark.parametrize(("rule", "ignored"), [
    ({"kind": "network", "name": "extra"}, True), ({"kind": "network", "name": "ext*"}, True),
    ({"kind": "network", "name": "EXTRA"}, False), ({"kind": "network", "name": "xtra"}, False),
    ({"kind": "router", "name": "*"}, False), ({"kind": "network", "name": "[e]xtra"}, True),
])  # fmt: skip
def test_a_written_rule_makes_a_stranger_no_drift(world: CloudWorld, rule: dict[str, str], ignored: bool) -> None:  # noqa: FBT001 - an expectation
    project = world.ids[urn_of("project", "chl")]
    world.make("network", project, {"name": "extra", "tenantId": project})
    written = IgnoredObjects(**rule, why="for a test")
    cloud = small().file.cloud.model_copy(update={"ignored": (written,)})
    federation = small().model_copy(update={"file": small().file.model_copy(update={"cloud": cloud})})
    found = Comparison(federation, small_graph(), world.sweep())
    assert bool(found.differences) != ignored
    assert ([rule for live, rule in found.ignored if live.name == "extra"] == [written]) == ignored


def test_a_rule_never_hides_what_is_declared(world: CloudWorld) -> None:
    world.at(urn_of("network", "chl-clinical")).properties["adminStateUp"] = False
    everything = IgnoredObjects(kind="network", name="*", why="for a test")
    cloud = small().file.cloud.model_copy(update={"ignored": (everything,)})
    federation = small().model_copy(update={"file": small().file.model_copy(update={"cloud": cloud})})
    assert len(Comparison(federation, small_graph(), world.sweep()).differences) == 1


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_failed_list_makes_no_difference_of_what_it_would_have_shown(world: CloudWorld, collection: str) -> None:
    """Nothing is said to have changed because what it refers to could not be looked at."""
    world.blind(collection)
    found = compared(world)
    assert found.differences == ()
    kinds = {kind.name for kind in KINDS if collection in kind.reads}
    unseen = {kind_of(one.declared).name for one in found.unseen}
    assert kinds & {kind_of(r).name for r in small_graph().resources.values()} <= unseen


def test_a_known_change_is_told_beside_what_is_unknown(world: CloudWorld) -> None:
    urn = urn_of("port", "chl-pacs1")
    world.at(urn).properties["portSecurityEnabled"] = False
    world.blind("subnets")
    found = compared(world)
    assert [(d.standing, [p.path for p in d.paths]) for d in found.differences if d.declared and d.declared.urn == urn] == [
        (Standing.CHANGED, ["portSecurityEnabled"])
    ]
    assert urn in {one.declared.urn for one in found.unseen}


def test_an_opened_default_group_shows_its_rules(world: CloudWorld) -> None:
    world.drop(world.at(urn_of("default_group", "chl-default")))
    found = only(world)
    assert found.kind is BY_NAME["default_group"]
    assert "egress any protocol all ports to anywhere (IPv4)" in found.paths[0].actual


def test_names_stand_where_ids_do(world: CloudWorld) -> None:
    found = world.at(urn_of("router_interface", "chl-clinical-dc1"))
    hrs = world.ids[urn_of("router", "hrs-dc1")]
    found.properties["routerId"] = hrs
    names = {(d.standing, d.name) for d in compared(world).differences}
    assert (Standing.UNMANAGED, "hrs-dc1 to chl-clinical-dc1") in names
