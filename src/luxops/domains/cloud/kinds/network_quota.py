"""What a project may use of Neutron."""

from __future__ import annotations

from luxops.domains.cloud.kinds import rest
from luxops.domains.cloud.kinds.quotas import quota_kind

KIND = quota_kind(
    "network_quota",
    "openstack:networking/quotaV2:QuotaV2",
    service="network",
    collection=("network_use", rest.NETWORK_USE),
    path="/quotas/{id}",
    wrapper="quota",
    fields={
        "floatingip": "floatingip",
        "network": "network",
        "subnet": "subnet",
        "router": "router",
        "port": "port",
        "securityGroup": "security_group",
        "securityGroupRule": "security_group_rule",
        "rbacPolicy": "rbac_policy",
        "subnetpool": "subnetpool",
    },
    title="network quota",
)
