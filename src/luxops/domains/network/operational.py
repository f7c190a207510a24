"""What a router is doing, as any platform's parser gives it. No ages, no counters: unchanged evidence has an equal digest."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Interface
from typing import Literal

from luxops.model import FactValue, Frozen

UpDown = Literal["up", "down"]


class InterfaceState(Frozen):
    administrative: UpDown
    operational: UpDown
    addresses: tuple[IPv4Interface, ...]
    """IPv4; IPv6 addresses are listed apart."""
    ipv6: bool
    """Whether it has an IPv6 address beyond the link's own."""
    mtu: int | None


class Interfaces(FactValue):
    """The fact `interfaces`."""

    interfaces: Mapping[str, InterfaceState]


class SessionState(Frozen):
    remote_as: int
    state: str
    """`Established`, or how far it got."""
    prefixes_received: int
    prefixes_sent: int | None
    """None where the platform does not say."""


class Bgp(FactValue):
    """The fact `bgp`."""

    running: bool
    """Whether the router runs BGP at all."""
    neighbours: Mapping[str, SessionState]
    """Address → session."""


class Bfd(FactValue):
    """The fact `bfd`."""

    peers: Mapping[str, str]
    """Address → `up`, `down`, `init` or `shutdown`."""


class NextHop(Frozen):
    address: str
    """Empty: directly connected."""
    interface: str


class Route(Frozen):
    protocol: str
    distance: int
    installed: bool
    next_hops: tuple[NextHop, ...]


class Routes(FactValue):
    """The fact `routes`: the selected route to each prefix, IPv4."""

    routes: Mapping[str, Route]
