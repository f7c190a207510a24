"""A router's desired state, free of any platform's syntax."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Literal

from luxops.federation.schema import Platform
from luxops.model import Frozen, TargetId

Ports = tuple[int, int]
"""(lowest, highest), both included."""


class InterfaceDesign(Frozen):
    name: str
    kind: Literal["loopback", "link", "lan", "transit", "peer"]
    address: IPv4Interface
    description: str
    acl_in: str = ""
    """Filters what comes in from this interface; empty: no filter in that direction."""
    acl_out: str = ""


class Neighbour(Frozen):
    """One BGP session."""

    address: IPv4Address
    local: IPv4Address
    interface: str
    remote_as: int
    description: str
    kind: Literal["link", "core", "peer"]
    """Between a hospital and a core; between two cores; with an external network."""
    password: bool
    """Whether the session is authenticated with the secret named `bgp`."""
    maximum_prefixes: int
    import_map: str
    export_map: str

    @property
    def external(self) -> bool:
        return self.kind != "core"

    @property
    def bfd(self) -> bool:
        """Whether a silent loss is to be noticed within a second; an external network decides that for itself."""
        return self.kind != "peer"

    @property
    def bfd_port(self) -> int:
        """Where GTSM guards the BGP session FRR runs BFD as RFC 5883 says for several hops, elsewhere as RFC 5881 for one."""
        return 4784 if self.external else 3784


class PrefixRule(Frozen):
    sequence: int
    action: Literal["permit", "deny"]
    prefix: IPv4Network
    ge: int | None = None
    le: int | None = None


class PrefixList(Frozen):
    """Ends, as on every platform, with an implicit deny."""

    name: str
    rules: tuple[PrefixRule, ...]


class RouteMapEntry(Frozen):
    sequence: int
    action: Literal["permit", "deny"]
    prefix_list: str
    metric: int | None = None
    """The MED that is set."""


class RouteMap(Frozen):
    """Ends with an implicit deny."""

    name: str
    entries: tuple[RouteMapEntry, ...]


class AclRule(Frozen):
    """Permits one kind of packet in its forward direction."""

    protocol: Literal["tcp", "udp", "icmp"]
    source: IPv4Network
    destination: IPv4Network
    ports: Ports | None
    """Of the destination; None for icmp: echo."""
    flow: str
    """Id of the flow that declares it."""


class Acl(Frozen):
    """Everything not permitted is dropped and logged."""

    name: str
    rules: tuple[AclRule, ...]
    """What may be opened in this direction."""
    returns: tuple[AclRule, ...]
    """What may be opened in the other direction, so that its answers come through here; written as in that direction."""
    stateful: bool
    """Whether every packet of a session passes this router, so that it can know answers by the session they belong to."""


class Bgp(Frozen):
    as_number: int
    router_id: IPv4Address
    networks: tuple[IPv4Network, ...]
    """What the router originates."""
    neighbours: tuple[Neighbour, ...]

    @property
    def password(self) -> bool:
        """Whether any session is authenticated."""
        return any(neighbour.password for neighbour in self.neighbours)


class ManagementDesign(Frozen):
    address: IPv4Interface
    bastions: tuple[IPv4Address, ...]
    """The only sources of management sessions."""
    user: str
    account: bool
    """Whether the router keeps the account itself, with the secret named `account`."""


class StaticRoute(Frozen):
    prefix: IPv4Network
    next_hop: IPv4Address


class RouterDesign(Frozen):
    """Everything the federation decides about one router."""

    hostname: TargetId
    platform: Platform
    role: Literal["edge", "core"]
    management: ManagementDesign
    interfaces: tuple[InterfaceDesign, ...]
    bgp: Bgp
    prefix_lists: tuple[PrefixList, ...]
    route_maps: tuple[RouteMap, ...]
    acls: tuple[Acl, ...]
    static_routes: tuple[StaticRoute, ...]
    syslog: tuple[IPv4Address, ...]
    ntp: tuple[IPv4Address, ...]
    banner: str
