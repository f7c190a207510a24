"""Each kind against the lab's own OpenStack: what is declared is what comes back, property by property, and goes away again."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from tests.cloud.kinds_ground import (
    KEY,
    MARK,
    Ground,
    by_id,
    cloud,
    differing,
    found,
    ground,
    image_declared,
    look,
    removed_at_last,
)

from luxops.domains.cloud.kinds import BY_NAME
from luxops.domains.cloud.kinds.interface import Change, Properties
from luxops.transports.openstack import CloudSession

__all__ = ["cloud", "ground"]  # fixtures

pytestmark = pytest.mark.lab


@dataclasses.dataclass(frozen=True)
class Trip:
    """What is declared of one object, and what each property that can change becomes."""

    declared: Properties
    changes: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    in_project: bool = False
    """Made as the tenant, and not as the platform."""
    left: frozenset[str] = frozenset()
    """What can change and is not tried here."""
    stays: bool = False
    """It goes with another object and not before."""


def _project(ground: Ground) -> Trip:
    name = f"{ground.name}-trip"
    declared = {"name": name, "description": "", "enabled": True, "isDomain": False, "domainId": "default", "tags": [MARK]}
    return Trip(declared, {"description": "of a test", "tags": [MARK, "second"], "enabled": False, "name": f"{name}2"})


def _people_group(ground: Ground) -> Trip:
    declared = {"name": f"{ground.name}-trip", "description": "filled from the directory", "domainId": "default"}
    return Trip(declared, {"description": "", "name": f"{ground.name}-trip2"})


def _role_assignment(ground: Ground) -> Trip:
    return Trip({"projectId": ground.project, "roleId": ground.role("reader"), "groupId": ground.people})


def _compute_quota(ground: Ground) -> Trip:
    sizes = {"cores": 16, "ram": 65536, "instances": 4, "serverGroups": 10, "serverGroupMembers": 10}
    sizes |= {"keyPairs": 5, "metadataItems": 20}
    return Trip({"projectId": ground.project, **sizes}, {name: value + 1 for name, value in sizes.items()}, stays=True)


def _volume_quota(ground: Ground) -> Trip:
    sizes = {"gigabytes": 1000, "volumes": 20, "snapshots": 0, "backups": 0, "backupGigabytes": 0, "groups": 1}
    changes = {name: value + 1 for name, value in sizes.items()} | {"perVolumeGigabytes": 100}
    return Trip({"projectId": ground.project, **sizes, "perVolumeGigabytes": -1}, changes, stays=True)


def _network_quota(ground: Ground) -> Trip:
    sizes = {"floatingip": 3, "network": 20, "subnet": 40, "router": 14, "port": 48, "subnetpool": 0, "rbacPolicy": 5}
    sizes |= {"securityGroup": 40, "securityGroupRule": 1000}
    return Trip({"projectId": ground.project, **sizes}, {n: value + 1 for n, value in sizes.items()}, stays=True)


def _flavour(ground: Ground) -> Trip:
    name = f"{ground.name}-trip"
    declared = {"name": name, "flavorId": name, "ram": 64, "vcpus": 1, "disk": 1, "ephemeral": 0, "swap": 0, "isPublic": False}
    return Trip({**declared, "extraSpecs": {"a": "1", "b": "2"}}, {"extraSpecs": {"b": "3", "c": "4"}})


def _image(ground: Ground) -> Trip:
    changes = {"hidden": True, "visibility": "community", "protected": False, "tags": [MARK, "second"]}
    return Trip(image_declared(ground), {**changes, "name": f"{ground.name}-trip2"})


def _key_pair(ground: Ground) -> Trip:
    return Trip({"name": f"{ground.name}-trip", "publicKey": KEY}, in_project=True)


def _network(ground: Ground) -> Trip:
    name = f"{ground.name}-trip"
    about = {"name": name, "description": "zone", "tenantId": ground.project, "tags": [MARK], "mtu": 1400}
    declared = {**about, "adminStateUp": True, "shared": False, "external": False, "portSecurityEnabled": True}
    changes = {"description": "", "tags": [], "adminStateUp": False, "shared": True, "external": True}
    return Trip(
        {**declared, "segments": [{"networkType": "flat", "physicalNetwork": name}]},
        {**changes, "portSecurityEnabled": False, "mtu": 1300, "name": f"{name}2"},
    )


def _subnet(ground: Ground) -> Trip:
    name = f"{ground.name}-trip"
    about = {"name": name, "description": "zone", "tenantId": ground.project, "networkId": ground.network, "tags": [MARK]}
    how = {"gatewayIp": "10.251.2.1", "enableDhcp": True, "dnsNameservers": ["10.250.1.8", "10.250.0.8"]}
    changes = {
        "description": "",
        "tags": [],
        "gatewayIp": "10.251.2.254",
        "enableDhcp": False,
        "dnsNameservers": ["10.250.0.8"],
    }
    pools = [{"start": "10.251.2.10", "end": "10.251.2.99"}]
    return Trip(
        {
            **about,
            "cidr": "10.251.2.0/24",
            "ipVersion": 4,
            **how,
            "allocationPools": [{"start": "10.251.2.2", "end": "10.251.2.254"}],
        },
        {"allocationPools": pools, **changes, "name": f"{name}2"},
        left=frozenset({"noGateway"}),
    )


def _subnet_route(ground: Ground) -> Trip:
    return Trip({"subnetId": ground.subnet, "destinationCidr": "10.99.0.0/16", "nextHop": "10.251.0.77"})


def _share(ground: Ground) -> Trip:
    declared = {"objectType": "network", "objectId": ground.network, "action": "access_as_shared"}
    return Trip({**declared, "targetTenant": "kindtest-nobody"}, {"targetTenant": "kindtest-somebody"})


def _router(ground: Ground) -> Trip:
    about = {"name": f"{ground.name}-trip", "description": "in dc1", "tenantId": ground.project, "tags": [MARK]}
    outside = ground.outside
    subnet = ground.cloud.get("network", f"/networks/{outside}")["network"]["subnets"][0]
    fixed = [{"subnetId": subnet, "ipAddress": "10.251.1.50"}]
    return Trip(
        {**about, "adminStateUp": True, "externalNetworkId": outside, "enableSnat": False, "externalFixedIps": fixed},
        {"description": "", "adminStateUp": False, "tags": [], "enableSnat": True, "name": f"{ground.name}-trip2"}
        | {"externalFixedIps": [{"subnetId": subnet, "ipAddress": "10.251.1.51"}]},
        left=frozenset({"externalNetworkId"}),
    )


def _port(ground: Ground) -> Trip:
    fixed = [{"subnetId": ground.subnet, "ipAddress": "10.251.0.30"}]
    about = {"name": f"{ground.name}-trip", "tenantId": ground.project, "networkId": ground.network, "tags": [MARK]}
    state = {"adminStateUp": True, "portSecurityEnabled": True, "allowedAddressPairs": []}
    return Trip(
        {**about, **state, "fixedIps": fixed, "securityGroupIds": [ground.group("port")]},
        {
            "adminStateUp": False,
            "allowedAddressPairs": [
                {"ipAddress": "10.251.0.31"},
                {"ipAddress": "10.9.0.0/24", "macAddress": "fa:16:3e:00:00:01"},
            ],
            "fixedIps": [{"subnetId": ground.subnet, "ipAddress": "10.251.0.32"}],
            "tags": [],
            "name": f"{ground.name}-trip2",
        },
        left=frozenset({"portSecurityEnabled", "noSecurityGroups"}),
    )


def _port_groups(ground: Ground) -> Trip:
    one, two = ground.group("one"), ground.group("two")
    declared = {"portId": ground.port("10.251.0.40", []), "securityGroupIds": [one], "enforce": True}
    return Trip(declared, {"securityGroupIds": [two]}, stays=True)


def _router_interface(ground: Ground) -> Trip:
    """By port; by subnet has a test of its own."""
    return Trip({"routerId": ground.router, "portId": ground.port("10.251.0.41", [])})


def _router_routes(ground: Ground) -> Trip:
    ground.make("router_interface", {"routerId": ground.router, "portId": ground.port("10.251.0.42", [])})
    routes = [{"destinationCidr": f"10.{n}.0.0/16", "nextHop": "10.251.0.43"} for n in (9, 8)]
    return Trip({"routerId": ground.router, "routes": routes}, {"routes": routes[:1]})


def _security_group(ground: Ground) -> Trip:
    about = {"name": f"{ground.name}-trip", "description": "flows", "tenantId": ground.project, "tags": [MARK]}
    changes = {"description": "", "tags": [MARK, "second"], "name": f"{ground.name}-trip2"}
    return Trip({**about, "stateful": True, "deleteDefaultRules": True}, changes)


def _security_group_rule(ground: Ground) -> Trip:
    about = {"securityGroupId": ground.group("ruled"), "tenantId": ground.project, "description": f"{MARK} of a test"}
    ports = {"protocol": "icmp", "portRangeMin": 8, "portRangeMax": 0, "remoteIpPrefix": "10.8.0.0/20"}
    return Trip({**about, "direction": "ingress", "ethertype": "IPv4", **ports})


def _floating_ip(ground: Ground) -> Trip:
    about = {"floatingNetworkId": ground.outside, "tenantId": ground.project, "address": "10.251.1.77"}
    left = frozenset({"portId", "fixedIp"})
    return Trip({**about, "description": "", "tags": []}, {"description": "of a test", "tags": [MARK]}, left=left)


def _server(ground: Ground) -> Trip:
    declared = ground.server_on("trip", [ground.port(f"10.251.0.{n}", []) for n in (52, 51)])
    changes = {"metadata": {"luxops": MARK}, "powerState": "shutoff", "name": f"{ground.name}-trip2"}
    return Trip(declared, changes, in_project=True)


def _volume(ground: Ground) -> Trip:
    changes = {"description": "", "metadata": {"luxops": MARK, "a": "b"}, "size": 2, "name": f"{ground.name}-trip2"}
    return Trip(ground.volume_of("trip"), changes, in_project=True)


def _volume_attachment(ground: Ground) -> Trip:
    volume = ground.make("volume", ground.volume_of("attached"), ground.project)
    return Trip({"instanceId": ground.server, "volumeId": volume}, in_project=True)


TRIPS: Mapping[str, Callable[[Ground], Trip]] = {
    "project": _project,
    "people_group": _people_group,
    "role_assignment": _role_assignment,
    "compute_quota": _compute_quota,
    "volume_quota": _volume_quota,
    "network_quota": _network_quota,
    "flavour": _flavour,
    "image": _image,
    "key_pair": _key_pair,
    "network": _network,
    "subnet": _subnet,
    "subnet_route": _subnet_route,
    "share": _share,
    "router": _router,
    "port": _port,
    "port_groups": _port_groups,
    "router_interface": _router_interface,
    "router_routes": _router_routes,
    "security_group": _security_group,
    "security_group_rule": _security_group_rule,
    "floating_ip": _floating_ip,
    "server": _server,
    "volume": _volume,
    "volume_attachment": _volume_attachment,
}
WITH_TESTS_OF_THEIR_OWN = {"application_credential", "default_group"}
WATCHED = {
    "endpoint": "identity public",
    "user": "admin",
    "compute_host": "dc1-compute1",
    "storage_pool": "lab-network@dc1#dc1",
}
"""Kinds whose objects the lab has by itself, with one of them."""


def test_no_kind_is_left_untried() -> None:
    assert {*TRIPS, *WITH_TESTS_OF_THEIR_OWN, *WATCHED} == set(BY_NAME)


@pytest.mark.parametrize("name", WATCHED)
def test_what_is_only_watched_is_found(cloud: CloudSession, name: str) -> None:
    kind = BY_NAME[name]
    objects = look(cloud, kind)
    assert WATCHED[name] in {live.name for live in objects}
    for live in objects:
        assert live.properties.keys() == {*kind.properties, *kind.shown}
        assert None not in live.properties.values() or name == "user"


@pytest.mark.parametrize("name", TRIPS)
def test_round_trip(ground: Ground, name: str) -> None:
    kind, trip, cloud = BY_NAME[name], TRIPS[name](ground), ground.cloud
    changeable = {known for known, prop in kind.properties.items() if prop.change is Change.UPDATE}
    assert changeable == set(trip.changes) | trip.left, "each property that can change is tried"
    project = ground.project if trip.in_project else ""
    declared = dict(trip.declared)
    with removed_at_last(ground, kind, project, trip.declared) as noted:
        made = kind.create(cloud, project, declared)
        noted.add(made)
        (live,) = found(cloud, kind, project, declared)
        assert live.id == made
        assert live.properties.keys() <= {*kind.properties, *kind.shown}, "a fact has no other fields"
        assert not differing(kind, declared, live)
        assert live.stack in {None, "tenant/kindtest"}
        if kind.find is not None:
            assert kind.find(cloud, project, declared) == made
        for changed, value in trip.changes.items():
            declared[changed] = value
            assert list(differing(kind, declared, live)) == [changed]
            kind.change(cloud, live, declared)
            (live,) = by_id(cloud, kind, made)
            assert not differing(kind, declared, live)
        kind.delete(cloud, live)
        if not trip.stays:
            assert not by_id(cloud, kind, made)
        kind.delete(cloud, live)
