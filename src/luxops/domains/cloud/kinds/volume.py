"""Volumes. They grow in place, and never shrink."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from luxops.domains.cloud.kinds import rest
from luxops.domains.cloud.kinds.interface import Change, Json, Properties, Property, ResourceKind, Seen, once, text
from luxops.domains.cloud.kinds.server import MARKED
from luxops.domains.cloud.nouns import Live, ProjectId
from luxops.model import Severity

if TYPE_CHECKING:
    from luxops.transports.openstack import CloudSession

_PROPERTIES = {
    "name": Property(api="name"),
    "description": Property(api="description", canonical=text),
    "size": Property(),
    "availabilityZone": Property(Change.REPLACE, api="availability_zone"),
    "volumeType": Property(Change.REPLACE, api="volume_type"),
    "metadata": Property(api="metadata"),
}
_CINDERS_OWN = frozenset({"attached_mode", "readonly"})
"""What Cinder shows administrators among an attached volume's metadata."""
_GROWS_ATTACHED = "3.42"
_SEEN_ONLY = ("encrypted", "status", "bootable", "multiattach")


def _read(seen: Seen) -> Iterator[Live]:
    for item in seen["volumes"]:
        metadata = {key: value for key, value in (item.get("metadata") or {}).items() if key not in _CINDERS_OWN}
        attached = {"attachments": [found["server_id"] for found in item.get("attachments") or ()]}
        more = {name: rest.shown(item, name) for name in _SEEN_ONLY} | {"size": item["size"], "metadata": metadata} | attached
        yield Live(
            kind="volume",
            id=item["id"],
            project=ProjectId(item["os-vol-tenant-attr:tenant_id"]),
            name=item["name"] or item["id"],
            properties=rest.values(_PROPERTIES, item) | more,
            tags=frozenset({metadata[MARKED]} if MARKED in metadata else ()),
        )


def _create(cloud: CloudSession, project: str, wanted: Properties) -> str:
    body = rest.body(_PROPERTIES, wanted) | {"size": wanted["size"]}
    made = _find(cloud, project, wanted) or once(
        lambda: str(cloud.send("POST", "volume", "/volumes", {"volume": body}, project=project)["volume"]["id"]),
        lambda: _find(cloud, project, wanted),
    )
    rest.settled(lambda: _ask(cloud, made), "available", f"make volume {wanted['name']}")
    return made


def _ask(cloud: CloudSession, volume: str) -> Json:
    return cloud.get("volume", f"/volumes/{volume}")["volume"]


def _change(cloud: CloudSession, live: Live, wanted: Properties) -> None:
    body = rest.body(_PROPERTIES, wanted, updating=True)
    cloud.send("PUT", "volume", f"/volumes/{live.id}", {"volume": body})
    if wanted.get("size", live.properties["size"]) != live.properties["size"]:
        action = {"os-extend": {"new_size": wanted["size"]}}
        cloud.send("POST", "volume", f"/volumes/{live.id}/action", action, microversion=_GROWS_ATTACHED)
        rest.settled(lambda: _ask(cloud, live.id), str(live.properties["status"]), f"extend volume {live.name}")


def _delete(cloud: CloudSession, live: Live) -> None:
    rest.deleted(cloud, "volume", f"/volumes/{live.id}")
    rest.vanished(lambda: _ask(cloud, live.id), f"delete volume {live.name}")


def _find(cloud: CloudSession, project: str, wanted: Properties) -> str | None:
    found = cloud.listed("volume", "/volumes", "volumes", project=project, parameters={"name": wanted["name"]})
    return found[0]["id"] if found else None


KIND = ResourceKind(
    name="volume",
    type="openstack:blockstorage/volume:Volume",
    service="volume",
    reads={"volumes": rest.VOLUMES},
    read=_read,
    key=("$project", "name"),
    properties=_PROPERTIES,
    create=_create,
    change=_change,
    delete=_delete,
    find=_find,
    precious=True,
    severity=Severity.HIGH,
    shown=(*_SEEN_ONLY, "attachments"),
)
