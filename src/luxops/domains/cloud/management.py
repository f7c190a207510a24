"""What may pass on the management network: sessions from the bastions, and questions to name, time and log servers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network

from luxops.domains.cloud.rules import Rule
from luxops.federation import Federation
from luxops.federation.federation import Flow
from luxops.federation.flows import WELL_KNOWN
from luxops.federation.schema import Bastion, ServicePorts


def management_rules(federation: Federation) -> Mapping[Rule, tuple[Flow, ...]]:
    """Rules of a server's management port."""
    bastions = federation.file.management.bastions
    sessions = [Rule("ingress", "tcp", 22, 22, IPv4Network(bastion.address)) for bastion in bastions]
    return dict.fromkeys([*sessions, *_questions(federation)], ())


def bastion_rules(federation: Federation, bastion: Bastion) -> Mapping[Rule, tuple[Flow, ...]]:
    """Rules of a bastion's port: in from where people are, out to everything that is managed, and what every server asks."""
    rules = [Rule("ingress", "tcp", 22, 22, prefix) for prefix in bastion.operators]
    rules.append(Rule("egress", "tcp", 22, 22, federation.file.management.prefix))
    return dict.fromkeys([*rules, *_questions(federation)], ())


def _questions(federation: Federation) -> Iterator[Rule]:
    file = federation.file
    asked = ((ServicePorts.DNS, file.dns), (ServicePorts.NTP, file.ntp), (ServicePorts.SYSLOG_TLS, file.syslog))
    for service, servers in asked:
        protocol, ports = WELL_KNOWN[service]
        yield from (Rule("egress", protocol, low, high, IPv4Network(server)) for server in servers for low, high in ports)
