"""Every kind of thing in a cloud that luxops knows, one file each. docs/adding-a-resource-kind.md says how to add one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from luxops.domains.cloud.kinds import (
    application_credential,
    compute_host,
    compute_quota,
    default_group,
    endpoint,
    flavour,
    floating_ip,
    image,
    key_pair,
    network,
    network_quota,
    people_group,
    port,
    port_groups,
    project,
    role_assignment,
    router,
    router_interface,
    router_routes,
    security_group,
    security_group_rule,
    server,
    share,
    storage_pool,
    subnet,
    subnet_route,
    user,
    volume,
    volume_attachment,
    volume_quota,
)
from luxops.domains.cloud.kinds.interface import ResourceKind

# Each after what it can stand on: what nobody declares any more is deleted from the end.
KINDS: Final[tuple[ResourceKind, ...]] = (
    project.KIND,
    people_group.KIND,
    role_assignment.KIND,
    application_credential.KIND,
    endpoint.KIND,
    user.KIND,
    compute_host.KIND,
    storage_pool.KIND,
    compute_quota.KIND,
    volume_quota.KIND,
    network_quota.KIND,
    flavour.KIND,
    image.KIND,
    key_pair.KIND,
    network.KIND,
    subnet.KIND,
    subnet_route.KIND,
    share.KIND,
    default_group.KIND,
    security_group.KIND,
    security_group_rule.KIND,
    router.KIND,
    port.KIND,
    port_groups.KIND,
    router_interface.KIND,
    router_routes.KIND,
    floating_ip.KIND,
    server.KIND,
    volume.KIND,
    volume_attachment.KIND,
)

BY_TYPE: Final[Mapping[str, ResourceKind]] = {kind.type: kind for kind in KINDS}
BY_NAME: Final[Mapping[str, ResourceKind]] = {kind.name: kind for kind in KINDS}

__all__ = ["BY_NAME", "BY_TYPE", "KINDS", "ResourceKind"]
