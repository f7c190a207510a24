"""What all tenants stand on: sizes, images, transit and management networks, and the hub routers."""

from __future__ import annotations

import pulumi
import pulumi_openstack as openstack

from luxops.domains.cloud.components.bastion import BastionServer
from luxops.domains.cloud.components.naming import HUB, MANAGEMENT, own_tag, router_of
from luxops.domains.cloud.components.project import CloudProject
from luxops.federation import Federation
from luxops.federation.schema import Datacentre, Flavour, Image, Quota

MIB = 1024
SHARES = 2000
"""RBAC policies that there may be: a few for each tenant."""
QUOTA = Quota(cores=16, ram_gib=64, volumes_gib=1000)


class Platform(pulumi.ComponentResource):
    """The platform's own project and everything that it lends to tenants."""

    def __init__(self, name: str, *, federation: Federation, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the platform.

        Args:
            name: the federation's id, and its project's name.
            federation: the whole declaration.
            opts: as of every component.
        """
        super().__init__("luxops:cloud:Platform", name, None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        file = federation.file
        self.groups = {group: self._people(group).id for group in file.cloud.access}
        self.project = CloudProject(
            name,
            title=file.name,
            quota=QUOTA,
            servers=len(file.management.bastions),
            access=file.cloud.access,
            groups=self.groups,
            opts=self._child,
        )
        # Neutron counts shares against whose token makes them, and that is luxops' own project.
        shares = openstack.networking.QuotaV2(
            "shares",
            project_id=openstack.identity.get_auth_scope_output(name="luxops").project_id,
            rbac_policy=SHARES,
            opts=self._child,
        )
        self._after_shares = pulumi.ResourceOptions(parent=self, depends_on=[shares])
        self.flavours = {flavour.id: self._flavour(flavour).id for flavour in file.cloud.flavours}
        self.images = {image.id: self._image(image).id for image in file.cloud.images}
        self.hubs = {datacentre.id: self._hub(datacentre).id for datacentre in file.datacentres}
        self.management = self._management(federation)
        self._bastions(federation)
        self.register_outputs({})

    def _people(self, group: str) -> openstack.identity.GroupV3:
        return openstack.identity.GroupV3(
            group, name=group, description="filled from the directory", domain_id="default", opts=self._child
        )

    def _flavour(self, flavour: Flavour) -> openstack.compute.Flavor:
        return openstack.compute.Flavor(
            flavour.id,
            name=flavour.id,
            flavor_id=flavour.id,
            vcpus=flavour.cores,
            ram=flavour.ram_gib * MIB,
            disk=flavour.disk_gib,
            ephemeral=0,
            swap=0,
            is_public=True,
            extra_specs={},
            opts=self._child,
        )

    def _image(self, image: Image) -> openstack.images.Image:
        return openstack.images.Image(
            image.id,
            name=image.id,
            local_file_path=image.file,
            disk_format=image.format,
            container_format="bare",
            visibility="public",
            protected=True,
            hidden=False,
            tags=[own_tag()],
            opts=pulumi.ResourceOptions(parent=self, protect=True),
        )

    def _hub(self, datacentre: Datacentre) -> openstack.networking.Router:
        """The datacentre's transit network, and the one router through which tenants reach it and each other."""
        name = f"transit-{datacentre.id}"
        network = openstack.networking.Network(
            name,
            name=name,
            description=f"to the core routers of {datacentre.id}",
            tenant_id=self.project.id,
            admin_state_up=True,
            shared=False,
            port_security_enabled=True,
            segments=[
                openstack.networking.NetworkSegmentArgs(network_type="flat", physical_network=datacentre.physical_network)
            ],
            tags=[own_tag()],
            opts=pulumi.ResourceOptions(parent=self, protect=True),
        )
        subnet = openstack.networking.Subnet(
            name,
            name=name,
            description=f"between the hub and the core routers of {datacentre.id}",
            tenant_id=self.project.id,
            network_id=network.id,
            cidr=str(datacentre.transit),
            ip_version=4,
            gateway_ip=str(datacentre.cores),
            enable_dhcp=False,
            tags=[own_tag()],
            opts=self._child,
        )
        # `external=True` on the network would let every project use it as its gateway; this lets one.
        outside = openstack.networking.RbacPolicyV2(
            name,
            action="access_as_external",
            object_type="network",
            object_id=network.id,
            target_tenant=self.project.id,
            opts=self._after_shares,
        )
        router = router_of(HUB, datacentre.id)
        return openstack.networking.Router(
            router,
            name=router,
            description=f"between tenants and the core routers of {datacentre.id}",
            tenant_id=self.project.id,
            admin_state_up=True,
            external_network_id=network.id,
            enable_snat=False,
            external_fixed_ips=[
                openstack.networking.RouterExternalFixedIpArgs(subnet_id=subnet.id, ip_address=str(datacentre.gateway))
            ],
            tags=[own_tag()],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[outside], protect=True),
        )

    def _management(self, federation: Federation) -> dict[str, pulumi.Output[str]]:
        declared = federation.file.management
        network = openstack.networking.Network(
            MANAGEMENT,
            name=MANAGEMENT,
            description="out of band: every server is managed over it, from the bastions alone",
            tenant_id=self.project.id,
            admin_state_up=True,
            shared=False,
            external=False,
            port_security_enabled=True,
            tags=[own_tag()],
            opts=pulumi.ResourceOptions(parent=self, protect=True),
        )
        subnet = openstack.networking.Subnet(
            MANAGEMENT,
            name=MANAGEMENT,
            description="addresses are declared in the inventory",
            tenant_id=self.project.id,
            network_id=network.id,
            cidr=str(declared.prefix),
            ip_version=4,
            no_gateway=True,
            enable_dhcp=False,
            tags=[own_tag()],
            opts=self._child,
        )
        return {"network": network.id, "subnet": subnet.id}

    def _bastions(self, federation: Federation) -> None:
        """Those that are declared as servers."""
        file = federation.file
        servers = [bastion for bastion in file.management.bastions if bastion.flavour is not None]
        if not servers:
            return
        key = openstack.compute.Keypair(
            file.id,
            name=file.id,
            public_key=str(file.cloud.provisioning_key),
            opts=pulumi.ResourceOptions(parent=self, provider=self.project.provider),
        )
        for bastion in servers:
            BastionServer(bastion, federation=federation, platform=self, key_pair=key.name, opts=self._child)
