"""A zone in the cloud: one network, a subnet a datacentre, and a security group for each of those."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network

import pulumi
import pulumi_openstack as openstack

from luxops.domains.cloud.components.naming import described, network_of, own_tag, zone_at
from luxops.domains.cloud.rules import Datacentre, Rule
from luxops.federation.federation import Flow


class ZoneNetwork(pulumi.ComponentResource):
    """The network with its subnets, each joined to the owner's router in its datacentre."""

    def __init__(
        self,
        owner: str,
        zone: str,
        *,
        project_id: pulumi.Input[str],
        subnets: Mapping[Datacentre, IPv4Network],
        routers: Mapping[Datacentre, openstack.networking.Router],
        dns: tuple[IPv4Address, ...],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the zone.

        Args:
            owner: id of the hospital or service.
            zone: the zone's name.
            project_id: the owner's project.
            subnets: datacentre → prefix; its first address is the router's.
            routers: datacentre → the owner's router there.
            dns: name servers that servers are told by DHCP.
            opts: as of every component.
        """
        name = network_of(owner, zone)
        super().__init__("luxops:cloud:ZoneNetwork", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.network = openstack.networking.Network(
            name,
            name=name,
            description=f"zone {zone} of {owner}",
            tenant_id=project_id,
            admin_state_up=True,
            shared=False,
            external=False,
            port_security_enabled=True,
            tags=[own_tag()],
            opts=child,
        )
        self.subnets: dict[str, openstack.networking.Subnet] = {}
        self.joined: dict[str, openstack.networking.RouterInterface] = {}
        for place, prefix in subnets.items():
            at = zone_at(owner, zone, place)
            self.subnets[place] = openstack.networking.Subnet(
                at,
                name=at,
                description=f"zone {zone} of {owner} in {place}",
                tenant_id=project_id,
                network_id=self.network.id,
                cidr=str(prefix),
                ip_version=4,
                gateway_ip=str(prefix[1]),
                enable_dhcp=True,
                dns_nameservers=[str(address) for address in dns],
                tags=[own_tag()],
                opts=child,
            )
            self.joined[place] = openstack.networking.RouterInterface(
                at, router_id=routers[place].id, subnet_id=self.subnets[place].id, opts=child
            )
        self.register_outputs({})


class FlowGroup(pulumi.ComponentResource):
    """A security group with exactly the rules that flows need. It is stateful: answers need no rule."""

    def __init__(
        self,
        name: str,
        *,
        project_id: pulumi.Input[str],
        about: str,
        rules: Mapping[Rule, tuple[Flow, ...]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the group.

        Args:
            name: the group's name.
            project_id: the owner's project.
            about: what stands behind it, for people.
            rules: each rule with the flows it serves; none at all lets nothing through.
            opts: as of every component.
        """
        super().__init__("luxops:cloud:FlowGroup", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.group = openstack.networking.SecGroup(
            name,
            name=name,
            description=about,
            tenant_id=project_id,
            delete_default_rules=True,  # Neutron begins each group with leave for everything outgoing
            stateful=True,
            tags=[own_tag()],
            opts=child,
        )
        for rule, flows in rules.items():
            openstack.networking.SecGroupRule(
                f"{name}-{rule.name}",
                security_group_id=self.group.id,
                tenant_id=project_id,
                description=described("; ".join(f"{flow.id}: {flow.why}" for flow in flows)),
                direction=rule.direction,
                ethertype="IPv4",
                protocol=rule.protocol,
                port_range_min=rule.low,
                port_range_max=rule.high,
                remote_ip_prefix=str(rule.remote),
                opts=child,
            )
        self.id = self.group.id
        self.register_outputs({})
