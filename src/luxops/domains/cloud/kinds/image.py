"""Images. One whose upload was cut short is no image yet: it is removed before the next try, and never counted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luxops.domains.cloud.kinds import rest
from luxops.domains.cloud.kinds.interface import Change, Json, Properties, Property, ResourceKind, Seen, unordered
from luxops.domains.cloud.nouns import MARK, Live, ProjectId
from luxops.errors import UsageError
from luxops.model import Severity

if TYPE_CHECKING:
    from luxops.transports.openstack import CloudSession

_UNFINISHED = frozenset({"queued", "saving", "importing", "uploading"})
_GONE = frozenset({"deleted", "pending_delete", "killed"})
_PROPERTIES = {
    "name": Property(api="name"),
    "diskFormat": Property(Change.REPLACE, api="disk_format"),
    "containerFormat": Property(Change.REPLACE, api="container_format"),
    "visibility": Property(api="visibility"),
    "protected": Property(api="protected"),
    "hidden": Property(api="os_hidden"),
    "tags": Property(api="tags", canonical=unordered),
    "localFilePath": Property(Change.NEVER, why="an image keeps its content; a newer one is another image"),
}


def _read(seen: Seen) -> Iterator[Live]:
    for item in (*seen["images"], *seen["hidden_images"]):
        if item["status"] not in _UNFINISHED | _GONE:
            tags = frozenset(item.get("tags") or ())
            yield Live(
                kind="image",
                id=item["id"],
                project=ProjectId(item.get("owner") or ""),
                name=item["name"] or item["id"],
                properties=rest.values(_PROPERTIES, item) | _shown(item),
                tags=tags,
            )


def _shown(item: Json) -> dict[str, Any]:
    return {
        "status": item["status"],
        "hashAlgorithm": rest.shown(item, "os_hash_algo"),
        "signed": bool(item.get("img_signature")),
        "imageType": item.get("image_type") or "",
        "createdEpoch": rest.epoch(item.get("created_at")),
    }


def _create(cloud: CloudSession, _: str, wanted: Properties) -> str:
    path = Path(wanted["localFilePath"])
    if not path.is_file():
        raise UsageError(f"There is no image file at `{path}`", remedy="Correct cloud.images in inventory/federation.yaml.")
    for left in _called(cloud, wanted["name"]):
        if left["status"] in _UNFINISHED and any(tag.startswith(MARK) for tag in left.get("tags") or ()):
            _unprotect(cloud, left["id"])
            rest.deleted(cloud, "image", f"/images/{left['id']}")
    made = cloud.send("POST", "image", "/images", rest.body(_PROPERTIES, wanted))["id"]
    with path.open("rb") as content:
        cloud.send("PUT", "image", f"/images/{made}/file", content=content)
    return str(made)


def _called(cloud: CloudSession, name: str) -> list[Json]:
    """Of all owners, hidden ones too."""
    lists = (rest.IMAGES, rest.HIDDEN_IMAGES)
    asked = ({**dict(images.parameters), "name": name} for images in lists)
    return [item for parameters in asked for item in cloud.listed("image", "/images", "images", parameters=parameters)]


def _change(cloud: CloudSession, live: Live, wanted: Properties) -> None:
    changes = rest.body(_PROPERTIES, wanted, updating=True)
    patch = [{"op": "replace", "path": f"/{api}", "value": value} for api, value in changes.items()]
    cloud.send("PATCH", "image", f"/images/{live.id}", patch)


def _unprotect(cloud: CloudSession, image: str) -> None:
    cloud.send("PATCH", "image", f"/images/{image}", [{"op": "replace", "path": "/protected", "value": False}])


def _delete(cloud: CloudSession, live: Live) -> None:
    if live.properties["protected"]:
        _unprotect(cloud, live.id)
    rest.deleted(cloud, "image", f"/images/{live.id}")


KIND = ResourceKind(
    name="image",
    type="openstack:images/image:Image",
    service="image",
    reads={"images": rest.IMAGES, "hidden_images": rest.HIDDEN_IMAGES},
    read=_read,
    key=("name",),
    properties=_PROPERTIES,
    create=_create,
    change=_change,
    delete=_delete,
    precious=True,
    severity=Severity.HIGH,
    shown=("status", "hashAlgorithm", "signed", "imageType", "createdEpoch"),
)
