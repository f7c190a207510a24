"""What the tests of kinds on the lab's OpenStack stand on: a project of their own, and how to look at what is in it."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from luxops.domains.cloud.kinds import BY_NAME
from luxops.domains.cloud.kinds.interface import Change, Properties, ResourceKind
from luxops.domains.cloud.nouns import Live
from luxops.domains.cloud.sweep import sweep
from luxops.settings import Settings
from luxops.transports.openstack import CloudError, CloudSession

MARK = "luxops:tenant:kindtest"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEkBZ3GiQyDvx1yQKc2TLbW4R0mxU0CqG4FJ3dX7cY9m kindtest"
OTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB0aVYB6mVLmnuTVBk5NqFpBx3kLk0aFlN2mWc3cV5kQ other"


def look(cloud: CloudSession, kind: ResourceKind) -> list[Live]:
    """What a sweep finds of one kind."""
    seen = sweep(cloud, [kind])
    assert not [hole for hole in seen.holes if hole.collection in kind.reads]
    return seen.live([kind])[kind.name]


def by_id(cloud: CloudSession, kind: ResourceKind, identifier: str) -> list[Live]:
    """None or one."""
    return [live for live in look(cloud, kind) if live.id == identifier]


def found(cloud: CloudSession, kind: ResourceKind, project: str, declared: Properties) -> list[Live]:
    """The live objects that the declared one is, by its key."""
    names = (
        kind.key if all(name == "$project" or name in declared for name in kind.key) or not kind.other_key else kind.other_key
    )

    def same(live: Live, name: str) -> bool:
        if name == "$project":
            return live.project == project
        canonical = kind.properties[name].canonical
        return bool(canonical(live.properties.get(name)) == canonical(declared.get(name)))

    return [live for live in look(cloud, kind) if all(same(live, name) for name in names)]


def differing(kind: ResourceKind, declared: Properties, live: Live) -> dict[str, tuple[Any, Any]]:
    """Property → declared, live."""
    compared = {name: kind.properties[name] for name in declared if kind.properties[name].change is not Change.NEVER}
    return {
        name: (declared[name], live.properties.get(name))
        for name, known in compared.items()
        if known.canonical(declared[name]) != known.canonical(live.properties.get(name))
    }


class Ground:
    """What the objects under test stand on, made by the kinds themselves, and taken away last made first."""

    def __init__(self, cloud: CloudSession, folder: Path) -> None:
        self.cloud = cloud
        self.folder = folder
        self.name = f"kindtest-{uuid.uuid4().hex[:6]}"
        self._made: list[tuple[ResourceKind, str, Properties]] = []

    def make(self, kind: str, declared: Properties, project: str = "") -> str:
        """Its id."""
        made = BY_NAME[kind].create(self.cloud, project, declared)
        self._made.append((BY_NAME[kind], project, declared))
        return made

    def clear(self) -> None:
        """Whatever fails is told at the end; the rest is taken away all the same."""
        failed = []
        for kind, project, declared in reversed(self._made):
            for live in found(self.cloud, kind, project, declared):
                try:
                    kind.delete(self.cloud, live)
                except CloudError as error:
                    failed.append(error.diagnosis())
        assert not failed

    def role(self, name: str) -> str:
        return str(self.cloud.listed("identity", "/roles", "roles", parameters={"name": name})[0]["id"])

    @cached_property
    def user(self) -> str:
        return self.cloud.identity()["user_id"]

    @cached_property
    def project(self) -> str:
        """With luxops a member, as in every tenant."""
        made = self.make("project", {"name": self.name, "domainId": "default", "description": "", "tags": [MARK]})
        member = {"projectId": made, "roleId": self.role("member"), "userId": self.user}
        self.make("role_assignment", member)
        self.make("default_group", {"projectId": made, "rules": []})  # it would outlive its project
        return made

    @cached_property
    def people(self) -> str:
        return self.make("people_group", {"name": f"{self.name}-ground", "domainId": "default"})

    @cached_property
    def network(self) -> str:
        return self.make("network", {"name": f"{self.name}-ground", "tenantId": self.project})

    def subnet_of(self, network: str, cidr: str) -> str:
        name = f"{self.name}-{network[:4]}"
        declared = {"name": name, "tenantId": self.project, "networkId": network, "cidr": cidr, "ipVersion": 4}
        return self.make("subnet", {**declared, "enableDhcp": False})

    @cached_property
    def subnet(self) -> str:
        return self.subnet_of(self.network, "10.251.0.0/24")

    @cached_property
    def outside(self) -> str:
        made = self.make("network", {"name": f"{self.name}-outside", "tenantId": self.project, "external": True})
        self.subnet_of(made, "10.251.1.0/24")
        return made

    @cached_property
    def router(self) -> str:
        return self.make("router", {"name": f"{self.name}-ground", "tenantId": self.project})

    def group(self, name: str) -> str:
        declared = {"name": f"{self.name}-{name}", "tenantId": self.project, "deleteDefaultRules": True, "tags": [MARK]}
        return self.make("security_group", declared)

    def port(self, address: str, groups: list[str]) -> str:
        fixed = [{"subnetId": self.subnet, "ipAddress": address}]
        declared = {"name": f"{self.name}-{address}", "tenantId": self.project, "networkId": self.network}
        return self.make("port", {**declared, "fixedIps": fixed, "securityGroupIds": groups})

    @cached_property
    def flavour(self) -> str:
        name = f"{self.name}-ground"
        return self.make("flavour", {"name": name, "flavorId": name, "ram": 64, "vcpus": 1, "disk": 1, "isPublic": True})

    @cached_property
    def image_file(self) -> Path:
        path = self.folder / "image.raw"
        path.write_bytes(bytes(1 << 20))
        return path

    @cached_property
    def image(self) -> str:
        declared = {"name": f"{self.name}-ground", "diskFormat": "raw", "containerFormat": "bare", "visibility": "public"}
        return self.make("image", {**declared, "localFilePath": str(self.image_file)})

    @cached_property
    def key_pair(self) -> str:
        name = f"{self.name}-ground"
        self.make("key_pair", {"name": name, "publicKey": KEY}, self.project)
        return name

    def server_on(self, name: str, ports: list[str]) -> Properties:
        """As HostServer declares one."""
        return {
            "name": f"{self.name}-{name}",
            "flavorId": self.flavour,
            "imageId": self.image,
            "availabilityZone": "dc1",
            "keyPair": self.key_pair,
            "configDrive": True,
            "metadata": {"luxops": MARK, "group": "planning"},
            "networks": [{"port": port} for port in ports],
            "powerState": "active",
        }

    @cached_property
    def server(self) -> str:
        return self.make("server", self.server_on("ground", [self.port("10.251.0.20", [])]), self.project)

    def volume_of(self, name: str) -> Properties:
        about = {"description": "of a test", "metadata": {"luxops": MARK}, "availabilityZone": "dc1"}
        return {"name": f"{self.name}-{name}", "size": 1, **about}


def image_declared(ground: Ground) -> dict[str, Any]:
    """As the platform declares one."""
    about = {"name": f"{ground.name}-trip", "diskFormat": "raw", "containerFormat": "bare", "tags": [MARK]}
    return {**about, "visibility": "public", "protected": True, "hidden": False, "localFilePath": str(ground.image_file)}


@contextlib.contextmanager
def removed_at_last(ground: Ground, kind: ResourceKind, project: str, declared: Properties) -> Iterator[set[str]]:
    """Also where the test fails in between: what has the declared key, or an id that the test has noted."""
    noted: set[str] = set()
    try:
        yield noted
    finally:
        left = {live.id: live for live in look(ground.cloud, kind) if live.id in noted}
        left |= {live.id: live for live in found(ground.cloud, kind, project, declared)}
        for live in left.values():
            kind.delete(ground.cloud, live)


@pytest.fixture(scope="module")
def cloud(lab_cloud: Settings) -> CloudSession:
    """The lab's."""
    return CloudSession(lab_cloud.cloud)


@pytest.fixture(scope="module")
def ground(cloud: CloudSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    made = Ground(cloud, tmp_path_factory.mktemp("kinds"))
    try:
        yield made
    finally:
        made.clear()
