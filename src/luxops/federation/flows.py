"""Flows: names resolved to subnets, well-known services to protocols and ports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network
from types import MappingProxyType
from typing import Literal, NamedTuple, get_args

from luxops.errors import did_you_mean
from luxops.federation.federation import Flow, FlowEnd
from luxops.federation.fields import PortRange
from luxops.federation.schema import FlowDeclaration, HospitalFile, Peer, ServiceFile, ServicePorts, ZonePlace

Protocol = Literal["tcp", "udp", "icmp"]

WELL_KNOWN: Mapping[ServicePorts, tuple[Protocol, tuple[PortRange, ...]]] = MappingProxyType({
    ServicePorts.HTTPS: ("tcp", ((443, 443),)),
    ServicePorts.DICOM: ("tcp", ((104, 104), (11112, 11112))),
    ServicePorts.DICOM_TLS: ("tcp", ((2762, 2762),)),
    ServicePorts.HL7_MLLP: ("tcp", ((2575, 2575),)),
    # IANA registers one port for HL7; with TLS the installed base keeps to the next one.
    ServicePorts.HL7_MLLP_TLS: ("tcp", ((2576, 2576),)),
    ServicePorts.LDAPS: ("tcp", ((636, 636),)),
    ServicePorts.SIP_TLS: ("tcp", ((5061, 5061),)),
    ServicePorts.SIP: ("udp", ((5060, 5060),)),
    # RTP has no registered range: the one that most media servers come with.
    ServicePorts.RTP: ("udp", ((10000, 20000),)),
    ServicePorts.POSTGRESQL: ("tcp", ((5432, 5432),)),
    ServicePorts.ORACLE: ("tcp", ((1521, 1521),)),
    ServicePorts.MSSQL: ("tcp", ((1433, 1433),)),
    ServicePorts.SSH: ("tcp", ((22, 22),)),
    ServicePorts.DNS: ("udp", ((53, 53),)),
    ServicePorts.NTP: ("udp", ((123, 123),)),
    ServicePorts.SYSLOG_TLS: ("tcp", ((6514, 6514),)),
    ServicePorts.SMTPS: ("tcp", ((465, 465),)),
    ServicePorts.TURN_TLS: ("tcp", ((5349, 5349),)),
    ServicePorts.ICMP_ECHO: ("icmp", ()),
})  # fmt: skip
"""Port numbers as registered with IANA, but for the two that say otherwise."""


class NowhereError(Exception):
    """An end of a flow that leads nowhere: at `what`, `why`. `{folder}` in the remedy stands for the inventory's folder."""

    def __init__(self, what: str, why: str, remedy: str) -> None:
        super().__init__(why)
        self.what, self.why, self.remedy = what, why, remedy


class Names(NamedTuple):
    """Everything that a flow's ends can name."""

    hospitals: Mapping[str, HospitalFile]
    services: Mapping[str, ServiceFile]
    peers: Mapping[str, Peer]

    def known(self) -> list[str]:
        return [*self.hospitals, *self.services, *self.peers]


def resolve(names: Names, owner: HospitalFile | ServiceFile, text: str) -> tuple[FlowEnd, ...]:
    """What one end of a flow, declared by `owner`, stands for. Never empty.

    `ZONE` is the owner's own zone; `OWNER.ZONE` another hospital's or service's; `consumers.ZONE`, in a service's file, that
    zone of each consumer; `@PLACE` keeps one place of it; a peer's id stands for all its prefixes. Raises NowhereError.
    """
    name, _, place = text.partition("@")
    if place and place not in get_args(ZonePlace):
        why = f"`{text}`: there is no place `{place}`{did_you_mean(place, ['dc1', 'dc2', 'campus'])}"
        raise NowhereError("an unknown place", why, "A place is dc1, dc2 or campus.")
    if name in names.peers:
        if place:
            raise NowhereError("a place that is not there", f"`{text}`: an external peer has no places", "Leave `@…` out.")
        return tuple(FlowEnd(owner=name, zone="", place="external", prefix=prefix) for prefix in names.peers[name].prefixes)
    who, dot, zone = name.rpartition(".")
    ends = tuple(end for party in _parties(names, owner, who, text, bare=not dot) for end in _ends(party, zone, place, text))
    if not ends:
        raise NowhereError("nobody", f"`{text}`: {owner.id} has no consumers", "Name consumers, or take the flow out.")
    return ends


def _parties(
    names: Names, owner: HospitalFile | ServiceFile, who: str, text: str, *, bare: bool
) -> Iterator[HospitalFile | ServiceFile]:
    if bare:
        yield owner
    elif who == "consumers":
        if isinstance(owner, HospitalFile):
            raise NowhereError("nobody", f"`{text}`: only a service has consumers", "Name the zone or the hospital itself.")
        # A consumer that does not exist is a mistake of its own, told where it is named.
        yield from (names.hospitals[consumer] for consumer in owner.consumers if consumer in names.hospitals)
    elif who in names.hospitals:
        yield names.hospitals[who]
    elif who in names.services:
        yield names.services[who]
    else:
        why = f"`{text}`: there is no hospital or service `{who}`{did_you_mean(who, names.known())}"
        raise NowhereError("an unknown owner", why, "Declare it in a file of its own, or correct the name.")


def _ends(party: HospitalFile | ServiceFile, zone: str, place: str, text: str) -> list[FlowEnd]:
    zones = zones_of(party)
    if zone not in zones:
        why = f"there is no zone `{zone}` in {party.id}{did_you_mean(zone, list(zones))}"
        folder, section = ("hospitals", "zones") if isinstance(party, HospitalFile) else ("services", "hosted_in")
        remedy = f"Declare the zone in {{folder}}/{folder}/{party.id}.yaml under {section}, or correct the name."
        raise NowhereError("an unknown zone", why, remedy)
    ends = [
        FlowEnd(owner=party.id, zone=zone, place=at, prefix=prefix) for at, prefix in zones[zone].items() if place in {"", at}
    ]
    if not ends:
        why = (
            f"`{text}`: zone `{zone}` of {party.id} is not in {place}"
            if place
            else f"zone `{zone}` of {party.id} has no subnet"
        )
        raise NowhereError("a place that is not there", why, "Give the zone a subnet there, or name another place.")
    return ends


def zones_of(party: HospitalFile | ServiceFile) -> Mapping[str, Mapping[ZonePlace, IPv4Network]]:
    """Zone → place → subnet, of a hospital or of a service."""
    if isinstance(party, HospitalFile):
        return {name: zone.prefixes for name, zone in party.zones.items()}
    return {party.hosted_in.zone: party.hosted_in.prefixes}


def packets(declared: FlowDeclaration) -> tuple[Protocol, tuple[PortRange, ...]]:
    """Protocol and ports of a flow that has been checked."""
    if declared.service is not None:
        return WELL_KNOWN[declared.service]
    assert declared.protocol is not None  # noqa: S101 - held by the cross-check `service_or_ports`
    return declared.protocol, declared.ports


def resolved_flows(names: Names) -> tuple[Flow, ...]:
    """All flows, hospitals' first, in the order of ids and files. Raises NowhereError where the cross-checks did not hold."""
    flows = []
    owners: tuple[HospitalFile | ServiceFile, ...] = (*names.hospitals.values(), *names.services.values())
    for owner in owners:
        for number, declared in enumerate(owner.flows, start=1):
            protocol, ports = packets(declared)
            flows.append(
                Flow(
                    id=f"{owner.id}/{number}",
                    sources=resolve(names, owner, declared.source),
                    destinations=resolve(names, owner, declared.to),
                    protocol=protocol,
                    ports=ports,
                    why=declared.why,
                )
            )
    return tuple(flows)
