"""Hypervisors: what a datacentre has to run servers on. Watched by policies, declared by nobody here."""

from __future__ import annotations

from collections.abc import Iterator

from luxops.domains.cloud.kinds import rest
from luxops.domains.cloud.kinds.interface import Change, Property, ResourceKind, Seen
from luxops.domains.cloud.nouns import Live, ProjectId

_SHOWN = {
    "state": "state",
    "status": "status",
    "hypervisorType": "hypervisor_type",
    "vcpus": "vcpus",
    "vcpusUsed": "vcpus_used",
    "ram": "memory_mb",
    "ramUsed": "memory_mb_used",
    "disk": "local_gb",
    "diskUsed": "local_gb_used",
    "servers": "running_vms",
}
"""With the names that Nova has for them."""


def _read(seen: Seen) -> Iterator[Live]:
    zones = {service["host"]: service["zone"] for service in seen["compute_services"]}
    for item in seen["hypervisors"]:
        name = item["hypervisor_hostname"]
        properties = {shown: rest.shown(item, api) for shown, api in _SHOWN.items()}
        properties |= {"name": name, "availabilityZone": zones.get(item["service"]["host"])}
        yield Live(kind="compute_host", id=str(item["id"]), project=ProjectId(""), name=name, properties=properties)


KIND = ResourceKind(
    name="compute_host",
    type="luxops:cloud:ComputeHost",
    service="compute",
    reads={"hypervisors": rest.HYPERVISORS, "compute_services": rest.COMPUTE_SERVICES},
    read=_read,
    key=("name",),
    properties={"name": Property(Change.REPLACE)},
    create=rest.not_made_here,
    change=rest.unchangeable,
    delete=rest.not_deleted_here,
    belongs=False,
    title="compute host",
    shown=("availabilityZone", *_SHOWN),
)
