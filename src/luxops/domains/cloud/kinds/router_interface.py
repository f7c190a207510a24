"""Interfaces of routers: by subnet where Neutron chose the port, by port where a program did."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from luxops.domains.cloud.kinds.interface import Change, Properties, Property, ResourceKind, Seen, text
from luxops.domains.cloud.kinds.neutron import GONE, reads
from luxops.domains.cloud.nouns import Live, ProjectId
from luxops.model import Severity
from luxops.transports.openstack import CloudError

if TYPE_CHECKING:
    from luxops.transports.openstack import CloudSession

_CONFLICTS = frozenset({400, 409})
OWNERS = frozenset(
    {"network:router_interface", "network:router_interface_distributed", "network:ha_router_replicated_interface"}
)


def _read(seen: Seen) -> Iterator[Live]:
    routers = {router["id"]: router for router in seen["routers"]}
    owners = {network["id"]: network["project_id"] for network in seen["networks"]}
    for port in seen["ports"]:
        if port["device_owner"] not in OWNERS:
            continue
        router = routers.get(port["device_id"], {"name": port["device_id"], "project_id": port.get("project_id")})
        subnets = sorted(ip["subnet_id"] for ip in port["fixed_ips"])
        yield Live(
            kind="router_interface",
            id=port["id"],
            project=ProjectId(router["project_id"] or ""),
            name=f"{router['name']} to {', '.join(subnets)}",
            properties={
                "routerId": port["device_id"],
                "subnetId": subnets[0] if subnets else "",
                "portId": port["id"],
                "networkProject": owners.get(port["network_id"], ""),
            },
            tags=frozenset(port.get("tags") or ()),
        )


def _create(cloud: CloudSession, _: str, wanted: Properties) -> str:
    body = {"port_id": wanted["portId"]} if wanted.get("portId") else {"subnet_id": wanted["subnetId"]}
    try:
        return str(cloud.send("PUT", "network", f"/routers/{wanted['routerId']}/add_router_interface", body)["port_id"])
    except CloudError as error:
        # A first request whose answer was lost makes the second one a conflict.
        found = _there(cloud, wanted) if error.uncertain or error.status in _CONFLICTS else None
        if found is None:
            raise
        return found


def _there(cloud: CloudSession, wanted: Properties) -> str | None:
    ports = cloud.listed("network", "/ports", "ports", parameters={"device_id": wanted["routerId"]})
    for port in ports:
        if wanted.get("portId") == port["id"] or wanted.get("subnetId") in {ip["subnet_id"] for ip in port["fixed_ips"]}:
            return str(port["id"])
    return None


def _delete(cloud: CloudSession, live: Live) -> None:
    """With the routes that lead through it: Neutron keeps the interface as long as they are there."""
    router = live.properties["routerId"]
    try:
        _let_go_of_routes(cloud, router, str(live.properties["subnetId"]))
        cloud.send("PUT", "network", f"/routers/{router}/remove_router_interface", {"port_id": live.id})
    except CloudError as error:
        if error.status != GONE:
            raise


def _let_go_of_routes(cloud: CloudSession, router: str, subnet: str) -> None:
    routes = cloud.get("network", f"/routers/{router}")["router"].get("routes") or []
    if not routes:
        return
    prefix = ip_network(cloud.get("network", f"/subnets/{subnet}")["subnet"]["cidr"])
    kept = [route for route in routes if ip_address(route["nexthop"]) not in prefix]
    if len(kept) < len(routes):
        cloud.send("PUT", "network", f"/routers/{router}", {"router": {"routes": kept}})


def _unchangeable(_cloud: CloudSession, live: Live, _wanted: Properties) -> None:
    raise AssertionError(f"{live.name}: nothing of it can be changed in place")


KIND = ResourceKind(
    name="router_interface",
    type="openstack:networking/routerInterface:RouterInterface",
    service="network",
    reads=reads("routers", "ports", "networks"),
    read=_read,
    key=("routerId", "subnetId"),
    other_key=("routerId", "portId"),
    properties={
        "routerId": Property(Change.REPLACE),
        "subnetId": Property(Change.REPLACE, canonical=text),
        "portId": Property(Change.REPLACE),
    },
    create=_create,
    change=_unchangeable,
    delete=_delete,
    severity=Severity.CRITICAL,
    shown=("networkProject",),
    title="router interface",
    called=lambda wanted: f"{wanted['routerId']} to {wanted.get('subnetId') or wanted.get('portId')}",
)
