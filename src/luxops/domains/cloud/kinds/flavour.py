"""Sizes of servers. Nova changes of them only the extra specs, which can hand a server a device or a whole core."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from luxops.domains.cloud.kinds import rest
from luxops.domains.cloud.kinds.interface import Change, Properties, Property, ResourceKind, Seen
from luxops.domains.cloud.nouns import Live, ProjectId

if TYPE_CHECKING:
    from luxops.transports.openstack import CloudSession

_PROPERTIES = {
    "name": Property(Change.REPLACE, api="name"),
    "flavorId": Property(Change.REPLACE, api="id"),
    "ram": Property(Change.REPLACE, api="ram"),
    "vcpus": Property(Change.REPLACE, api="vcpus"),
    "disk": Property(Change.REPLACE, api="disk"),
    "ephemeral": Property(Change.REPLACE, api="OS-FLV-EXT-DATA:ephemeral"),
    "swap": Property(Change.REPLACE, api="swap", canonical=lambda value: value or 0),
    "isPublic": Property(Change.REPLACE, api="os-flavor-access:is_public"),
    "extraSpecs": Property(canonical=lambda value: value or {}),
}


def _read(seen: Seen) -> Iterator[Live]:
    for item in seen["flavors"]:
        properties = rest.values(_PROPERTIES, item) | {"extraSpecs": item["extra_specs"]}
        yield Live(kind="flavour", id=item["id"], project=ProjectId(""), name=item["name"], properties=properties)


def _create(cloud: CloudSession, _: str, wanted: Properties) -> str:
    made = cloud.send("POST", "compute", "/flavors", {"flavor": rest.body(_PROPERTIES, wanted)})["flavor"]["id"]
    _specify(cloud, made, {}, wanted)
    return str(made)


def _specify(cloud: CloudSession, flavour: str, now: Mapping[str, str], wanted: Properties) -> None:
    specs = wanted.get("extraSpecs", now)
    for key in now.keys() - specs.keys():
        rest.deleted(cloud, "compute", f"/flavors/{flavour}/os-extra_specs/{key}")
    if changed := {key: value for key, value in specs.items() if now.get(key) != value}:
        cloud.send("POST", "compute", f"/flavors/{flavour}/os-extra_specs", {"extra_specs": changed})


KIND = ResourceKind(
    name="flavour",
    type="openstack:compute/flavor:Flavor",
    service="compute",
    reads={"flavors": rest.FLAVOURS},
    read=_read,
    key=("name",),
    properties=_PROPERTIES,
    create=_create,
    change=lambda cloud, live, wanted: _specify(cloud, live.id, live.properties["extraSpecs"], wanted),
    delete=lambda cloud, live: rest.deleted(cloud, "compute", f"/flavors/{live.id}"),
)
