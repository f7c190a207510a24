"""Subnets. Neutron changes neither prefix nor network of one."""

from __future__ import annotations

from typing import Any

from luxops.domains.cloud.kinds.interface import Change, Json, Properties, Property, text, unordered
from luxops.domains.cloud.kinds.neutron import neutron_kind, tagged


def _extra(item: Json) -> dict[str, Any]:
    pools = [{"start": pool["start"], "end": pool["end"]} for pool in item["allocation_pools"]]
    return {"noGateway": item["gateway_ip"] is None, "allocationPools": pools}


def _body(wanted: Properties) -> dict[str, Any]:
    body: dict[str, Any] = {"gateway_ip": None} if wanted.get("noGateway") else {}
    if "allocationPools" in wanted:
        body["allocation_pools"] = [dict(pool) for pool in wanted["allocationPools"]]
    return body


KIND = neutron_kind(
    "subnet",
    "openstack:networking/subnet:Subnet",
    singular="subnet",
    collection="subnets",
    key=("networkId", "name"),
    properties={
        "name": Property(api="name"),
        "description": Property(api="description", canonical=text),
        "tenantId": Property(Change.REPLACE, api="project_id"),
        "networkId": Property(Change.REPLACE, api="network_id"),
        "cidr": Property(Change.REPLACE, api="cidr"),
        "ipVersion": Property(Change.REPLACE, api="ip_version"),
        "gatewayIp": Property(api="gateway_ip"),
        "noGateway": Property(),
        "enableDhcp": Property(api="enable_dhcp"),
        "dnsNameservers": Property(api="dns_nameservers"),
        "allocationPools": Property(canonical=unordered),
        "tags": tagged(),
    },
    extra=_extra,
    body=_body,
)
