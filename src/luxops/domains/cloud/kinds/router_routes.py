"""All static routes of a router, together: one that was added by hand shows as a change of the whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from luxops.domains.cloud.kinds.interface import Change, Property, ResourceKind, Seen, unordered
from luxops.domains.cloud.kinds.neutron import reads
from luxops.domains.cloud.nouns import Live, ProjectId
from luxops.model import Severity

if TYPE_CHECKING:
    from luxops.transports.openstack import CloudSession


def _read(seen: Seen) -> Iterator[Live]:
    """Only routers that have any: no routes are what nobody needs to declare."""
    for router in seen["routers"]:
        if router.get("routes"):
            routes = [{"destinationCidr": r["destination"], "nextHop": r["nexthop"]} for r in router["routes"]]
            yield Live(
                kind="router_routes",
                id=router["id"],
                project=ProjectId(router["project_id"]),
                name=router["name"],
                properties={"routerId": router["id"], "routes": routes},
            )


def _set(cloud: CloudSession, router: str, routes: list[dict[str, Any]]) -> str:
    sent = [{"destination": route["destinationCidr"], "nexthop": route["nextHop"]} for route in routes]
    cloud.send("PUT", "network", f"/routers/{router}", {"router": {"routes": sent}})
    return router


KIND = ResourceKind(
    name="router_routes",
    type="openstack:networking/routerRoutesV2:RouterRoutesV2",
    service="network",
    reads=reads("routers"),
    read=_read,
    key=("routerId",),
    properties={"routerId": Property(Change.REPLACE), "routes": Property(canonical=unordered)},
    create=lambda cloud, _, wanted: _set(cloud, wanted["routerId"], wanted["routes"]),
    change=lambda cloud, live, wanted: _set(cloud, live.id, wanted["routes"]),
    delete=lambda cloud, live: _set(cloud, live.id, []),
    severity=Severity.HIGH,
    title="static routes of router",
    called=lambda wanted: str(wanted["routerId"]),
)
