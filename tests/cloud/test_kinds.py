"""How each kind reads what the APIs answer, and whether the table knows all that the programs declare."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.cloud.kinds_reading import MARK, OWNER, as_declared, read

from luxops.domains.cloud.capture import capture
from luxops.domains.cloud.kinds import BY_NAME, BY_TYPE, KINDS
from luxops.domains.cloud.kinds.interface import Change, Each
from luxops.domains.cloud.matching import UnknownKindError, kind_of
from luxops.domains.cloud.nouns import Declared, StackId, Urn
from luxops.federation import load_federation
from luxops.model import Failure, FailureReason
from luxops.settings import CloudSettings
from luxops.transports.openstack import CloudError, CloudSession

ROOT = Path(__file__).parents[2]


# The table


def test_names_types_and_collections_are_told_apart() -> None:
    assert len(BY_NAME) == len(BY_TYPE) == len(KINDS)
    collections: dict[str, Any] = {}
    for kind in KINDS:
        for name, wanted in kind.reads.items():
            assert collections.setdefault(name, wanted) == wanted, f"{name} means two things"
            assert ("{id}" in str(wanted)) is (wanted.each is not Each.ONCE)


def test_keys_are_properties_and_what_is_never_compared_has_a_reason() -> None:
    for kind in KINDS:
        assert {*kind.key, *kind.other_key} <= {"$project", *kind.properties}, kind.name
        assert not {*kind.shown, *kind.derived} & {*kind.properties}, kind.name
        for name, known in kind.properties.items():
            assert (known.change is Change.NEVER) is bool(known.why), f"{kind.name}.{name}"


@pytest.mark.slow
def test_every_type_and_property_that_the_example_declares_is_known() -> None:
    graph = capture(load_federation(ROOT / "inventory"), ROOT / "stacks", processes=1)
    for resource in graph.resources.values():
        kind_of(resource)


def test_a_property_that_the_table_does_not_know_is_an_error() -> None:
    stack = StackId("tenant/chl")
    declared = Declared(urn=Urn("x"), stack=stack, type=BY_NAME["network"].type, name="x", properties={"colour": "red"})
    with pytest.raises(UnknownKindError, match="colour"):
        kind_of(declared)
    with pytest.raises(UnknownKindError, match="unknown kind"):
        kind_of(declared.model_copy(update={"type": "openstack:networking/trunk:Trunk"}))


# Networks, subnets, ports, routers


def test_a_segment_that_neutron_chose_is_nobodys_wish() -> None:
    chosen = {"provider:network_type": "geneve", "provider:physical_network": None, "provider:segmentation_id": 23402}
    flat = {"provider:network_type": "flat", "provider:physical_network": "physnet-dc1", "provider:segmentation_id": None}
    network = {"id": "01241f85", "name": "his-hub-dc1", "project_id": OWNER, "tags": [MARK]}
    first, second = read("network", networks=[{**network, **chosen}, {**network, **flat}])
    assert first.properties["segments"] == []
    assert second.properties["segments"] == [{"networkType": "flat", "physicalNetwork": "physnet-dc1"}]
    assert second.stack == "services/mirth"


PORT: Mapping[str, Any] = {
    "id": "053163f1-76ee-47a2-8805-ae0507d29c70",
    "name": "mirth-dc2-management",
    "network_id": "502116ae-ca2b-41c4-b089-9c05382da7b5",
    "mac_address": "fa:16:3e:ce:ea:8a",
    "device_id": "bb625f14-248d-4836-aa9b-63c0725cfb2b",
    "device_owner": "compute:dc2",
    "fixed_ips": [{"subnet_id": "237b136a", "ip_address": "10.250.1.25"}],
    "allowed_address_pairs": [],
    "security_groups": ["89a3b8a2"],
    "project_id": OWNER,
    "tags": [MARK],
}


@pytest.mark.parametrize(
    ("declared", "same"),
    [
        ({"fixedIps": [{"subnetId": "237b136a", "ipAddress": "10.250.1.25"}]}, True),
        ({"fixedIps": [{"subnetId": "237b136a"}]}, True),
        ({"fixedIps": [{"subnetId": "237b136a", "ipAddress": "10.250.1.26"}]}, False),
        ({"fixedIps": [{"subnetId": "another"}]}, False),
        ({"fixedIps": []}, False),
        ({"noSecurityGroups": True}, False),
    ],
)
def test_a_port_may_leave_its_address_to_neutron(declared: dict[str, Any], same: bool) -> None:  # noqa: FBT001 - a case
    (live,) = read("port", ports=[PORT])
    assert as_declared("port", live, declared) is same


def test_an_address_pair_without_a_mac_is_the_ports_own() -> None:
    pairs = [{"ip_address": "10.0.0.9", "mac_address": PORT["mac_address"]}, {"ip_address": "10.0.0.8", "mac_address": "fa:1"}]
    (live,) = read("port", ports=[{**PORT, "allowed_address_pairs": pairs}])
    other = {"ipAddress": "10.0.0.8", "macAddress": "fa:1"}
    assert as_declared("port", live, {"allowedAddressPairs": [other, {"ipAddress": "10.0.0.9"}]})
    assert not as_declared("port", live, {"allowedAddressPairs": [other]})


def test_a_router_without_a_gateway_has_none_declared() -> None:
    router: dict[str, Any] = {
        "id": "0b109cec",
        "name": "chdn-dc2",
        "project_id": OWNER,
        "external_gateway_info": None,
        "routes": [],
        "tags": [],
    }
    (live,) = read("router", routers=[router])
    assert as_declared("router", live, {"externalNetworkId": "", "externalFixedIps": []})
    outside = {"network_id": "87f1b807", "enable_snat": True, "external_fixed_ips": []}
    (live,) = read("router", routers=[{**router, "external_gateway_info": outside}])
    assert not as_declared("router", live, {"externalNetworkId": ""})


def test_routes_that_dhcp_tells_are_objects_of_their_own() -> None:
    routes = [{"destination": "10.99.0.0/16", "nexthop": "10.24.32.77"}]
    subnet = {"id": "00aac60a", "name": "his-telephony-dc1", "project_id": OWNER, "host_routes": routes}
    (live,) = read("subnet_route", subnets=[subnet, {**subnet, "id": "other", "host_routes": []}])
    assert live.id == "00aac60a-route-10.99.0.0/16-10.24.32.77"
    assert live.name == "10.99.0.0/16 by 10.24.32.77 in his-telephony-dc1"


# Identity


def test_every_scope_of_a_role_is_told_apart() -> None:
    who = {"role": {"id": "r"}, "user": {"id": "u"}}
    scopes: list[dict[str, Any]] = [
        {"project": {"id": "p"}},
        {"project": {"id": "p"}, "OS-INHERIT:inherited_to": "projects"},
        {"domain": {"id": "d"}},
        {"system": {"all": True}},
    ]
    found = read("role_assignment", role_assignments=[{**who, "scope": scope} for scope in scopes])
    assert [live.id for live in found] == ["/p//u/r", "/p//u/r/inherited", "d///u/r", "///u/r"]
    declared = {"projectId": "p", "userId": "u", "roleId": "r"}
    known = BY_NAME["role_assignment"].properties
    key = [{name: known[name].canonical(live.properties.get(name)) for name in known} for live in found]
    assert key.count({name: known[name].canonical(declared.get(name)) for name in known}) == 1
    assert [live.name for live in found] == [
        "r of user u on project p",
        "r of user u on project p and all below it",
        "r of user u on domain d",
        "r of user u on the whole system",
    ]


def test_a_key_pair_is_its_users_own_and_its_comment_says_nothing() -> None:
    pair = {"keypair": {"name": "cfb", "public_key": "ssh-ed25519 AAAA someone", "fingerprint": "b6:bd", "type": "ssh"}}
    first, second = read("key_pair", keypairs=[{**pair, "$of": "u1"}, {**pair, "$of": "u2"}])
    assert (first.id, second.id) == ("u1/cfb", "u2/cfb")
    assert as_declared("key_pair", first, {"name": "cfb", "publicKey": "ssh-ed25519 AAAA provisioning"})


def test_a_quota_is_its_limits() -> None:
    use = {"$of": OWNER, "network": {"limit": 20, "used": 15, "reserved": 0}, "rbac_policy": {"limit": 0, "used": 0}}
    (live,) = read("network_quota", network_use=[use])
    assert live.properties.items() >= {"projectId": OWNER, "network": 20, "rbacPolicy": 0}.items()


# Servers, volumes, images, flavours

SERVER: Mapping[str, Any] = {
    "id": "bb625f14-248d-4836-aa9b-63c0725cfb2b",
    "name": "mirth-dc2",
    "status": "ACTIVE",
    "tenant_id": OWNER,
    "user_id": "176260c8",
    "metadata": {"group": "mirth", "luxops": MARK},
    "image": {"id": "a5f12162"},
    "flavor": {"id": "medium"},
    "OS-EXT-AZ:availability_zone": "dc2",
    "config_drive": "True",
    "key_name": "mirth",
    "OS-EXT-STS:vm_state": "active",
    "os-extended-volumes:volumes_attached": [{"id": "acd945ae"}],
}
DECLARED_SERVER: Mapping[str, Any] = {
    "name": "mirth-dc2",
    "flavorId": "medium",
    "availabilityZone": "dc2",
    "keyPair": "mirth",
    "configDrive": True,
    "metadata": {"group": "mirth", "luxops": MARK},
    "networks": [{"port": "second"}, {"port": "first"}],
    "powerState": "active",
}


def test_a_server_has_the_ports_that_say_they_are_its() -> None:
    own = [{**PORT, "id": name} for name in ("first", "second")]
    (live,) = read("server", servers=[SERVER], ports=[*own, {**PORT, "device_id": "other"}])
    assert as_declared("server", live, DECLARED_SERVER)
    assert live.stack == "services/mirth"
    third = {**PORT, "id": "plugged in by hand"}
    (live,) = read("server", servers=[{**SERVER, "OS-EXT-STS:vm_state": "stopped", "config_drive": ""}], ports=[*own, third])
    differing = [name for name in DECLARED_SERVER if not as_declared("server", live, {name: DECLARED_SERVER[name]})]
    assert differing == ["configDrive", "networks", "powerState"]


def test_a_volume_is_as_declared_while_it_is_attached() -> None:
    volume = {
        "id": "acd945ae",
        "status": "in-use",
        "size": 200,
        "name": "mirth-dc2-messages",
        "description": None,
        "availability_zone": "dc2",
        "metadata": {"luxops": MARK, "attached_mode": "rw"},
        "attachments": [{"server_id": SERVER["id"]}],
        "os-vol-tenant-attr:tenant_id": OWNER,
    }
    (live,) = read("volume", volumes=[volume])
    assert as_declared("volume", live, {"metadata": {"luxops": MARK}, "size": 200, "description": ""})
    assert (live.project, live.stack) == (OWNER, "services/mirth")
    (attached,) = read("volume_attachment", servers=[SERVER], volumes=[volume])
    assert attached.id == f"{SERVER['id']}/acd945ae"
    assert attached.name == "mirth-dc2-messages in mirth-dc2"


def test_an_unfinished_image_is_none_and_a_hidden_one_is_one() -> None:
    image = {"id": "a5f12162", "name": "debian-12", "status": "active", "owner": OWNER, "tags": [MARK], "os_hidden": False}
    queued = {**image, "id": "cut short", "status": "queued"}
    hidden = {**image, "id": "hidden", "os_hidden": True}
    found = read("image", images=[image, queued], hidden_images=[hidden, {**queued, "os_hidden": True}])
    assert [(live.id, live.properties["hidden"]) for live in found] == [("a5f12162", False), ("hidden", True)]


def test_a_flavour_without_swap_says_nothing_in_place_of_zero() -> None:
    flavour = {"id": "large", "name": "large", "ram": 65536, "disk": 80, "swap": "", "vcpus": 8, "extra_specs": {"hw:a": "b"}}
    (live,) = read("flavour", flavors=[flavour])
    assert as_declared("flavour", live, {"swap": 0, "flavorId": "large", "ram": 65536})
    assert not as_declared("flavour", live, {"extraSpecs": {}})


# Requests


class _Recorded:
    """Stands where a session would: keeps what was asked, and gives the same answer to everything."""

    def __init__(self, answer: Any) -> None:  # noqa: ANN401 - a JSON value
        self.sent: list[tuple[str, str, Any]] = []
        self._answer = answer

    def send(self, method: str, service: str, path: str, body: Any = None, **_: Any) -> Any:  # noqa: ANN401 - JSON values
        self.sent.append((method, f"{service} {path}", body))
        return self._answer

    def get(self, service: str, path: str, **_: Any) -> Any:  # noqa: ANN401 - JSON values
        return self.send("GET", service, path)

    def listed(self, *_: Any, **__: Any) -> list[Any]:  # noqa: ANN401 - JSON values
        """There is nothing yet."""
        return []


def test_a_servers_ports_keep_their_order() -> None:
    cloud: Any = _Recorded({"server": SERVER})
    BY_NAME["server"].create(cloud, OWNER, DECLARED_SERVER)
    assert cloud.sent[0][2]["server"]["networks"] == [{"port": "second"}, {"port": "first"}]


def test_a_networks_segment_is_said_once() -> None:
    cloud: Any = _Recorded({"network": {"id": "n"}})
    kind = BY_NAME["network"]
    declared = {"name": "n", "segments": [{"networkType": "flat", "physicalNetwork": "physnet-dc1"}]}
    kind.create(cloud, "", declared)
    (live,) = read("network", networks=[{"id": "n", "name": "n"}])
    kind.change(cloud, live, declared)
    made, changed = (body["network"] for _, _, body in cloud.sent)
    assert made["provider:physical_network"] == "physnet-dc1"
    assert changed == {"name": "n"}


def test_an_upload_that_is_tried_again_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "clouds.yaml"
    file.write_text("clouds: {x: {auth: {auth_url: 'http://127.0.0.1:9/v3', username: u, password: p, project_name: p}}}")
    cloud = CloudSession(CloudSettings(name="x", clouds_file=file))
    uploaded = []

    def once(request: Any) -> None:  # noqa: ANN401 - a request
        uploaded.append(request.content.read())
        if len(uploaded) == 1:
            failure = Failure(reason=FailureReason.SESSION_LOST, detail="the connection broke", retryable=True)
            raise CloudError("PUT", failure, wait=0.01)

    monkeypatch.setattr(cloud, "_once", once)
    cloud.send("PUT", "image", "/images/x/file", content=io.BytesIO(b"an image"))
    assert uploaded == [b"an image", b"an image"]
