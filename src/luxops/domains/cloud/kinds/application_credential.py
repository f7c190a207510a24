"""Application credentials: passwords without a person. Keystone shows them by user, and lets only that user make one."""

from __future__ import annotations

from collections.abc import Iterator

from luxops.domains.cloud.kinds import rest
from luxops.domains.cloud.kinds.interface import Change, Property, ResourceKind, Seen
from luxops.domains.cloud.nouns import Live, ProjectId
from luxops.model import Severity

_PROPERTIES = {
    "name": Property(Change.REPLACE, api="name"),
    "projectId": Property(Change.REPLACE, api="project_id"),
    "unrestricted": Property(Change.REPLACE, api="unrestricted"),
    "expiresAt": Property(Change.REPLACE, api="expires_at"),
    "roles": Property(Change.REPLACE),
}


def _read(seen: Seen) -> Iterator[Live]:
    for item in seen["application_credentials"]:
        roles = sorted(role["name"] for role in item.get("roles") or ())
        properties = rest.values(_PROPERTIES, item) | {"roles": roles, "userId": item["$of"]}
        properties["unrestricted"] = bool(item["unrestricted"])  # Keystone says nothing where nobody has said anything
        properties |= {"expiresEpoch": rest.epoch(item.get("expires_at"))}
        yield Live(
            kind="application_credential",
            id=item["id"],
            project=ProjectId(item["project_id"] or ""),
            name=f"{item['name']} of user {item['$of']}",
            properties=properties,
        )


KIND = ResourceKind(
    name="application_credential",
    type="openstack:identity/applicationCredential:ApplicationCredential",
    service="identity",
    reads={"application_credentials": rest.CREDENTIALS},
    read=_read,
    key=("name", "projectId"),
    properties=_PROPERTIES,
    create=rest.not_made_here,
    change=rest.unchangeable,
    delete=lambda cloud, live: rest.deleted(
        cloud, "identity", f"/users/{live.properties['userId']}/application_credentials/{live.id}"
    ),
    severity=Severity.HIGH,
    shown=("userId", "expiresEpoch"),
    title="application credential",
)
