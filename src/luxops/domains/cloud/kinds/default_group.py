"""A project's own `default` group: it is there as soon as Neutron hears of the project, and no rule may be in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from luxops.domains.cloud.kinds.interface import Change, Property, ResourceKind, Seen
from luxops.domains.cloud.kinds.neutron import deleted, reads
from luxops.domains.cloud.kinds.security_group import DEFAULT
from luxops.domains.cloud.kinds.security_group_rule import label
from luxops.domains.cloud.nouns import Live, ProjectId
from luxops.model import Failure, FailureReason, Severity
from luxops.transports.openstack import CloudError

if TYPE_CHECKING:
    from luxops.transports.openstack import CloudSession


def _read(seen: Seen) -> Iterator[Live]:
    rules: dict[str, list[str]] = {}
    for rule in seen["security_group_rules"]:
        rules.setdefault(rule["security_group_id"], []).append(label(rule))
    for group in seen["security_groups"]:
        if group["name"] == DEFAULT:
            properties = {"projectId": group["project_id"], "rules": sorted(rules.get(group["id"], ()))}
            yield Live(
                kind="default_group",
                id=group["id"],
                project=ProjectId(group["project_id"]),
                name=group["project_id"],
                properties=properties,
            )


def _close(cloud: CloudSession, project: str) -> str:
    """To ask for a project's groups makes Neutron make this one. Raises CloudError where it does not: nothing was closed."""
    groups = cloud.listed("network", "/security-groups", "security_groups", parameters={"project_id": project, "name": DEFAULT})
    if not groups:
        failure = Failure(reason=FailureReason.MALFORMED, detail=f"Neutron shows none in project {project}")
        raise CloudError("close the default security group", failure)
    for rule in groups[0]["security_group_rules"]:
        deleted(cloud, f"/security-group-rules/{rule['id']}")
    return str(groups[0]["id"])


KIND = ResourceKind(
    name="default_group",
    type="luxops:cloud:ClosedDefaultGroup",
    service="network",
    reads=reads("security_groups", "security_group_rules"),
    read=_read,
    key=("projectId",),
    properties={"projectId": Property(Change.REPLACE), "rules": Property()},
    create=lambda cloud, _, wanted: _close(cloud, wanted["projectId"]),
    change=lambda cloud, live, _: _close(cloud, live.project),
    delete=lambda cloud, live: deleted(cloud, f"/security-groups/{live.id}"),
    belongs=False,
    severity=Severity.HIGH,
    title="default security group of",
    called=lambda wanted: str(wanted["projectId"]),
)
