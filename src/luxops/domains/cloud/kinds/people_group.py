"""Groups of people in Keystone, to which roles are given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from luxops.domains.cloud.kinds import rest
from luxops.domains.cloud.kinds.interface import Change, Properties, Property, ResourceKind, Seen, once, text
from luxops.domains.cloud.nouns import Live, ProjectId

if TYPE_CHECKING:
    from luxops.transports.openstack import CloudSession

_PROPERTIES = {
    "name": Property(api="name"),
    "description": Property(api="description", canonical=text),
    "domainId": Property(Change.REPLACE, api="domain_id"),
}


def _read(seen: Seen) -> Iterator[Live]:
    for item in seen["groups"]:
        properties = rest.values(_PROPERTIES, item)
        yield Live(kind="people_group", id=item["id"], project=ProjectId(""), name=item["name"], properties=properties)


def _create(cloud: CloudSession, _: str, wanted: Properties) -> str:
    def find() -> str | None:
        found = cloud.listed(
            "identity", "/groups", "groups", parameters={"name": wanted["name"], "domain_id": wanted["domainId"]}
        )
        return str(found[0]["id"]) if found else None

    sent = {"group": rest.body(_PROPERTIES, wanted)}
    return once(lambda: str(cloud.send("POST", "identity", "/groups", sent)["group"]["id"]), find)


def _change(cloud: CloudSession, live: Live, wanted: Properties) -> None:
    cloud.send("PATCH", "identity", f"/groups/{live.id}", {"group": rest.body(_PROPERTIES, wanted, updating=True)})


KIND = ResourceKind(
    name="people_group",
    type="openstack:identity/groupV3:GroupV3",
    service="identity",
    reads={"groups": rest.PEOPLE},
    read=_read,
    key=("domainId", "name"),
    properties=_PROPERTIES,
    create=_create,
    change=_change,
    delete=lambda cloud, live: rest.deleted(cloud, "identity", f"/groups/{live.id}"),
    title="group of people",
)
