"""Pools of storage behind Cinder: what a datacentre has to make volumes of. Watched by policies, declared by nobody here."""

from __future__ import annotations

from collections.abc import Iterator

from luxops.domains.cloud.kinds import rest
from luxops.domains.cloud.kinds.interface import Change, Property, ResourceKind, Seen
from luxops.domains.cloud.nouns import Live, ProjectId

_SHOWN = {
    "capacity": "total_capacity_gb",
    "free": "free_capacity_gb",
    "allocated": "allocated_capacity_gb",
    "protocol": "storage_protocol",
}
"""With the names that Cinder has for them. A backend that cannot tell its capacity writes `unknown` or `infinite` there."""


def _read(seen: Seen) -> Iterator[Live]:
    zones = {service["host"]: service["zone"] for service in seen["volume_services"] if service["binary"] == "cinder-volume"}
    for item in seen["storage_pools"]:
        name = item["name"]
        properties = {shown: rest.shown(item["capabilities"], api) for shown, api in _SHOWN.items()}
        properties |= {"name": name, "availabilityZone": zones.get(name.partition("#")[0])}
        yield Live(kind="storage_pool", id=name, project=ProjectId(""), name=name, properties=properties)


KIND = ResourceKind(
    name="storage_pool",
    type="luxops:cloud:StoragePool",
    service="volume",
    reads={"storage_pools": rest.STORAGE_POOLS, "volume_services": rest.VOLUME_SERVICES},
    read=_read,
    key=("name",),
    properties={"name": Property(Change.REPLACE)},
    create=rest.not_made_here,
    change=rest.unchangeable,
    delete=rest.not_deleted_here,
    belongs=False,
    title="storage pool",
    shown=("availabilityZone", *_SHOWN),
)
