"""The shape of `inventory/`: what may be declared, and nothing else. No I/O; files and places are the loader's affair."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from luxops.federation.fields import CareWindow, Duration, PortRange, SecretReference, SshPublicKey
from luxops.model import Frozen, HostRole

Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
"""Lower case letters, digits and hyphens; begins with a letter."""
InterfaceName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9./-]{0,31}$")]
AsNumber = Annotated[int, Field(ge=1, le=4294967294)]
ZonePlace = Literal["dc1", "dc2", "campus"]
"""Where a zone can have a subnet."""


class DataClass(StrEnum):
    """The most sensitive data that a zone or service holds."""

    HEALTH = "health"
    """Concerns health: GDPR Art. 9."""
    PERSONAL = "personal"
    INTERNAL = "internal"
    PUBLIC = "public"


class Platform(StrEnum):
    """What a router runs."""

    FRR = "frr"
    IOS_XE = "ios-xe"


class Role(StrEnum):
    """What a person may do."""

    ENGINEER = "engineer"
    NETWORK_ADMIN = "network-admin"
    SECURITY_OFFICER = "security-officer"
    AUDITOR = "auditor"


class Datacentre(Frozen):
    id: Literal["dc1", "dc2"]
    name: str
    city: str
    transit: IPv4Network
    """The network between its core routers and its cloud; lies inside the federation's `transit`."""
    gateway: IPv4Address
    """The cloud's address in `transit`: next hop to every VPC and service subnet of this datacentre."""
    cores: IPv4Address
    """The core routers' shared address in `transit`: the cloud's next hop to campuses, peers and the other datacentre."""
    physical_network: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    """Neutron's name of the wire behind `transit`."""
    availability_zone: Id
    """Nova's and Cinder's name of this datacentre."""


class Flavour(Frozen):
    """A size of server."""

    id: Id
    cores: Annotated[int, Field(ge=1)]
    ram_gib: Annotated[int, Field(ge=1)]
    disk_gib: Annotated[int, Field(ge=1)]


class Image(Frozen):
    """An operating system that servers start from."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9.-]{0,30}$")]
    file: Annotated[str, StringConstraints(min_length=1)]
    """Where the disk image lies on the machine that provisions."""
    format: Literal["raw", "qcow2"]


class IgnoredObjects(Frozen):
    """Objects in the cloud that nobody declares and that are no drift, with the reason."""

    kind: Annotated[str, StringConstraints(pattern=r"^[a-z_]+$")]
    """As in `docs/adding-a-resource-kind.md`."""
    name: Annotated[str, StringConstraints(min_length=1)]
    """As reports call them; `*` matches any run of characters."""
    why: Annotated[str, StringConstraints(min_length=3)]


class Cloud(Frozen):
    """The OpenStack that spans the datacentres."""

    region: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")]
    provisioning_key: SshPublicKey
    """Public half of the key with which a new server is first reached; hardening replaces it by people's own."""
    access: Mapping[Id, Literal["member", "reader"]]
    """Keystone group → the role that it has in every project. Nobody but the platform holds `admin`."""
    flavours: Annotated[tuple[Flavour, ...], Field(min_length=1)]
    images: Annotated[tuple[Image, ...], Field(min_length=1)]
    ignored: tuple[IgnoredObjects, ...] = ()


class Bastion(Frozen):
    """The only hosts from which management sessions may come."""

    id: Id
    address: IPv4Address
    datacentre: Id
    operators: tuple[IPv4Network, ...] = ()
    """From where people open sessions to it: prefixes inside the management prefix, where their VPN ends."""
    flavour: Id | None = None
    image: Id | None = None
    """With a flavour and an image, a server of the platform's project; without, it stands outside the cloud."""


class Management(Frozen):
    """The out-of-band network over which every host and router is managed."""

    prefix: IPv4Network
    bastions: Annotated[tuple[Bastion, ...], Field(min_length=1)]
    user: Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_-]{0,31}$")] = "luxops"
    """Account of luxops on hosts and routers."""
    change_user: Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_-]{0,31}$")] | None = None
    """Account on routers with which changes are sent, so that `user` only ever reads. Without one, `user` sends them too."""
    secrets: Mapping[Id, SecretReference] = Field(default_factory=dict)
    """Named references used by routers, e.g. `bgp`: the BGP session password."""


class Peer(Frozen):
    """An external network joined to a core router by eBGP."""

    id: Id
    name: str
    as_number: AsNumber
    prefixes: Annotated[tuple[IPv4Network, ...], Field(min_length=1)]
    """What it may announce, and the only addresses flows from and to it may use."""
    max_prefixes: Annotated[int, Field(ge=1, le=10000)] = 50


class ChangeWindow(Frozen):
    id: Id
    windows: tuple[CareWindow, ...]


class Person(Frozen):
    """Someone who may approve or request changes, known by their SSH key and their roles, not by name."""

    id: Id
    roles: Annotated[tuple[Role, ...], Field(min_length=1)]
    ssh_keys: Annotated[tuple[SshPublicKey, ...], Field(min_length=1)]


class FederationFile(Frozen):
    """`federation.yaml`."""

    id: Id
    name: str
    as_number: AsNumber
    """Of the core routers."""
    datacentres: Annotated[tuple[Datacentre, ...], Field(min_length=1)]
    cloud: Cloud
    management: Management
    transit: IPv4Network
    """Every link's prefix lies inside."""
    loopbacks: IPv4Network
    services: IPv4Network
    """Every shared service's zone lies inside."""
    dns: tuple[IPv4Address, ...] = ()
    ntp: tuple[IPv4Address, ...]
    syslog: tuple[IPv4Address, ...]
    peers: tuple[Peer, ...] = ()
    change_windows: tuple[ChangeWindow, ...] = ()
    people: tuple[Person, ...] = ()


class Zone(Frozen):
    """One network: a subnet per datacentre (its VPC part) and, where there is one, the part on the hospital's own campus."""

    dc1: IPv4Network | None = None
    dc2: IPv4Network | None = None
    campus: IPv4Network | None = None
    data: DataClass

    @property
    def prefixes(self) -> Mapping[ZonePlace, IPv4Network]:
        """Place (`dc1`, `dc2`, `campus`) → subnet, for the places that have one."""
        places: tuple[tuple[ZonePlace, IPv4Network | None], ...] = (
            ("dc1", self.dc1),
            ("dc2", self.dc2),
            ("campus", self.campus),
        )
        return {place: prefix for place, prefix in places if prefix is not None}


class ServicePorts(StrEnum):
    """Well-known services a flow may name instead of protocol and ports; their numbers are in `flows.WELL_KNOWN`."""

    HTTPS = "https"
    DICOM = "dicom"
    DICOM_TLS = "dicom-tls"
    HL7_MLLP = "hl7-mllp"
    HL7_MLLP_TLS = "hl7-mllp-tls"
    LDAPS = "ldaps"
    SIP_TLS = "sip-tls"
    SIP = "sip"
    RTP = "rtp"
    POSTGRESQL = "postgresql"
    ORACLE = "oracle"
    MSSQL = "mssql"
    SSH = "ssh"
    DNS = "dns"
    NTP = "ntp"
    SYSLOG_TLS = "syslog-tls"
    SMTPS = "smtps"
    TURN_TLS = "turn-tls"
    ICMP_ECHO = "icmp-echo"


class FlowDeclaration(Frozen):
    """Who may talk to whom, and why. `service`, or `protocol` with `ports`."""

    source: str = Field(alias="from")
    """`ZONE[@PLACE]`, `HOSPITAL.ZONE[@PLACE]`, `SERVICE.ZONE[@PLACE]`, `consumers.ZONE[@PLACE]`, or an external peer's id."""
    to: str
    service: ServicePorts | None = None
    protocol: Literal["tcp", "udp", "icmp"] | None = None
    ports: tuple[PortRange, ...] = ()
    why: Annotated[str, StringConstraints(min_length=3)]


class Campus(Frozen):
    """A hospital's own site with its edge routers."""

    id: Id
    city: str
    routers: Annotated[tuple[Id, ...], Field(min_length=1)]


class Quota(Frozen):
    cores: Annotated[int, Field(ge=1)]
    ram_gib: Annotated[int, Field(ge=1)]
    volumes_gib: Annotated[int, Field(ge=1)]


class CareWindows(Frozen):
    """When changes must not touch the hospital."""

    avoid: tuple[CareWindow, ...] = ()


class Responsible(Frozen):
    """Who answers for what."""

    infrastructure: Literal["luxith", "hospital", "both"] = "luxith"
    operating_systems: Literal["luxith", "hospital", "both"] = "both"
    applications: Literal["luxith", "hospital", "both"] = "hospital"


Attachments = Mapping[Literal["dc1", "dc2"], IPv4Network]
"""Datacentre → the network between the cloud's hub router there and the owner's own: its first address is the
hub's, its second the owner's. An owner without one cannot be reached from outside its own cloud in that datacentre."""


class HospitalFile(Frozen):
    """`hospitals/ID.yaml`."""

    id: Id
    name: str
    kind: Literal["acute", "specialised", "rehabilitation", "psychiatric", "laboratory"]
    prefix: IPv4Network
    """Everything of the hospital lies inside."""
    as_number: AsNumber
    sites: Annotated[tuple[Campus, ...], Field(min_length=1)]
    zones: Mapping[Id, Zone]
    attachments: Attachments = Field(default_factory=dict)
    quota: Quota
    care_windows: CareWindows = CareWindows()
    responsible: Responsible = Responsible()
    flows: tuple[FlowDeclaration, ...] = ()


class HostedIn(Frozen):
    """Where a shared service's servers stand: one zone, a subnet per datacentre inside the federation's `services` prefix."""

    zone: Id
    dc1: IPv4Network | None = None
    dc2: IPv4Network | None = None

    @property
    def prefixes(self) -> Mapping[ZonePlace, IPv4Network]:
        """Place (`dc1`, `dc2`) → subnet, for the places that have one."""
        places: tuple[tuple[ZonePlace, IPv4Network | None], ...] = (("dc1", self.dc1), ("dc2", self.dc2))
        return {place: prefix for place, prefix in places if prefix is not None}


class Recovery(Frozen):
    rpo: Duration
    """Data that may be lost, as time."""
    rto: Duration
    """Time until it works again."""


class ServiceFile(Frozen):
    """`services/ID.yaml`."""

    id: Id
    name: str
    provider: str
    """The federation's id, or a hospital's."""
    hosted_in: HostedIn
    attachments: Attachments = Field(default_factory=dict)
    quota: Quota
    consumers: tuple[Id, ...]
    data: DataClass
    recovery: Recovery
    profile: Id
    flows: tuple[FlowDeclaration, ...]


class LinkEnd(Frozen):
    router: Id
    interface: InterfaceName


class LinkDeclaration(Frozen):
    """One fibre (or cross-connect) between two routers. `prefix` is a /31: `a` has the lower address, `b` the higher."""

    id: Id
    a: LinkEnd
    b: LinkEnd
    prefix: IPv4Network
    shared_risks: tuple[Id, ...]
    """Ducts, buildings and cabinets it shares with others: two links that share one are not disjoint."""
    bandwidth_gbps: Annotated[float, Field(gt=0)] = 10
    carrier: str = ""


class PeerAttachment(Frozen):
    """A core router's session with an external peer."""

    peer: Id
    interface: InterfaceName
    address: IPv4Interface
    neighbor: IPv4Address


class RouterDeclaration(Frozen):
    id: Id
    role: Literal["edge", "core"]
    platform: Platform
    hospital: Id | None = None
    """Of an edge router."""
    datacentre: Id | None = None
    """Of a core router."""
    management: IPv4Address
    loopback: IPv4Address
    lan: Mapping[InterfaceName, IPv4Interface] = Field(default_factory=dict)
    """An edge router's interfaces into the campus: interface → its address in a zone's campus subnet."""
    transit: Mapping[InterfaceName, IPv4Interface] = Field(default_factory=dict)
    """A core router's interfaces into its datacentre: interface → its address in the datacentre's `transit`."""
    peers: tuple[PeerAttachment, ...] = ()


class HostDeclaration(Frozen):
    id: Id
    management: IPv4Address
    address: IPv4Address | None = None
    """In the group's zone."""
    place: ZonePlace


class Listener(Frozen):
    """A socket a host may listen on beyond what flows to its zone imply."""

    protocol: Literal["tcp", "udp"]
    port: Annotated[int, Field(ge=1, le=65535)]
    loopback_only: bool = False
    why: Annotated[str, StringConstraints(min_length=3)]


class VolumeDeclaration(Frozen):
    """A volume that each server of a group has."""

    id: Id
    gib: Annotated[int, Field(ge=1)]


class HostGroup(Frozen):
    """Hosts that are alike: same zone, same work, same level of hardening."""

    id: Id
    zone: Id
    service: Id | None = None
    """The shared service whose zone this is; None: the hospital's own zone."""
    level: Literal["minimal", "intermediary", "enhanced", "high"]
    """ANSSI BP-028 level."""
    collector: Literal["sudo", "installed"] = "sudo"
    """`sudo`: the script is sent; `installed`: sudo allows one root-owned copy of it and nothing else."""
    role: HostRole | None = None
    """`controller`: OpenStack's services run here, so their configuration is read and judged as well."""
    listeners: tuple[Listener, ...] = ()
    flavour: Id = "small"
    """Size of those that stand in a datacentre: they are servers in the cloud."""
    image: str = "debian-12"
    volumes: tuple[VolumeDeclaration, ...] = ()
    hosts: Annotated[tuple[HostDeclaration, ...], Field(min_length=1)]


class HostsFile(Frozen):
    """`hosts/ID.yaml`, ID a hospital's or the federation's."""

    owner: Id
    groups: tuple[HostGroup, ...]
