"""Routers, with what leads out of them. Their interfaces and static routes are kinds of their own."""

from __future__ import annotations

from typing import Any

from luxops.domains.cloud.kinds.interface import Change, Json, Properties, Property, text, unordered
from luxops.domains.cloud.kinds.neutron import neutron_kind, tagged
from luxops.model import Severity


def _extra(item: Json) -> dict[str, Any]:
    outside = item.get("external_gateway_info") or {}
    fixed = [{"subnetId": ip["subnet_id"], "ipAddress": ip["ip_address"]} for ip in outside.get("external_fixed_ips") or []]
    return {
        "externalNetworkId": outside.get("network_id"),
        "enableSnat": outside.get("enable_snat"),
        "externalFixedIps": fixed,
    }


def _body(wanted: Properties) -> dict[str, Any]:
    network = wanted.get("externalNetworkId")
    if not network:
        # Declared as none: what was set by hand goes.
        return {"external_gateway_info": {}} if "externalNetworkId" in wanted else {}
    outside: dict[str, Any] = {"network_id": network}
    if "enableSnat" in wanted:
        outside["enable_snat"] = wanted["enableSnat"]
    if fixed := wanted.get("externalFixedIps"):
        outside["external_fixed_ips"] = [{"subnet_id": ip["subnetId"], "ip_address": ip["ipAddress"]} for ip in fixed]
    return {"external_gateway_info": outside}


KIND = neutron_kind(
    "router",
    "openstack:networking/router:Router",
    singular="router",
    collection="routers",
    key=("tenantId", "name"),
    properties={
        "name": Property(api="name"),
        "description": Property(api="description", canonical=text),
        "tenantId": Property(Change.REPLACE, api="project_id"),
        "adminStateUp": Property(api="admin_state_up"),
        "externalNetworkId": Property(canonical=text),
        "enableSnat": Property(),
        "externalFixedIps": Property(canonical=unordered),
        "tags": tagged(),
    },
    extra=_extra,
    body=_body,
    severity=Severity.HIGH,
    shown={"status": "status"},
)
