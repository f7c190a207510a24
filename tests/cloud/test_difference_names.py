"""What a difference is called, and to whose account it goes."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.cloud_graph import of_kind, small, small_graph, urn_of
from tests.support.cloud_world import OWN_PROJECT, CloudWorld

from luxops.domains.cloud.comparing import Comparison, Standing
from luxops.domains.cloud.drift import drift_of
from luxops.domains.cloud.matching import kind_of
from luxops.domains.cloud.nouns import StackId
from luxops.model import TargetId

STAY = {"project", "compute_quota", "volume_quota", "network_quota", "default_group", "port_groups"}
"""Kinds of which an object goes only with its project or port, or takes everything with it."""
BY_PORT = "chl-dc1-hub"
"""Name of an interface that a program declares by its port."""


@pytest.fixture
def world() -> CloudWorld:
    return CloudWorld.of(small_graph())


def compared(world: CloudWorld) -> Comparison:
    return Comparison(small(), small_graph(), world.sweep())


KINDS_THAT_GO = sorted({kind_of(resource).name for resource in small_graph().resources.values()} - STAY)


@pytest.mark.parametrize("kind", KINDS_THAT_GO)
def test_what_is_gone_is_called_as_it_was_while_it_was_there(world: CloudWorld, kind: str) -> None:
    whole = compared(world)
    urns = [resource.urn for resource in of_kind(kind) if "subnetId" in resource.properties or kind != "router_interface"]
    urn = max(urns)
    there = whole.name_of(whole.matched.live[urn])
    world.drop(world.at(urn))
    (missing,) = [d for d in compared(world).differences if d.declared is not None and d.declared.urn == urn]
    assert (missing.standing, missing.name) == (Standing.MISSING, there)


def test_an_interface_that_was_declared_by_its_port_is_called_by_it(world: CloudWorld) -> None:
    urn = urn_of("router_interface", BY_PORT)
    world.things.pop(("router_interface", world.at(urn).id))
    names = {d.name for d in compared(world).differences if d.declared is not None and d.declared.urn == urn}
    assert names == {f"chl-dc1 to {BY_PORT}"}


def test_where_nothing_is_there_yet_names_are_the_programs() -> None:
    names = {d.name for d in compared(CloudWorld()).differences}
    assert [name for name in names if name.startswith("chl-imaging-dc1: ingress tcp ")]
    assert "member of group engineers on project chl" in names
    assert {name for name in names if "<" in name or "::" in name} == set()


@pytest.mark.parametrize(
    ("kind", "more", "path"),
    [
        (
            "security_group_rule",
            {"direction": "ingress", "ethertype": "IPv4", "protocol": "tcp", "portRangeMin": 22, "portRangeMax": 22},
            "security group rule chl-imaging-dc1: ingress tcp 22 from anywhere (IPv4)",
        ),
        (
            "floating_ip",
            {"address": "10.255.8.200", "fixedIp": "10.16.8.10"},
            "floating IP 10.255.8.200 on port chl-pacs1",
        ),
        (
            "share",
            {"objectType": "network", "action": "access_as_shared", "targetTenant": "*"},
            "RBAC share access_as_shared of network chl-imaging for *",
        ),
    ],
)
def test_what_an_administrator_adds_goes_to_the_account_of_whom_it_is_about(
    world: CloudWorld, kind: str, more: dict[str, Any], path: str
) -> None:
    about = {
        "security_group_rule": ("securityGroupId", urn_of("security_group", "chl-imaging-dc1")),
        "floating_ip": ("portId", urn_of("port", "chl-pacs1")),
        "share": ("objectId", urn_of("network", "chl-imaging")),
    }
    name, urn = about[kind]
    world.make(kind, OWN_PROJECT, {**more, name: world.ids[urn]})
    comparison = compared(world)
    found = [drift.path for drift in drift_of(comparison, TargetId("cloud-chl"), StackId("tenant/chl"))]
    assert path in found
    assert {d.stack for d in comparison.differences} == {StackId("tenant/chl")}


def test_a_gateway_on_a_tenants_router_is_a_difference(world: CloudWorld) -> None:
    router = world.at(urn_of("router", "chl-dc1"))
    router.properties["externalNetworkId"] = world.ids[urn_of("network", "transit-dc1")]
    found = [d.path for d in drift_of(compared(world), TargetId("cloud-chl"), StackId("tenant/chl"))]
    assert found == ["router chl-dc1/externalNetworkId"]
