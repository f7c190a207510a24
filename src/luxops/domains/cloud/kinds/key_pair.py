"""Key pairs. Nova gives them to users, not to projects."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote

from luxops.domains.cloud.kinds import rest
from luxops.domains.cloud.kinds.interface import Change, Json, Properties, Property, ResourceKind, Seen, once
from luxops.domains.cloud.nouns import Live, ProjectId

if TYPE_CHECKING:
    from luxops.transports.openstack import CloudSession


def _key(value: object) -> str:
    """Without the comment: it says nothing of the key."""
    return " ".join(str(value or "").split()[:2])


_MODULUS = {"ssh-rsa": 2, "ssh-dss": 1}
"""Which part of a key is the number whose length counts."""
_PROPERTIES = {
    "name": Property(Change.REPLACE, api="name"),
    "publicKey": Property(Change.REPLACE, api="public_key", canonical=_key),
    "userId": Property(Change.REPLACE),
}


def _algorithm(known: Properties) -> str:
    """As the key itself says; nothing where it is no key of OpenSSH."""
    words = str(known.get("publicKey") or "").split()
    return words[0] if len(words) > 1 else ""


def _bits(known: Properties) -> int | None:
    """Length of an RSA or DSA key's modulus; None of other keys, whose name says their length, and of what is no key."""
    words = str(known.get("publicKey") or "").split()
    if len(words) < 2 or words[0] not in _MODULUS:  # noqa: PLR2004 - name and key
        return None
    try:
        blob = base64.b64decode(words[1], validate=True)
        parts = []
        while blob:
            (size,) = struct.unpack(">I", blob[:4])
            if len(blob) < 4 + size:
                return None  # cut short
            parts.append(blob[4 : 4 + size])
            blob = blob[4 + size :]
        return int.from_bytes(parts[_MODULUS[words[0]]]).bit_length()
    except (ValueError, struct.error, IndexError):
        return None


def _read(seen: Seen) -> Iterator[Live]:
    for item in seen["keypairs"]:
        pair = item["keypair"]
        properties = rest.values(_PROPERTIES, pair) | {"userId": item["$of"], "fingerprint": pair["fingerprint"]}
        identifier = f"{item['$of']}/{pair['name']}"
        yield Live(kind="key_pair", id=identifier, project=ProjectId(""), name=pair["name"], properties=properties)


def _create(cloud: CloudSession, project: str, wanted: Properties) -> str:
    pair = rest.body(_PROPERTIES, wanted)
    path = "/os-keypairs"

    def named(answer: Json) -> str:
        return f"{answer['keypair']['user_id']}/{answer['keypair']['name']}"

    def find() -> str | None:
        """Only whose content is the same: a key cannot be changed."""
        found = cloud.get("compute", f"{path}/{quote(wanted['name'])}", project=project)
        return named(found) if _key(found["keypair"]["public_key"]) == _key(wanted["publicKey"]) else None

    return once(lambda: named(cloud.send("POST", "compute", path, {"keypair": pair}, project=project)), find)


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
    shown=("fingerprint",),
    derived={"algorithm": _algorithm, "bits": _bits},
)
