"""What a project may use of Nova."""

from __future__ import annotations

from luxops.domains.cloud.kinds import rest
from luxops.domains.cloud.kinds.quotas import quota_kind

KIND = quota_kind(
    "compute_quota",
    "openstack:compute/quotaSetV2:QuotaSetV2",
    service="compute",
    collection=("compute_use", rest.COMPUTE_USE),
    path="/os-quota-sets/{id}",
    wrapper="quota_set",
    fields={
        "cores": "cores",
        "ram": "ram",
        "instances": "instances",
        "serverGroups": "server_groups",
        "serverGroupMembers": "server_group_members",
        "keyPairs": "key_pairs",
        "metadataItems": "metadata_items",
    },
    title="compute quota",
)
