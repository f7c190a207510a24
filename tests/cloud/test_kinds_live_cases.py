"""What is particular to single kinds, on the lab's own OpenStack: what was interrupted, hidden, done by hand, or refused."""

from __future__ import annotations

from typing import Any

import pytest
from tests.cloud.kinds_ground import (
    KEY,
    MARK,
    OTHER_KEY,
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
from luxops.transports.openstack import CloudError, CloudSession

__all__ = ["cloud", "ground"]  # fixtures

pytestmark = pytest.mark.lab


def test_a_default_group_is_closed_and_stays_watched(ground: Ground) -> None:
    kind, cloud = BY_NAME["default_group"], ground.cloud
    declared = {"projectId": ground.project, "rules": []}
    kind.create(cloud, "", declared)
    (live,) = found(cloud, kind, "", declared)
    assert not differing(kind, declared, live)
    rule = {"security_group_id": live.id, "direction": "ingress", "protocol": "tcp", "port_range_min": 22, "port_range_max": 22}
    cloud.send("POST", "network", "/security-group-rules", {"security_group_rule": rule})
    (live,) = found(cloud, kind, "", declared)
    assert differing(kind, declared, live) == {"rules": ([], ["ingress tcp 22 from anywhere (IPv4)"])}
    kind.change(cloud, live, declared)
    (live,) = found(cloud, kind, "", declared)
    assert not differing(kind, declared, live)
    assert not [rule for rule in look(cloud, BY_NAME["security_group_rule"]) if rule.properties["securityGroupId"] == live.id]


def test_an_application_credential_is_found_and_can_be_taken_away(ground: Ground) -> None:
    kind, cloud = BY_NAME["application_credential"], ground.cloud
    body = {"name": f"{ground.name}-credential", "roles": [{"name": "member"}], "description": "of a test"}
    path = f"/users/{ground.user}/application_credentials"
    made = cloud.send("POST", "identity", path, {"application_credential": body}, project=ground.project)
    (live,) = by_id(cloud, kind, made["application_credential"]["id"])
    assert live.project == ground.project
    assert live.properties["roles"] == ["member"]
    assert "secret" not in live.model_dump_json()
    kind.delete(cloud, live)
    assert not by_id(cloud, kind, live.id)


def test_an_inherited_role_is_another_than_the_same_role_without(ground: Ground) -> None:
    kind, cloud = BY_NAME["role_assignment"], ground.cloud
    declared = {"projectId": ground.project, "roleId": ground.role("reader"), "groupId": ground.people}
    direct = kind.create(cloud, "", declared)
    inherited = kind.create(cloud, "", {**declared, "inherited": True})
    assert {direct, inherited} <= {live.id for live in look(cloud, kind)}
    assert [live.id for live in found(cloud, kind, "", declared)] == [direct]
    kind.delete(cloud, by_id(cloud, kind, inherited)[0])
    assert not by_id(cloud, kind, inherited)
    kind.delete(cloud, by_id(cloud, kind, direct)[0])
    assert not by_id(cloud, kind, direct)


def test_a_router_interface_by_subnet(ground: Ground) -> None:
    kind, cloud = BY_NAME["router_interface"], ground.cloud
    network = ground.make("network", {"name": f"{ground.name}-joined", "tenantId": ground.project})
    declared = {"routerId": ground.router, "subnetId": ground.subnet_of(network, "10.251.9.0/24")}
    made = kind.create(cloud, "", declared)
    (live,) = found(cloud, kind, "", declared)
    assert (live.id, live.project) == (made, ground.project)
    kind.delete(cloud, live)
    assert not by_id(cloud, kind, made)
    kind.delete(cloud, live)


def test_a_gateway_set_by_hand_is_taken_away_where_none_is_declared(ground: Ground) -> None:
    kind, cloud = BY_NAME["router"], ground.cloud
    declared = {"name": f"{ground.name}-inside", "tenantId": ground.project, "externalNetworkId": ""}
    made = ground.make("router", declared)
    by_hand = {"router": {"external_gateway_info": {"network_id": ground.outside}}}
    cloud.send("PUT", "network", f"/routers/{made}", by_hand)
    (live,) = by_id(cloud, kind, made)
    assert list(differing(kind, declared, live)) == ["externalNetworkId"]
    kind.change(cloud, live, declared)
    assert not differing(kind, declared, by_id(cloud, kind, made)[0])


def test_a_port_whose_address_neutron_chose_is_as_declared_and_can_be_opened(ground: Ground) -> None:
    kind, cloud = BY_NAME["port"], ground.cloud
    about = {"name": f"{ground.name}-any", "tenantId": ground.project, "networkId": ground.network}
    declared = {**about, "fixedIps": [{"subnetId": ground.subnet}], "portSecurityEnabled": True, "noSecurityGroups": True}
    made = ground.make("port", declared)
    (live,) = by_id(cloud, kind, made)
    assert live.properties["fixedIps"][0]["ipAddress"].startswith("10.251.0.")
    assert not differing(kind, declared, live)
    declared["portSecurityEnabled"] = False
    kind.change(cloud, live, declared)
    assert not differing(kind, declared, by_id(cloud, kind, made)[0])


def test_a_subnet_without_a_gateway(ground: Ground) -> None:
    kind, cloud = BY_NAME["subnet"], ground.cloud
    about = {"name": f"{ground.name}-dry", "tenantId": ground.project, "networkId": ground.network, "cidr": "10.251.4.0/24"}
    pools = [{"start": "10.251.4.10", "end": "10.251.4.99"}]
    declared = {**about, "ipVersion": 4, "noGateway": True, "enableDhcp": False, "allocationPools": pools}
    made = ground.make("subnet", declared)
    assert not differing(kind, declared, by_id(cloud, kind, made)[0])
    cloud.send("PUT", "network", f"/subnets/{made}", {"subnet": {"gateway_ip": "10.251.4.1"}})
    (live,) = by_id(cloud, kind, made)
    assert list(differing(kind, declared, live)) == ["noGateway"]
    kind.change(cloud, live, declared)
    assert not differing(kind, declared, by_id(cloud, kind, made)[0])


def test_a_security_group_whose_making_was_interrupted_is_finished(ground: Ground) -> None:
    kind, cloud = BY_NAME["security_group"], ground.cloud
    declared = {"name": f"{ground.name}-cut", "tenantId": ground.project, "deleteDefaultRules": True, "tags": [MARK]}
    left = cloud.send(
        "POST", "network", "/security-groups", {"security_group": {"name": declared["name"], "project_id": ground.project}}
    )
    made = left["security_group"]["id"]
    with removed_at_last(ground, kind, "", declared):
        rule = {"security_group_id": made, "direction": "egress", "protocol": "udp"}
        kept = cloud.send("POST", "network", "/security-group-rules", {"security_group_rule": rule})["security_group_rule"][
            "id"
        ]
        (live,) = found(cloud, kind, "", declared)
        assert list(differing(kind, declared, live)) == ["tags"]
        kind.change(cloud, live, declared)
        (live,) = by_id(cloud, kind, made)
        assert not differing(kind, declared, live)
        rules = [rule.id for rule in look(cloud, BY_NAME["security_group_rule"]) if rule.properties["securityGroupId"] == made]
        assert rules == [kept], "only those that Neutron gives every new group"


def test_an_image_whose_upload_was_cut_short_is_not_doubled(ground: Ground) -> None:
    kind, cloud = BY_NAME["image"], ground.cloud
    declared = image_declared(ground)
    body = {"name": declared["name"], "disk_format": "raw", "container_format": "bare", "tags": [MARK], "protected": True}
    left = cloud.send("POST", "image", "/images", {**body, "os_hidden": True})["id"]
    assert not found(cloud, kind, "", declared)
    made = kind.create(cloud, "", declared)
    (live,) = found(cloud, kind, "", declared)
    try:
        assert live.id == made
        with pytest.raises(CloudError) as gone:
            cloud.get("image", f"/images/{left}")
        assert gone.value.status == 404
        content = cloud.get("image", f"/images/{made}")
        assert (content["status"], content["size"]) == ("active", ground.image_file.stat().st_size)
    finally:
        kind.delete(cloud, live)


def test_what_a_tenant_hides_among_images_is_seen(ground: Ground) -> None:
    kind, cloud = BY_NAME["image"], ground.cloud
    names = {}
    for visibility in ("private", "shared", "community"):
        for hidden in (False, True):
            name = f"{ground.name}-{visibility}-{hidden}"
            body = {
                "name": name,
                "disk_format": "raw",
                "container_format": "bare",
                "os_hidden": hidden,
                "visibility": visibility,
            }
            made = cloud.send("POST", "image", "/images", body, project=ground.project)["id"]
            cloud.send("PUT", "image", f"/images/{made}/file", content=b"\0" * 512, project=ground.project)
            names[made] = name
    seen = [live for live in look(cloud, kind) if live.id in names]
    for live in seen:
        kind.delete(cloud, live)
    assert sorted(live.name for live in seen) == sorted(names.values())
    assert {live.project for live in seen} == {ground.project}


def test_a_key_pair_of_another_user_is_told_from_the_own_one(ground: Ground) -> None:
    kind, cloud = BY_NAME["key_pair"], ground.cloud
    name = ground.key_pair
    body = {"name": f"{ground.name}-user", "domain_id": "default", "enabled": False}
    user = cloud.send("POST", "identity", "/users", {"user": body})["user"]["id"]
    try:
        pair = {"name": name, "public_key": OTHER_KEY, "type": "ssh", "user_id": user}
        cloud.send("POST", "compute", "/os-keypairs", {"keypair": pair}, microversion="2.10")
        both = {live.properties["userId"]: live for live in look(cloud, kind) if live.name == name}
        assert both.keys() == {user, ground.user}
        assert [live.id for live in found(cloud, kind, "", {"name": name, "publicKey": KEY})] == [f"{ground.user}/{name}"]
        assert [live.id for live in found(cloud, kind, "", {"name": name, "userId": user})] == [f"{user}/{name}"]
        kind.delete(cloud, both[user])
        assert [live.properties["userId"] for live in look(cloud, kind) if live.name == name] == [ground.user]
    finally:
        cloud.send("DELETE", "identity", f"/users/{user}")


def test_a_server_that_cannot_start_says_why(ground: Ground) -> None:
    kind, cloud = BY_NAME["server"], ground.cloud
    name = f"{ground.name}-giant"
    size = {"ram": 1 << 30, "vcpus": 1, "disk": 1}
    giant = ground.make("flavour", {"name": name, "flavorId": name, **size, "isPublic": True})
    ground.make("compute_quota", {"projectId": ground.project, "ram": -1})
    declared = {**ground.server_on("giant", [ground.port("10.251.0.60", [])]), "flavorId": giant}
    with removed_at_last(ground, kind, ground.project, declared):
        with pytest.raises(CloudError, match="start server") as error:
            kind.create(cloud, ground.project, declared)
        assert "No valid host" in error.value.failure.detail
        (live,) = found(cloud, kind, ground.project, declared)
        assert list(differing(kind, declared, live)) != []
        assert kind.find is not None
        assert kind.find(cloud, ground.project, declared) == live.id


def test_a_volume_grows_in_a_running_server(ground: Ground) -> None:
    kind, cloud = BY_NAME["volume"], ground.cloud
    declared = ground.volume_of("growing")
    made = ground.make("volume", declared, ground.project)
    ground.make("volume_attachment", {"instanceId": ground.server, "volumeId": made}, ground.project)
    (live,) = by_id(cloud, kind, made)
    assert not differing(kind, declared, live), "an attached volume is as declared"
    assert live.properties["attachments"] == [ground.server]
    grown = {**declared, "size": 2}
    kind.change(cloud, live, grown)
    (live,) = by_id(cloud, kind, made)
    assert not differing(kind, grown, live)
    with pytest.raises(CloudError, match="refused"):
        kind.change(cloud, live, declared)  # it never shrinks


def test_lists_of_many_pages_are_whole(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    cloud = ground.cloud
    collections = {
        name: wanted for kind in BY_NAME.values() for name, wanted in kind.reads.items() if "{id}" not in str(wanted)
    }
    for number in range(3):
        ground.make("network", {"name": f"{ground.name}-page{number}", "tenantId": ground.project})
    for name, wanted in collections.items():
        whole, paged = (_ids_by_pages(cloud, wanted, size, monkeypatch) for size in (1000, 2))
        assert [one for one in whole if one not in paged] == [], name
        assert len(set(paged)) == len(paged), name


def _ids_by_pages(cloud: CloudSession, wanted: Any, size: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:  # noqa: ANN401 - a Collection
    monkeypatch.setattr("luxops.transports.openstack.PAGE", size)
    items = cloud.listed(
        wanted.service, wanted.path, wanted.key, parameters=dict(wanted.parameters), microversion=wanted.microversion
    )
    return [item.get("id") or str(item) for item in items]
