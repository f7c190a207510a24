"""A project of Keystone with all that makes it somebody's: roles, quotas, and a default group that lets nothing through."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_openstack as openstack

from luxops.domains.cloud.components.default_group import ClosedDefaultGroup
from luxops.domains.cloud.components.naming import own_tag
from luxops.federation.schema import Quota

MIB = 1024
ROLE_OF_LUXOPS = "member"
"""What luxops itself holds in a project, to start servers in it. Everything else it does as the platform's administrator."""


class CloudProject(pulumi.ComponentResource):
    """One project, closed until something opens it."""

    def __init__(
        self,
        name: str,
        *,
        title: str,
        quota: Quota,
        servers: int,
        access: Mapping[str, str],
        groups: Mapping[str, pulumi.Input[str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the project.

        Args:
            name: the project's name: a hospital's or service's id.
            title: whose it is, for people.
            quota: cores, memory and volume space, as declared.
            servers: how many servers are declared; twice as many may exist, so that one can be replaced beside the old one.
            access: Keystone group → role in this project.
            groups: Keystone group → its id.
            opts: as of every component.
        """
        super().__init__("luxops:cloud:Project", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.project = openstack.identity.Project(
            name,
            name=name,
            description=title,
            enabled=True,
            is_domain=False,
            domain_id="default",
            tags=[own_tag()],
            opts=pulumi.ResourceOptions(parent=self, protect=True),
        )
        quotas = self._quotas(name, quota, servers, child)
        # Whatever is put into the project waits for its quotas: the cloud's own are too small for a hospital.
        self.id = pulumi.Output.all(self.project.id, *(granted.id for granted in quotas)).apply(lambda known: str(known[0]))
        scope = openstack.identity.get_auth_scope_output(name="luxops")
        member = role_id(ROLE_OF_LUXOPS)
        self.provisioner = openstack.identity.RoleAssignment(
            f"{name}-luxops-{ROLE_OF_LUXOPS}", project_id=self.id, role_id=member, user_id=scope.user_id, opts=child
        )
        for group, role in access.items():
            openstack.identity.RoleAssignment(
                f"{name}-{group}-{role}", project_id=self.id, role_id=role_id(role), group_id=groups[group], opts=child
            )
        ClosedDefaultGroup(f"{name}-default", project_id=self.id, opts=child)
        # Not by `cloud`: the provider would pass over `tenant_id` then, and work in the project of clouds.yaml.
        self.provider = openstack.Provider(
            name, tenant_id=self.id, opts=pulumi.ResourceOptions(parent=self, depends_on=[self.provisioner])
        )
        self.register_outputs({"id": self.id})

    def _quotas(self, name: str, quota: Quota, servers: int, child: pulumi.ResourceOptions) -> list[pulumi.CustomResource]:
        compute = openstack.compute.QuotaSetV2(
            f"{name}-compute",
            project_id=self.project.id,
            cores=quota.cores,
            ram=quota.ram_gib * MIB,
            instances=2 * servers,
            server_groups=10,
            server_group_members=10,
            opts=child,
        )
        volumes = openstack.blockstorage.QuoteSetV3(
            f"{name}-volumes",
            project_id=self.project.id,
            gigabytes=quota.volumes_gib,
            volumes=10 * servers,
            snapshots=10 * servers,
            opts=child,
        )
        # Nobody outside the platform makes a way in or out: no floating IP, no router, no share of the tenant's own.
        network = openstack.networking.QuotaV2(
            f"{name}-network",
            project_id=self.project.id,
            floatingip=0,
            network=20,
            subnet=40,
            router=4,
            port=40 + 4 * servers,
            security_group=40,
            security_group_rule=1000,
            rbac_policy=0,
            subnetpool=0,
            opts=child,
        )
        return [compute, volumes, network]


def role_id(name: str) -> pulumi.Output[str]:
    """Keystone's id of a role: asked, never assumed."""
    return openstack.identity.get_role_output(name=name).id
