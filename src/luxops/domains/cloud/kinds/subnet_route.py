"""Routes that DHCP tells servers, one object each. A program declares none here: each is somebody's own way past a router."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from luxops.domains.cloud.kinds import rest
from luxops.domains.cloud.kinds.interface import Change, Properties, Property, ResourceKind, Seen
from luxops.domains.cloud.kinds.neutron import reads
from luxops.domains.cloud.nouns import Live, ProjectId
from luxops.model import Severity
from luxops.transports.openstack import CloudError

if TYPE_CHECKING:
    from luxops.transports.openstack import CloudSession

_FIELDS = {"destinationCidr": "destination", "nextHop": "nexthop"}


def _identifier(properties: Properties) -> str:
    return f"{properties['subnetId']}-route-{properties['destinationCidr']}-{properties['nextHop']}"


def _read(seen: Seen) -> Iterator[Live]:
    for subnet in seen["subnets"]:
        for route in subnet.get("host_routes") or ():
            properties = {"subnetId": subnet["id"], **{name: route[api] for name, api in _FIELDS.items()}}
            yield Live(
                kind="subnet_route",
                id=_identifier(properties),
                project=ProjectId(subnet["project_id"]),
                name=f"{route['destination']} by {route['nexthop']} in {subnet['name']}",
                properties=properties,
            )


def _without(cloud: CloudSession, properties: Properties) -> list[dict[str, str]]:
    """The subnet's other routes."""
    own = {api: properties[name] for name, api in _FIELDS.items()}
    subnet = cloud.get("network", f"/subnets/{properties['subnetId']}")["subnet"]
    return [route for route in subnet["host_routes"] if route != own]


def _set(cloud: CloudSession, subnet: str, routes: list[dict[str, str]]) -> None:
    cloud.send("PUT", "network", f"/subnets/{subnet}", {"subnet": {"host_routes": routes}})


def _create(cloud: CloudSession, _: str, wanted: Properties) -> str:
    own = {api: wanted[name] for name, api in _FIELDS.items()}
    _set(cloud, wanted["subnetId"], [*_without(cloud, wanted), own])
    return _identifier(wanted)


def _delete(cloud: CloudSession, live: Live) -> None:
    try:
        _set(cloud, live.properties["subnetId"], _without(cloud, live.properties))
    except CloudError as error:
        if error.status != rest.GONE:
            raise


KIND = ResourceKind(
    name="subnet_route",
    type="openstack:networking/subnetRoute:SubnetRoute",
    service="network",
    reads=reads("subnets"),
    read=_read,
    key=("subnetId", "destinationCidr", "nextHop"),
    properties={name: Property(Change.REPLACE) for name in ("subnetId", "destinationCidr", "nextHop")},
    create=_create,
    change=rest.unchangeable,
    delete=_delete,
    severity=Severity.HIGH,
    title="route told by DHCP",
)
