"""Key pairs. Nova gives them to users, not to projects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote

from luxops.domains.cloud.kinds import rest
from luxops.domains.cloud.kinds.interface import Change, Properties, Property, ResourceKind, Seen
from luxops.domains.cloud.nouns import Live, ProjectId

if TYPE_CHECKING:
    from luxops.transports.openstack import CloudSession


def _key(value: object) -> str:
    """Without the comment: it says nothing of the key."""
    return " ".join(str(value or "").split()[:2])


_PROPERTIES = {
    "name": Property(Change.REPLACE, api="name"),
    "publicKey": Property(Change.REPLACE, api="public_key", canonical=_key),
    "userId": Property(Change.REPLACE),
}


def _read(seen: Seen) -> Iterator[Live]:
    for item in seen["keypairs"]:
        pair = item["keypair"]
        properties = rest.values(_PROPERTIES, pair) | {"userId": item["$of"], "fingerprint": pair["fingerprint"]}
        identifier = f"{item['$of']}/{pair['name']}"
        yield Live(kind="key_pair", id=identifier, project=ProjectId(""), name=pair["name"], properties=properties)


def _create(cloud: CloudSession, project: str, wanted: Properties) -> str:
    pair = rest.body(_PROPERTIES, wanted)
    made = cloud.send("POST", "compute", "/os-keypairs", {"keypair": pair}, project=project)["keypair"]
    return f"{made['user_id']}/{made['name']}"


def _delete(cloud: CloudSession, live: Live) -> None:
    user, _, name = live.id.partition("/")
    rest.deleted(cloud, "compute", f"/os-keypairs/{quote(name)}?user_id={user}", microversion=rest.OF_USERS)


KIND = ResourceKind(
    name="key_pair",
    type="openstack:compute/keypair:Keypair",
    service="compute",
    reads={"keypairs": rest.KEY_PAIRS},
    read=_read,
    key=("userId", "name"),
    other_key=("name", "publicKey"),
    properties=_PROPERTIES,
    create=_create,
    change=rest.unchangeable,
    delete=_delete,
    import_id=lambda live: live.name,
    title="key pair",
)
