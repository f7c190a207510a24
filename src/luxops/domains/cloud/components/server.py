"""A declared host that stands in a datacentre: a server with fixed addresses, closed ports and volumes of its own."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
import pulumi_openstack as openstack

from luxops.domains.cloud.components.naming import MANAGEMENT, own_tag
from luxops.domains.cloud.programs import Outputs
from luxops.federation.schema import HostDeclaration, HostGroup, VolumeDeclaration


def closed_port(
    name: str,
    project_id: pulumi.Input[str],
    where: tuple[pulumi.Input[str], pulumi.Input[str]],
    address: object,
    group: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> openstack.networking.Port:
    """A port that only this group opens, and that speaks as nobody else.

    `where`: ids of its network and subnet. `address`: its own; None leaves it to Neutron.
    """
    network, subnet = where
    port = openstack.networking.Port(
        name,
        name=name,
        tenant_id=project_id,
        network_id=network,
        fixed_ips=[
            openstack.networking.PortFixedIpArgs(subnet_id=subnet, ip_address=None if address is None else str(address))
        ],
        admin_state_up=True,
        port_security_enabled=True,
        security_group_ids=[group],
        allowed_address_pairs=[],
        tags=[own_tag()],
        opts=opts,
    )
    # The provider never reads a port's groups back; with this it compares and enforces them.
    openstack.networking.PortSecGroupAssociate(
        name, port_id=port.id, security_group_ids=[group], enforce=True, opts=pulumi.ResourceOptions(parent=opts.parent)
    )
    return port


class Ground(pulumi.ComponentResource):
    """What servers of one owner stand on. Holds no resources; keeps their arguments together."""

    def __init__(  # noqa: PLR0913 - a component's inputs
        self,
        owner: str,
        *,
        project_id: pulumi.Input[str],
        provider: openstack.Provider,
        networks: Mapping[str, tuple[pulumi.Input[str], pulumi.Input[str]]],
        groups: Mapping[str, pulumi.Input[str]],
        platform: Outputs,
        key_pair: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Gather what servers need.

        Args:
            owner: id of the hospital or service.
            project_id: the owner's project.
            provider: of that project: Nova and Cinder make things in the project that asks.
            networks: `ZONE-PLACE`, and `management` → ids of network and subnet.
            groups: the same keys → id of the security group.
            platform: outputs of the platform stack: ids of `flavours` and `images`, `availability_zones` by datacentre.
            key_pair: name of the key pair.
            opts: as of every component.
        """
        super().__init__("luxops:cloud:Ground", owner, None, opts)
        self.project_id, self.provider, self.networks, self.groups = project_id, provider, networks, groups
        self.platform, self.key_pair = platform, key_pair
        self.register_outputs({})


class HostServer(pulumi.ComponentResource):
    """One server."""

    def __init__(
        self, host: HostDeclaration, *, group: HostGroup, ground: Ground, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the server with its ports and volumes.

        Args:
            host: the host, as declared.
            group: its group: zone, size, image, volumes.
            ground: what it stands on.
            opts: as of every component.
        """
        super().__init__("luxops:cloud:HostServer", host.id, None, opts)
        self._ground, self._host = ground, host
        ports = [
            self._port(host.id, f"{group.zone}-{host.place}", host.address),
            self._port(f"{host.id}-{MANAGEMENT}", MANAGEMENT, host.management),
        ]
        platform = ground.platform
        self.server = openstack.compute.Instance(
            host.id,
            name=host.id,
            flavor_id=platform["flavours"][group.flavour],
            image_id=platform["images"][group.image],
            availability_zone=platform["availability_zones"][host.place],
            key_pair=ground.key_pair,
            config_drive=True,  # no metadata service: one thing less that every server can reach
            metadata={"luxops": own_tag(), "group": group.id},
            networks=[openstack.compute.InstanceNetworkArgs(port=port.id) for port in ports],
            power_state="active",
            opts=pulumi.ResourceOptions(
                parent=self, provider=ground.provider, protect=True, ignore_changes=["imageId"]
            ),  # a newer image is for new servers
        )
        for volume in group.volumes:
            self._volume(volume)
        self.register_outputs({})

    def _port(self, name: str, where: str, address: object) -> openstack.networking.Port:
        ground = self._ground
        opts = pulumi.ResourceOptions(parent=self)
        return closed_port(name, ground.project_id, ground.networks[where], address, ground.groups[where], opts)

    def _volume(self, volume: VolumeDeclaration) -> None:
        ground, host = self._ground, self._host
        name = f"{host.id}-{volume.id}"
        made = openstack.blockstorage.Volume(
            name,
            name=name,
            description=f"{volume.id} of {host.id}",
            size=volume.gib,
            availability_zone=ground.platform["availability_zones"][host.place],
            metadata={"luxops": own_tag()},
            opts=pulumi.ResourceOptions(parent=self, provider=ground.provider, protect=True),
        )
        openstack.compute.VolumeAttach(
            name,
            instance_id=self.server.id,
            volume_id=made.id,
            opts=pulumi.ResourceOptions(parent=self, provider=ground.provider),
        )
