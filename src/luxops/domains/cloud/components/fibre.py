"""What joins one owner's cloud to the hub router of a datacentre: a network for those two alone, and the routes."""

from __future__ import annotations

from ipaddress import IPv4Network

import pulumi
import pulumi_openstack as openstack

from luxops.domains.cloud.components.naming import HUB, hub_of, own_tag, router_of


class Attachment(pulumi.ComponentResource):
    """A network with two ports: the hub router has its first address, the owner's router its second.

    No two owners share a network, so nothing but a router stands between them that could be passed by.
    """

    def __init__(  # noqa: PLR0913 - a component's inputs
        self,
        owner: str,
        place: str,
        *,
        prefix: IPv4Network,
        platform_id: pulumi.Input[str],
        project_id: pulumi.Input[str],
        hub: pulumi.Input[str],
        router: pulumi.Input[str],
        remote: tuple[IPv4Network, ...],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the attachment.

        Args:
            owner: id of the hospital or service.
            place: the datacentre.
            prefix: the network's own.
            platform_id: the platform's project, whose network it is.
            project_id: the owner's project, with which it is shared.
            hub: id of the datacentre's hub router.
            router: id of the owner's router there.
            remote: what flows lead to, in prefixes: no flow, no route.
            opts: as of every component.
        """
        name = hub_of(owner, place)
        super().__init__("luxops:cloud:Attachment", name, None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        self.network = openstack.networking.Network(
            name,
            name=name,
            description=f"between {owner} and the hub of {place}",
            tenant_id=platform_id,
            admin_state_up=True,
            shared=False,
            external=False,
            port_security_enabled=True,
            tags=[own_tag()],
            opts=self._child,
        )
        self.subnet = openstack.networking.Subnet(
            name,
            name=name,
            description=f"between {owner} and the hub of {place}",
            tenant_id=platform_id,
            network_id=self.network.id,
            cidr=str(prefix),
            ip_version=4,
            no_gateway=True,
            enable_dhcp=False,
            tags=[own_tag()],
            opts=self._child,
        )
        share = openstack.networking.RbacPolicyV2(
            name,
            action="access_as_shared",
            object_type="network",
            object_id=self.network.id,
            target_tenant=project_id,
            opts=self._child,
        )
        self._joined(f"{router_of(HUB, place)}-{owner}", hub, platform_id, str(prefix[1]), share)
        self.address = str(prefix[2])
        joined = self._joined(f"{router_of(owner, place)}-{HUB}", router, project_id, self.address, share)
        if remote:
            openstack.networking.RouterRoutesV2(
                router_of(owner, place),
                router_id=router,
                routes=[
                    openstack.networking.RouterRoutesV2RouteArgs(destination_cidr=str(there), next_hop=str(prefix[1]))
                    for there in remote
                ],
                opts=pulumi.ResourceOptions(parent=self, depends_on=[joined]),
            )
        self.register_outputs({})

    def _joined(
        self, name: str, router: pulumi.Input[str], project_id: pulumi.Input[str], address: str, share: pulumi.Resource
    ) -> openstack.networking.RouterInterface:
        port = openstack.networking.Port(
            name,
            name=name,
            tenant_id=project_id,
            network_id=self.network.id,
            fixed_ips=[openstack.networking.PortFixedIpArgs(subnet_id=self.subnet.id, ip_address=address)],
            admin_state_up=True,
            # A router's port passes on what others have sent, so Neutron checks no sources on it and puts it in no group.
            port_security_enabled=False,
            no_security_groups=True,
            tags=[own_tag()],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[share]),
        )
        return openstack.networking.RouterInterface(
            name, router_id=router, port_id=port.id, opts=pulumi.ResourceOptions(parent=self)
        )
