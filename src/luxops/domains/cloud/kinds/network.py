"""Networks. `external` is left alone where a program does not declare it: an `access_as_external` share sets it."""

from __future__ import annotations

from typing import Any

from luxops.domains.cloud.kinds.interface import Change, Json, Properties, Property, text
from luxops.domains.cloud.kinds.neutron import neutron_kind, tagged
from luxops.model import Severity

_SEGMENT = {
    "networkType": "provider:network_type",
    "physicalNetwork": "provider:physical_network",
    "segmentationId": "provider:segmentation_id",
}


def _segments(item: Json) -> dict[str, Any]:
    """Only where a program could have declared them: what Neutron chose for itself is nobody's wish."""
    if item.get("provider:physical_network") is None:
        return {"segments": []}
    return {"segments": [{key: item[api] for key, api in _SEGMENT.items() if item.get(api) is not None}]}


def _body(wanted: Properties) -> dict[str, Any]:
    segments = wanted.get("segments") or []
    return {_SEGMENT[key]: value for segment in segments for key, value in segment.items()} if len(segments) == 1 else {}


KIND = neutron_kind(
    "network",
    "openstack:networking/network:Network",
    singular="network",
    collection="networks",
    key=("tenantId", "name"),
    properties={
        "name": Property(api="name"),
        "description": Property(api="description", canonical=text),
        "tenantId": Property(Change.REPLACE, api="project_id"),
        "adminStateUp": Property(api="admin_state_up"),
        "shared": Property(api="shared"),
        "external": Property(api="router:external"),
        "portSecurityEnabled": Property(api="port_security_enabled"),
        "mtu": Property(api="mtu"),
        "segments": Property(Change.REPLACE),
        "tags": tagged(),
    },
    extra=_segments,
    body=_body,
    severity=Severity.HIGH,
    shown={"status": "status", "networkType": "provider:network_type"},
)
