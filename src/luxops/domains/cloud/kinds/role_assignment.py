"""Who may do what where. An extra one is the quietest way into a tenant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from luxops.domains.cloud.kinds import rest
from luxops.domains.cloud.kinds.interface import Change, Properties, Property, ResourceKind, Seen, text
from luxops.domains.cloud.nouns import Live, ProjectId
from luxops.model import Severity

if TYPE_CHECKING:
    from luxops.transports.openstack import CloudSession

_IDS = ("domainId", "projectId", "groupId", "userId", "roleId")
"""In the order of the provider's import ids."""
_INHERITED = "OS-INHERIT:inherited_to"
_PROPERTIES = {
    **{name: Property(Change.REPLACE, canonical=text) for name in _IDS},
    "inherited": Property(Change.REPLACE, canonical=bool),
}
"""The provider can declare no assignment that is inherited, so each one is somebody's own."""


def _read(seen: Seen) -> Iterator[Live]:
    for item in seen["role_assignments"]:
        scope = item["scope"]
        properties = {
            "roleId": item["role"]["id"],
            "userId": item.get("user", {}).get("id", ""),
            "groupId": item.get("group", {}).get("id", ""),
            "projectId": scope.get("project", {}).get("id", ""),
            "domainId": scope.get("domain", {}).get("id", ""),
            "inherited": _INHERITED in scope,
        }
        yield Live(
            kind="role_assignment",
            id=_identifier(properties),
            project=ProjectId(properties["projectId"]),
            name=_called(properties),
            properties=properties,
        )


def _identifier(properties: Properties) -> str:
    inherited = ["inherited"] if properties.get("inherited") else []
    return "/".join([*(properties.get(name) or "" for name in _IDS), *inherited])


def _who(properties: Properties) -> str:
    return f"user {properties['userId']}" if properties.get("userId") else f"group {properties.get('groupId')}"


def _where(properties: Properties) -> str:
    inherited = " and all below it" if properties.get("inherited") else ""
    if properties.get("projectId"):
        return f"project {properties['projectId']}{inherited}"
    return f"domain {properties['domainId']}{inherited}" if properties.get("domainId") else "the whole system"


def _called(properties: Properties) -> str:
    return f"{properties['roleId']} of {_who(properties)} on {_where(properties)}"


def _path(properties: Properties) -> str:
    if properties.get("projectId"):
        where = f"/projects/{properties['projectId']}"
    else:
        where = f"/domains/{properties['domainId']}" if properties.get("domainId") else "/system"
    who = f"users/{properties['userId']}" if properties.get("userId") else f"groups/{properties['groupId']}"
    role = f"{where}/{who}/roles/{properties['roleId']}"
    return f"/OS-INHERIT{role}/inherited_to_projects" if properties.get("inherited") else role


def _create(cloud: CloudSession, _: str, wanted: Properties) -> str:
    cloud.send("PUT", "identity", _path(wanted))
    return _identifier(wanted)


KIND = ResourceKind(
    name="role_assignment",
    type="openstack:identity/roleAssignment:RoleAssignment",
    service="identity",
    reads={"role_assignments": rest.ASSIGNMENTS},
    read=_read,
    key=tuple(_PROPERTIES),
    properties=_PROPERTIES,
    create=_create,
    change=rest.unchangeable,
    delete=lambda cloud, live: rest.deleted(cloud, "identity", _path(live.properties)),
    severity=Severity.CRITICAL,
    derived={"system": lambda known: not known.get("projectId") and not known.get("domainId")},
    title="role",
    called=_called,
)
