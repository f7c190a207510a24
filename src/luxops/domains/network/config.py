"""A router's running configuration as any platform's parser gives it: what policies and comparison see."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Literal

from luxops.federation.schema import Platform
from luxops.model import FactValue, Frozen

SECRET = "<secret>"  # noqa: S105 - stands in a secret's place
"""What every password reads as, from the parser on."""
ANYWHERE = IPv4Network("0.0.0.0/0")


class InterfaceConfig(Frozen):
    description: str = ""
    addresses: tuple[IPv4Interface, ...] = ()
    shutdown: bool = False
    acl_in: str = ""
    acl_out: str = ""
    proxy_arp: bool | None = None
    """None where the platform's configuration does not say."""
    redirects: bool | None = None


class NeighbourConfig(Frozen):
    remote_as: int | None = None
    description: str = ""
    password_set: bool = False
    bfd: bool = False
    shutdown: bool = False
    ttl_security_hops: int | None = None
    multihop: int | None = None
    activated: bool = False
    next_hop_self: bool = False
    maximum_prefixes: int | None = None
    import_map: str = ""
    export_map: str = ""
    import_prefix_list: str = ""
    export_prefix_list: str = ""


class BgpConfig(Frozen):
    as_number: int
    router_id: IPv4Address | None = None
    log_neighbour_changes: bool = False
    default_ipv4_unicast: bool = True
    """Whether a neighbour exchanges IPv4 routes without being activated."""
    requires_policy: bool = True
    """Whether an eBGP neighbour without filters gets no routes."""
    networks: tuple[IPv4Network, ...] = ()
    redistributed: tuple[str, ...] = ()
    neighbours: Mapping[str, NeighbourConfig]
    """Address → session."""


class PrefixListRule(Frozen):
    sequence: int
    action: Literal["permit", "deny"]
    prefix: IPv4Network
    ge: int | None = None
    le: int | None = None


class RouteMapRule(Frozen):
    sequence: int
    action: Literal["permit", "deny"]
    matches: tuple[str, ...] = ()
    """What must match, as the platform writes it; none: everything does."""
    prefix_lists: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()


class AclEntry(Frozen):
    """One line of an access list. Ports are (lowest, highest), both included; None is any."""

    action: Literal["permit", "deny"]
    protocol: Literal["ip", "tcp", "udp", "icmp", "other"]
    source: IPv4Network = ANYWHERE
    source_ports: tuple[int, int] | None = None
    destination: IPv4Network = ANYWHERE
    destination_ports: tuple[int, int] | None = None
    icmp_type: str = ""
    established: bool = False
    """Only packets of a session that was opened in the other direction."""
    interface: str = ""
    """Only packets that came in here; empty: any."""
    log: bool = False
    remark: str = ""
    """Id of the flow that it stands for."""
    line: str
    """As the platform writes it."""


class StaticRouteConfig(Frozen):
    prefix: IPv4Network
    next_hop: str
    """An address, or what the platform calls the place where packets are discarded."""


class ManagementConfig(Frozen):
    """Who may open a management session, and over what."""

    ssh: bool
    ssh_sources: tuple[IPv4Network, ...] = ()
    """Where sessions may come from; 0.0.0.0/0: anywhere."""
    telnet: bool
    http: bool
    """An unencrypted or encrypted web server."""
    snmp: bool
    idle_timeout: int | None = None
    """Seconds until an idle session ends; None: the platform leaves that to the system's own SSH server."""


class RouterConfig(FactValue):
    """The fact `config`."""

    platform: Platform
    hostname: str
    version: str
    interfaces: Mapping[str, InterfaceConfig]
    bgp: BgpConfig | None
    prefix_lists: Mapping[str, tuple[PrefixListRule, ...]]
    route_maps: Mapping[str, tuple[RouteMapRule, ...]]
    acls: Mapping[str, tuple[AclEntry, ...]]
    """Every access list and chain, the one that guards the router itself included."""
    control_plane_acl: str
    """Name, in `acls`, of what guards the router itself; empty: nothing does."""
    static_routes: tuple[StaticRouteConfig, ...]
    users: Mapping[str, str]
    """Account in the configuration → how its secret is kept: `none`, `plain`, `weak`, `strong`."""
    passwords: Mapping[str, str]
    """Other places where a password stands → how it is kept, in the same words."""
    management: ManagementConfig
    logging_hosts: tuple[IPv4Address, ...]
    logging_level: str
    ntp_servers: tuple[IPv4Address, ...]
    banner: str
    services: tuple[str, ...]
    """Services that the configuration switches on, in the platform's words."""
    lines: tuple[str, ...]
    """The whole configuration, normalised, passwords masked, two spaces a level: what comparison works on."""
