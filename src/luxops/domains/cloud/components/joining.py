"""Every owner's attachment in every datacentre, and the hub routers' way back to each of them."""

from __future__ import annotations

import pulumi
import pulumi_openstack as openstack

from luxops.domains.cloud.components.fibre import Attachment
from luxops.domains.cloud.components.naming import HUB, router_of
from luxops.domains.cloud.programs import outputs_of, platform_outputs
from luxops.domains.cloud.rules import Datacentre, owner_of, remote_prefixes, subnets_at
from luxops.federation import Federation


def join_all(federation: Federation) -> None:
    """Declare all attachments and the routes between them. Exports `transit_addresses`: owner → datacentre → its address."""
    platform = platform_outputs(federation)
    addresses: dict[str, dict[str, str]] = {}
    routes: dict[Datacentre, list[openstack.networking.RouterRoutesV2RouteArgs]] = {}
    attached: dict[Datacentre, list[Attachment]] = {}
    for project, name in [*(("tenant", h) for h in federation.hospitals), *(("services", s) for s in federation.services)]:
        owner = owner_of(federation, name)
        outputs = outputs_of(project, name)  # once: two references of one name are refused
        for place, prefix in owner.attachments.items():
            attachment = Attachment(
                name,
                place,
                prefix=prefix,
                platform_id=platform["project_id"],
                project_id=outputs["project_id"],
                hub=platform["hubs"][place],
                router=outputs["routers"][place],
                remote=remote_prefixes(federation, name, place),
            )
            addresses.setdefault(name, {})[place] = attachment.address
            attached.setdefault(place, []).append(attachment)
            routes.setdefault(place, []).extend(
                openstack.networking.RouterRoutesV2RouteArgs(destination_cidr=str(subnet), next_hop=attachment.address)
                for subnet in subnets_at(owner, place).values()
            )
    for place, ways in routes.items():
        openstack.networking.RouterRoutesV2(
            router_of(HUB, place),
            router_id=platform["hubs"][place],
            routes=ways,
            opts=pulumi.ResourceOptions(depends_on=attached[place]),
        )
    pulumi.export("transit_addresses", addresses)
