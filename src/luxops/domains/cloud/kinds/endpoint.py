"""Endpoints in Keystone's catalogue: watched by policies, declared by nobody here."""

from __future__ import annotations

from collections.abc import Iterator

from luxops.domains.cloud.kinds import rest
from luxops.domains.cloud.kinds.interface import Change, Property, ResourceKind, Seen
from luxops.domains.cloud.nouns import Live, ProjectId

_PROPERTIES = {
    "interface": Property(Change.REPLACE, api="interface"),
    "url": Property(Change.REPLACE, api="url"),
    "enabled": Property(api="enabled"),
    "serviceId": Property(Change.REPLACE, api="service_id"),
}


def _read(seen: Seen) -> Iterator[Live]:
    names = {service["id"]: service["type"] for service in seen["services"]}
    for item in seen["endpoints"]:
        properties = rest.values(_PROPERTIES, item) | {"serviceType": names.get(item["service_id"])}
        name = f"{names.get(item['service_id'], item['service_id'])} {item['interface']}"
        yield Live(kind="endpoint", id=item["id"], project=ProjectId(""), name=name, properties=properties)


KIND = ResourceKind(
    name="endpoint",
    type="openstack:identity/endpointV3:EndpointV3",
    service="identity",
    reads={"endpoints": rest.ENDPOINTS, "services": rest.SERVICES},
    read=_read,
    key=("serviceId", "interface"),
    properties=_PROPERTIES,
    create=rest.not_made_here,
    change=rest.unchangeable,
    delete=lambda cloud, live: rest.deleted(cloud, "identity", f"/endpoints/{live.id}"),
    belongs=False,
    shown=("serviceType",),
)
