"""RBAC policies: what a project lets others use. One for everybody is the widest door there is."""

from __future__ import annotations

from luxops.domains.cloud.kinds.interface import Change, Property
from luxops.domains.cloud.kinds.neutron import neutron_kind
from luxops.model import Severity

KIND = neutron_kind(
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
    severity=Severity.CRITICAL,
)
