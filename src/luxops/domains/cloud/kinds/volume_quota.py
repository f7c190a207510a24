"""What a project may use of Cinder."""

from __future__ import annotations

from luxops.domains.cloud.kinds import rest
from luxops.domains.cloud.kinds.quotas import quota_kind

KIND = quota_kind(
    "volume_quota",
    "openstack:blockstorage/quoteSetV3:QuoteSetV3",
    service="volume",
    collection=("volume_use", rest.VOLUME_USE),
    path="/os-quota-sets/{id}",
    wrapper="quota_set",
    fields={
        "gigabytes": "gigabytes",
        "volumes": "volumes",
        "snapshots": "snapshots",
        "backups": "backups",
        "backupGigabytes": "backup_gigabytes",
        "perVolumeGigabytes": "per_volume_gigabytes",
        "groups": "groups",
    },
    title="volume quota",
)
