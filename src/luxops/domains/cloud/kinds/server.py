"""Servers. What a program declares of one mostly cannot be changed in place: Nova would have to build another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from luxops.domains.cloud.kinds import rest
from luxops.domains.cloud.kinds.interface import Change, Json, Properties, Property, ResourceKind, Seen, once
from luxops.domains.cloud.kinds.neutron import reads
from luxops.domains.cloud.nouns import Live, ProjectId
from luxops.model import Severity

if TYPE_CHECKING:
    from luxops.transports.openstack import CloudSession

MARKED = "luxops"
"""Key in metadata under which servers and volumes carry their stack's mark."""


def _ports(value: Any) -> Any:  # noqa: ANN401 - any property value
    """Nova does not say in which order a server has them."""
    return sorted(network["port"] for network in value or () if network.get("port"))


_PROPERTIES = {
    "name": Property(api="name"),
    "flavorId": Property(Change.REPLACE, api="flavorRef"),
    "imageId": Property(Change.NEVER, api="imageRef", why="a newer image is for new servers"),
    "availabilityZone": Property(Change.REPLACE, api="availability_zone"),
    "keyPair": Property(Change.REPLACE, api="key_name"),
    "configDrive": Property(Change.REPLACE, api="config_drive"),
    "metadata": Property(api="metadata"),
    "networks": Property(Change.REPLACE, canonical=_ports),
    "powerState": Property(),
}
"""With the names that a request to make one has for them; a server that is there says them otherwise."""
_POWER = {"active": "active", "stopped": "shutoff"}
_TO_ACTIVE = {"paused": "unpause", "suspended": "resume", "shelved": "unshelve", "shelved_offloaded": "unshelve"}


def _read(seen: Seen) -> Iterator[Live]:
    ports: dict[str, list[str]] = {}
    for port in seen["ports"]:
        ports.setdefault(port.get("device_id") or "", []).append(port["id"])
    for item in seen["servers"]:
        metadata = item.get("metadata") or {}
        state = item["OS-EXT-STS:vm_state"]
        properties = {
            "name": item["name"],
            "flavorId": item["flavor"].get("id"),
            "imageId": item["image"]["id"] if item.get("image") else "",
            "availabilityZone": item["OS-EXT-AZ:availability_zone"],
            "keyPair": item.get("key_name"),
            "configDrive": item.get("config_drive") == "True",
            "metadata": metadata,
            "networks": [{"port": port} for port in sorted(ports.get(item["id"], ()))],
            "powerState": _POWER.get(state, state),
            "status": item["status"],
            "userId": item.get("user_id"),
            "host": item.get("OS-EXT-SRV-ATTR:host"),
        }
        yield Live(
            kind="server",
            id=item["id"],
            project=ProjectId(item["tenant_id"]),
            name=item["name"],
            properties=properties,
            tags=frozenset({metadata[MARKED]} if MARKED in metadata else ()),
        )


def _create(cloud: CloudSession, project: str, wanted: Properties) -> str:
    # In the declared order: the first is the server's first.
    networks = [{"port": network["port"]} for network in wanted["networks"]]
    body = {**rest.body(_PROPERTIES, wanted), "networks": networks}
    made = _find(cloud, project, wanted) or once(
        lambda: str(cloud.send("POST", "compute", "/servers", {"server": body}, project=project)["server"]["id"]),
        lambda: _find(cloud, project, wanted),
    )
    found = rest.settled(lambda: _ask(cloud, made), "active", f"start server {wanted['name']}")
    _power(cloud, made, _POWER[found["OS-EXT-STS:vm_state"]], wanted)
    return made


def _ask(cloud: CloudSession, server: str) -> Json:
    return cloud.get("compute", f"/servers/{server}")["server"]


def _change(cloud: CloudSession, live: Live, wanted: Properties) -> None:
    if wanted["name"] != live.properties["name"]:
        cloud.send("PUT", "compute", f"/servers/{live.id}", {"server": {"name": wanted["name"]}})
    if "metadata" in wanted and wanted["metadata"] != live.properties["metadata"]:
        cloud.send("PUT", "compute", f"/servers/{live.id}/metadata", {"metadata": dict(wanted["metadata"])})
    _power(cloud, live.id, live.properties["powerState"], wanted)


def _power(cloud: CloudSession, server: str, now: str, wanted: Properties) -> None:
    state = wanted.get("powerState", now)
    if state != now:
        action = _TO_ACTIVE.get(now, "os-start") if state == "active" else "os-stop"
        cloud.send("POST", "compute", f"/servers/{server}/action", {action: None})
        rest.settled(lambda: _ask(cloud, server), state, f"start or stop server {wanted['name']}")


def _delete(cloud: CloudSession, live: Live) -> None:
    rest.deleted(cloud, "compute", f"/servers/{live.id}")
    rest.vanished(lambda: _ask(cloud, live.id), f"delete server {live.name}")


def _find(cloud: CloudSession, project: str, wanted: Properties) -> str | None:
    parameters = {"name": f"^{re.escape(wanted['name'])}$"}
    found = cloud.listed("compute", "/servers", "servers", project=project, parameters=parameters)
    return found[0]["id"] if found else None


KIND = ResourceKind(
    name="server",
    type="openstack:compute/instance:Instance",
    service="compute",
    reads={"servers": rest.SERVERS, **reads("ports")},
    read=_read,
    key=("$project", "name"),
    properties=_PROPERTIES,
    create=_create,
    change=_change,
    delete=_delete,
    find=_find,
    precious=True,
    severity=Severity.HIGH,
    shown=("status", "userId", "host"),
)
