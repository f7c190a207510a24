"""Floating IPs: ways in from outside. luxops declares none, so each one is somebody's own."""

from __future__ import annotations

from luxops.domains.cloud.kinds.interface import Change, Property, text
from luxops.domains.cloud.kinds.neutron import neutron_kind, tagged
from luxops.model import Severity

KIND = neutron_kind(
    "floating_ip",
    "openstack:networking/floatingIp:FloatingIp",
    singular="floatingip",
    collection="floatingips",
    key=("address",),
    properties={
        "address": Property(Change.REPLACE, api="floating_ip_address"),
        "description": Property(api="description", canonical=text),
        "tenantId": Property(Change.REPLACE, api="project_id"),
        "pool": Property(Change.NEVER, why="the network's name; its id is compared", api=""),
        "floatingNetworkId": Property(Change.REPLACE, api="floating_network_id"),
        "portId": Property(api="port_id", canonical=text),
        "fixedIp": Property(api="fixed_ip_address", canonical=text),
        "tags": tagged(),
    },
    title="floating IP",
    label=lambda item: f"{item['floating_ip_address']}" + (f" on port {item['port_id']}" if item.get("port_id") else ""),
    unique=True,
    severity=Severity.CRITICAL,
    shown={"status": "status", "routerId": "router_id"},
)
