"""Ports that a program declares, and those that nobody does. A router's and DHCP's own come with these, and are theirs."""

from __future__ import annotations

from typing import Any

from luxops.domains.cloud.kinds.interface import Change, Json, Properties, Property, unordered
from luxops.domains.cloud.kinds.neutron import neutron_kind, tagged
from luxops.model import Severity


def _extra(item: Json) -> dict[str, Any]:
    pairs = [
        {"ipAddress": p["ip_address"], "macAddress": p.get("mac_address")} for p in item.get("allowed_address_pairs") or []
    ]
    return {
        "fixedIps": [{"subnetId": ip["subnet_id"], "ipAddress": ip["ip_address"]} for ip in item["fixed_ips"]],
        "allowedAddressPairs": [_without_own(pair, item["mac_address"]) for pair in pairs],
        "noSecurityGroups": not item.get("security_groups"),
        "deviceOwner": item.get("device_owner") or "",
        "deviceId": item.get("device_id") or "",
        "securityGroupIds": sorted(item.get("security_groups") or ()),
    }


def _without_own(pair: dict[str, Any], mac: str) -> dict[str, Any]:
    """Neutron writes the port's own MAC address into a pair that was declared without one."""
    return {"ipAddress": pair["ipAddress"]} if pair["macAddress"] in {None, mac} else pair


def _body(wanted: Properties) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if "fixedIps" in wanted:
        known = (("subnet_id", "subnetId"), ("ip_address", "ipAddress"))
        body["fixed_ips"] = [{api: ip[key] for api, key in known if ip.get(key)} for ip in wanted["fixedIps"]]
    if "allowedAddressPairs" in wanted:
        pairs = wanted["allowedAddressPairs"]
        named = (("ip_address", "ipAddress"), ("mac_address", "macAddress"))
        body["allowed_address_pairs"] = [{api: pair[key] for api, key in named if pair.get(key)} for pair in pairs]
    if wanted.get("noSecurityGroups"):
        body["security_groups"] = []
    elif "securityGroupIds" in wanted:
        body["security_groups"] = list(wanted["securityGroupIds"])
    return body


class _Addresses:
    """By subnet and address; an address that was left to Neutron is whatever it chose."""

    def __init__(self, value: Any) -> None:  # noqa: ANN401 - any property value
        self._ips = sorted((ip.get("subnetId") or "", ip.get("ipAddress") or "") for ip in value or ())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Addresses):
            return NotImplemented
        if len(self._ips) != len(other._ips):
            return False
        pairs = zip(self._ips, other._ips, strict=True)
        return all(mine[0] == its[0] and (mine[1] == its[1] or "" in {mine[1], its[1]}) for mine, its in pairs)

    __hash__ = None  # type: ignore[assignment] # what equals several that differ cannot be hashed


KIND = neutron_kind(
    "port",
    "openstack:networking/port:Port",
    singular="port",
    collection="ports",
    key=("networkId", "name"),
    properties={
        "name": Property(api="name"),
        "tenantId": Property(Change.REPLACE, api="project_id"),
        "networkId": Property(Change.REPLACE, api="network_id"),
        "fixedIps": Property(canonical=_Addresses),
        "adminStateUp": Property(api="admin_state_up"),
        "portSecurityEnabled": Property(api="port_security_enabled"),
        "allowedAddressPairs": Property(canonical=unordered),
        "noSecurityGroups": Property(),
        "securityGroupIds": Property(Change.NEVER, why="PortSecGroupAssociate compares and enforces them"),
        "tags": tagged(),
    },
    extra=_extra,
    body=_body,
    label=lambda item: str(item["name"] or item["id"]),
    severity=Severity.HIGH,
    shown={
        "deviceOwner": "",
        "deviceId": "",
        "status": "status",
        "vnicType": "binding:vnic_type",
        "vifType": "binding:vif_type",
    },
)
