"""RBAC policies: what a project lets others use. One for everybody is the widest door there is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from luxops.domains.cloud.kinds.interface import Change, Property, Seen
from luxops.domains.cloud.kinds.neutron import neutron_kind, reads
from luxops.domains.cloud.nouns import Live
from luxops.model import Severity

_PLAIN = neutron_kind(
    "share",
    "openstack:networking/rbacPolicyV2:RbacPolicyV2",
    singular="rbac_policy",
    collection="rbac_policies",
    key=("objectType", "objectId", "action", "targetTenant"),
    properties={
        "objectType": Property(Change.REPLACE, api="object_type"),
        "objectId": Property(Change.REPLACE, api="object_id"),
        "action": Property(Change.REPLACE, api="action"),
        "targetTenant": Property(api="target_tenant"),
    },
    title="RBAC share",
    label=lambda item: f"{item['action']} of {item['object_type']} {item['object_id']} for {item['target_tenant']}",
    unique=True,
    severity=Severity.CRITICAL,
    shown={"objectProject": ""},
)


def _read(seen: Seen) -> Iterator[Live]:
    """With whose the shared object is: the share itself may belong to whoever made it."""
    owners = {item["id"]: item["project_id"] for name in ("networks", "security_groups") for item in seen[name]}
    for live in _PLAIN.read(seen):
        owner = owners.get(live.properties["objectId"], "")
        yield live.model_copy(update={"properties": {**live.properties, "objectProject": owner}})


KIND = replace(_PLAIN, read=_read, reads=reads("rbac_policies", "networks", "security_groups"))
