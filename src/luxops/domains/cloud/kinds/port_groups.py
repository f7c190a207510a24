"""The security groups of a port, compared and enforced apart from it: the provider never reads them back with the port."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from luxops.domains.cloud.kinds.interface import Change, Properties, Property, ResourceKind, Seen, unordered
from luxops.domains.cloud.kinds.neutron import reads
from luxops.domains.cloud.nouns import Live, ProjectId
from luxops.model import Severity

if TYPE_CHECKING:
    from luxops.transports.openstack import CloudSession


def _read(seen: Seen) -> Iterator[Live]:
    for port in seen["ports"]:
        yield Live(
            kind="port_groups",
            id=port["id"],
            project=ProjectId(port.get("project_id") or ""),
            name=port["name"] or port["id"],
            properties={"portId": port["id"], "securityGroupIds": sorted(port.get("security_groups") or ()), "enforce": True},
        )


def _set(cloud: CloudSession, port: str, wanted: Properties) -> str:
    cloud.send("PUT", "network", f"/ports/{port}", {"port": {"security_groups": list(wanted["securityGroupIds"])}})
    return port


KIND = ResourceKind(
    name="port_groups",
    type="openstack:networking/portSecGroupAssociate:PortSecGroupAssociate",
    service="network",
    reads=reads("ports"),
    read=_read,
    key=("portId",),
    properties={
        "portId": Property(Change.REPLACE),
        "securityGroupIds": Property(canonical=unordered),
        "enforce": Property(Change.NEVER, why="says how the provider works, not what the cloud has"),
    },
    create=lambda cloud, _, wanted: _set(cloud, wanted["portId"], wanted),
    change=lambda cloud, live, wanted: _set(cloud, live.id, wanted),
    delete=lambda _cloud, _live: None,  # a port without groups would let nothing through, and it goes with its port
    belongs=False,
    severity=Severity.HIGH,
    title="security groups of port",
    called=lambda wanted: str(wanted["portId"]),
)
