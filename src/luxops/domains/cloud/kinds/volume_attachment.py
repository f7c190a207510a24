"""Which volume is in which server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from luxops.domains.cloud.kinds import rest
from luxops.domains.cloud.kinds.interface import Change, Properties, Property, ResourceKind, Seen
from luxops.domains.cloud.nouns import Live, ProjectId
from luxops.model import Severity
from luxops.transports.openstack import CloudError

if TYPE_CHECKING:
    from luxops.transports.openstack import CloudSession


def _read(seen: Seen) -> Iterator[Live]:
    names = {volume["id"]: volume["name"] or volume["id"] for volume in seen["volumes"]}
    for server in seen["servers"]:
        for attached in server["os-extended-volumes:volumes_attached"]:
            yield Live(
                kind="volume_attachment",
                id=f"{server['id']}/{attached['id']}",
                project=ProjectId(server["tenant_id"]),
                name=f"{names.get(attached['id'], attached['id'])} in {server['name']}",
                properties={"instanceId": server["id"], "volumeId": attached["id"]},
            )


def _create(cloud: CloudSession, project: str, wanted: Properties) -> str:
    server, volume = wanted["instanceId"], wanted["volumeId"]
    path = f"/servers/{server}/os-volume_attachments"
    cloud.send("POST", "compute", path, {"volumeAttachment": {"volumeId": volume}}, project=project)
    rest.settled(lambda: cloud.get("volume", f"/volumes/{volume}")["volume"], "in-use", f"attach volume {volume}")
    return f"{server}/{volume}"


def _delete(cloud: CloudSession, live: Live) -> None:
    server, volume = live.properties["instanceId"], live.properties["volumeId"]
    rest.deleted(cloud, "compute", f"/servers/{server}/os-volume_attachments/{volume}")
    try:
        rest.settled(lambda: cloud.get("volume", f"/volumes/{volume}")["volume"], "available", f"detach {live.name}")
    except CloudError as error:
        if error.status != rest.GONE:
            raise


KIND = ResourceKind(
    name="volume_attachment",
    type="openstack:compute/volumeAttach:VolumeAttach",
    service="compute",
    reads={"servers": rest.SERVERS, "volumes": rest.VOLUMES},
    read=_read,
    key=("instanceId", "volumeId"),
    properties={"instanceId": Property(Change.REPLACE), "volumeId": Property(Change.REPLACE)},
    create=_create,
    change=rest.unchangeable,
    delete=_delete,
    severity=Severity.HIGH,
    title="volume attachment",
    called=lambda wanted: f"{wanted['volumeId']} in {wanted['instanceId']}",
)
