"""What may pass on the management network: sessions from the bastions, and questions to name, time and log servers."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network

from luxops.domains.cloud.rules import Rule
from luxops.federation import Federation
from luxops.federation.federation import Flow
from luxops.federation.flows import WELL_KNOWN
from luxops.federation.schema import ServicePorts


def management_rules(federation: Federation) -> Mapping[Rule, tuple[Flow, ...]]:
    """Rules of a server's management port."""
    file = federation.file
    rules = [Rule("ingress", "tcp", 22, 22, IPv4Network(bastion.address)) for bastion in file.management.bastions]
    asked = ((ServicePorts.DNS, file.dns), (ServicePorts.NTP, file.ntp), (ServicePorts.SYSLOG_TLS, file.syslog))
    for service, servers in asked:
        protocol, ports = WELL_KNOWN[service]
        rules += [Rule("egress", protocol, low, high, IPv4Network(server)) for server in servers for low, high in ports]
    return dict.fromkeys(rules, ())


def bastion_rules(federation: Federation) -> Mapping[Rule, tuple[Flow, ...]]:
    """Rules of a bastion's port: out to everything that is managed. Who may log in to it is decided before it."""
    prefix = federation.file.management.prefix
    return {Rule("egress", "tcp", 22, 22, prefix): ()}
