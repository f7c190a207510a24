"""A small tenant, for the contract test of the real CLI. It is a Pulumi project's `__main__.py`, with constants set anew."""

from __future__ import annotations

import pulumi
import pulumi_openstack as openstack

NETWORKS = 3
DESCRIPTION = "made by a test"

stack = pulumi.get_stack()
project = openstack.identity.Project(
    stack, name=f"contract-{stack}", description="made by a test", enabled=True, opts=pulumi.ResourceOptions(protect=True)
)
for number in range(NETWORKS):
    openstack.networking.Network(
        f"net{number}",
        name=f"contract-{stack}-net{number}",
        description=DESCRIPTION,
        tenant_id=project.id,
        admin_state_up=True,
        shared=False,
        port_security_enabled=True,
    )
group = openstack.networking.SecGroup(
    "group", name=f"contract-{stack}", description="made by a test", tenant_id=project.id, delete_default_rules=True
)
openstack.networking.SecGroupRule(
    "rule",
    security_group_id=group.id,
    tenant_id=project.id,
    direction="ingress",
    ethertype="IPv4",
    protocol="tcp",
    port_range_min=443,
    port_range_max=443,
    remote_ip_prefix="192.0.2.0/24",
)
