"""A bastion: the server through which every management session passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_openstack as openstack

from luxops.domains.cloud.components.naming import own_tag
from luxops.domains.cloud.components.server import closed_port
from luxops.domains.cloud.components.zone import FlowGroup
from luxops.domains.cloud.management import bastion_rules

if TYPE_CHECKING:
    from luxops.domains.cloud.components.platform import Platform
    from luxops.federation import Federation
    from luxops.federation.schema import Bastion


class BastionServer(pulumi.ComponentResource):
    """One bastion in the platform's own project, with a port in the management network and nowhere else."""

    def __init__(
        self,
        bastion: Bastion,
        *,
        federation: Federation,
        platform: Platform,
        key_pair: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the server, its port and its group.

        Args:
            bastion: as declared, with a flavour and an image.
            federation: the whole declaration.
            platform: whose project, sizes, images and management network it stands on.
            key_pair: name of the key pair.
            opts: as of every component.
        """
        super().__init__("luxops:cloud:BastionServer", bastion.id, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        group = FlowGroup(
            bastion.id,
            project_id=platform.project.id,
            about=f"sessions of people to {bastion.id}, and from it to what is managed",
            rules=bastion_rules(federation, bastion),
            opts=child,
        )
        where = platform.management["network"], platform.management["subnet"]
        port = closed_port(bastion.id, platform.project.id, where, bastion.address, group.id, child)
        zones: dict[str, str] = {place.id: place.availability_zone for place in federation.file.datacentres}
        self.server = openstack.compute.Instance(
            bastion.id,
            name=bastion.id,
            flavor_id=platform.flavours[str(bastion.flavour)],
            image_id=platform.images[str(bastion.image)],
            availability_zone=zones[bastion.datacentre],
            key_pair=key_pair,
            config_drive=True,
            metadata={"luxops": own_tag(), "group": "bastion"},
            networks=[openstack.compute.InstanceNetworkArgs(port=port.id)],
            power_state="active",
            opts=pulumi.ResourceOptions(
                parent=self, provider=platform.project.provider, protect=True, ignore_changes=["imageId"]
            ),  # a newer image is for new servers
        )
        self.register_outputs({})
