"""Projects of Keystone: the walls between owners."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from luxops.domains.cloud.kinds import rest
from luxops.domains.cloud.kinds.interface import Change, Properties, Property, ResourceKind, Seen, once, text, unordered
from luxops.domains.cloud.nouns import Live, ProjectId
from luxops.model import Severity

if TYPE_CHECKING:
    from luxops.transports.openstack import CloudSession

_PROPERTIES = {
    "name": Property(api="name"),
    "description": Property(api="description", canonical=text),
    "enabled": Property(api="enabled"),
    "isDomain": Property(Change.REPLACE, api="is_domain"),
    "domainId": Property(Change.REPLACE, api="domain_id"),
    "tags": Property(api="tags", canonical=unordered),
}


def _read(seen: Seen) -> Iterator[Live]:
    for item in seen["projects"]:
        properties = rest.values(_PROPERTIES, item)
        tags = frozenset(item.get("tags") or ())
        yield Live(
            kind="project", id=item["id"], project=ProjectId(item["id"]), name=item["name"], properties=properties, tags=tags
        )


def _create(cloud: CloudSession, _: str, wanted: Properties) -> str:
    sent = {"project": rest.body(_PROPERTIES, wanted)}
    return once(
        lambda: str(cloud.send("POST", "identity", "/projects", sent)["project"]["id"]), lambda: _find(cloud, "", wanted)
    )


def _change(cloud: CloudSession, live: Live, wanted: Properties) -> None:
    cloud.send("PATCH", "identity", f"/projects/{live.id}", {"project": rest.body(_PROPERTIES, wanted, updating=True)})


def _find(cloud: CloudSession, _: str, wanted: Properties) -> str | None:
    parameters = {"name": wanted["name"], "domain_id": wanted["domainId"]}
    found = cloud.listed("identity", "/projects", "projects", parameters=parameters)
    return found[0]["id"] if found else None


def _delete(cloud: CloudSession, live: Live) -> None:
    """With its default group: Neutron would keep it, and has made it anew as long as anything was done in the project."""
    # Not by the project: to ask for a project's groups makes Neutron make this one.
    for group in cloud.listed("network", "/security-groups", "security_groups", parameters={"name": "default"}):
        if group["project_id"] == live.id:
            rest.deleted(cloud, "network", f"/security-groups/{group['id']}")
    rest.deleted(cloud, "identity", f"/projects/{live.id}")


KIND = ResourceKind(
    name="project",
    type="openstack:identity/project:Project",
    service="identity",
    reads={"projects": rest.PROJECTS},
    read=_read,
    key=("domainId", "name"),
    properties=_PROPERTIES,
    create=_create,
    change=_change,
    delete=_delete,
    find=_find,
    precious=True,
    severity=Severity.HIGH,
)
