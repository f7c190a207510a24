"""One owner's virtual private cloud: a hospital's, or that of a shared service."""

from __future__ import annotations

import pulumi
import pulumi_openstack as openstack

from luxops.domains.cloud.components.naming import MANAGEMENT, own_tag, router_of, zone_at
from luxops.domains.cloud.components.project import CloudProject
from luxops.domains.cloud.components.server import Ground, HostServer
from luxops.domains.cloud.components.zone import FlowGroup, ZoneNetwork
from luxops.domains.cloud.management import management_rules
from luxops.domains.cloud.programs import Outputs
from luxops.domains.cloud.rules import DATACENTRES, Datacentre, Owner, Place, places_of, rules_of, subnets_at, zones_of
from luxops.federation import Federation
from luxops.federation.schema import HostDeclaration, HostGroup


class TenantCloud(pulumi.ComponentResource):
    """Project, routers, zones, security groups compiled from flows, and the servers of declared hosts.

    `project`: the CloudProject. `routers`: datacentre → router. What joins it to others is the fibre stack's affair.
    """

    def __init__(
        self,
        name: str,
        *,
        federation: Federation,
        owner: Owner,
        platform: Outputs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the cloud.

        Args:
            name: the owner's id.
            federation: the whole declaration: flows, hosts, management, name servers.
            owner: the hospital or service.
            platform: outputs of the platform stack.
            opts: as of every component.
        """
        super().__init__("luxops:cloud:TenantCloud", name, None, opts)
        self._name, self._federation, self._owner = name, federation, owner
        self._child = pulumi.ResourceOptions(parent=self)
        hosts = hosts_of(federation, owner)
        self.project = CloudProject(
            name,
            title=owner.name,
            quota=owner.quota,
            servers=len(hosts),
            access=federation.file.cloud.access,
            groups={group: platform["groups"][group] for group in federation.file.cloud.access},
            opts=self._child,
        )
        self.routers = {place: self._router(place) for place in places_of(owner)}
        self.zones = {zone: self._zone(zone) for zone in zones_of(owner)}
        self.groups = self._groups()
        if hosts:
            ground = self._ground(platform)
            for group, host in hosts:
                HostServer(host, group=group, ground=ground, opts=self._child)
        self.register_outputs({})

    def _router(self, place: Datacentre) -> openstack.networking.Router:
        name = router_of(self._name, place)
        return openstack.networking.Router(
            name,
            name=name,
            description=f"{self._name} in {place}",
            tenant_id=self.project.id,
            admin_state_up=True,
            external_network_id="",  # no way out but through the hub
            tags=[own_tag()],
            opts=self._child,
        )

    def _zone(self, zone: str) -> ZoneNetwork:
        subnets = {p: s for p in self.routers for name, s in subnets_at(self._owner, p).items() if name == zone}
        return ZoneNetwork(
            self._name,
            zone,
            project_id=self.project.id,
            subnets=subnets,
            routers=self.routers,
            dns=self._federation.file.dns,
            opts=self._child,
        )

    def _groups(self) -> dict[Place, FlowGroup]:
        rules = rules_of(self._federation, self._name)
        places = [Place(zone, place) for place in self.routers for zone in subnets_at(self._owner, place)]
        return {
            at: FlowGroup(
                zone_at(self._name, at.zone, at.place),
                project_id=self.project.id,
                about=f"what flows let through to and from zone {at.zone} of {self._name} in {at.place}",
                rules=rules.get(at, {}),
                opts=self._child,
            )
            for at in places
        }

    def _ground(self, platform: Outputs) -> Ground:
        """With the management network, of which the platform lets only owners of servers have ports."""
        name, federation = self._name, self._federation
        share = openstack.networking.RbacPolicyV2(
            f"{name}-{MANAGEMENT}",
            action="access_as_shared",
            object_type="network",
            object_id=platform["management"]["network"],
            target_tenant=self.project.id,
            opts=self._child,
        )
        group = FlowGroup(
            f"{name}-{MANAGEMENT}",
            project_id=self.project.id,
            about=f"sessions from the bastions to servers of {name}, and what these ask out of band",
            rules=management_rules(federation),
            opts=self._child,
        )
        key = openstack.compute.Keypair(
            name,
            name=name,
            public_key=str(federation.file.cloud.provisioning_key),
            opts=pulumi.ResourceOptions(parent=self, provider=self.project.provider),
        )
        networks: dict[str, tuple[pulumi.Input[str], pulumi.Input[str]]] = {
            f"{zone}-{place}": (network.network.id, subnet.id)
            for zone, network in self.zones.items()
            for place, subnet in network.subnets.items()
        }
        shared = pulumi.Output.all(platform["management"]["network"], share.id).apply(lambda known: known[0])
        return Ground(
            name,
            project_id=self.project.id,
            provider=self.project.provider,
            networks={**networks, MANAGEMENT: (shared, platform["management"]["subnet"])},
            groups={**{f"{at.zone}-{at.place}": g.id for at, g in self.groups.items()}, MANAGEMENT: group.id},
            platform=platform,
            key_pair=key.name,
            opts=self._child,
        )


def hosts_of(federation: Federation, owner: Owner) -> tuple[tuple[HostGroup, HostDeclaration], ...]:
    """The owner's declared hosts that stand in a datacentre."""
    return tuple(
        (group, host)
        for file in federation.hosts.values()
        for group in file.groups
        if (group.service or file.owner) == owner.id
        for host in group.hosts
        if host.place in DATACENTRES
    )
