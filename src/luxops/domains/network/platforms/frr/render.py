"""FRR's own configuration, in the order and words in which FRR itself writes it back."""

from __future__ import annotations

from collections.abc import Iterable

from luxops.domains.network.nouns import InterfaceDesign, Neighbour, RouterDesign
from luxops.domains.network.platforms.grammar import prefix_rule

VERSION = "8.4.4"
"""What the syntax is written for; an older or newer FRR says its own."""
BFD_PROFILE = "fibre"
"""FRR's defaults, 300 ms three times: a silent fibre is noticed within a second."""


def render_configuration(design: RouterDesign, password: str) -> str:
    """`/etc/frr/frr.conf`. `password` stands wherever a BGP session is authenticated.

    Filters come before the sessions that use them: FRR reads from top to bottom.
    """
    lines = [
        f"frr version {VERSION}",
        "frr defaults traditional",
        f"hostname {design.hostname}",
        "log syslog informational",
        "ip forwarding",
        "no ipv6 forwarding",
        "service integrated-vtysh-config",
        "!",
        *(f"ip route {route.prefix} {route.next_hop}" for route in design.static_routes),
        "!",
    ]
    for interface in design.interfaces:
        lines += [*_interface(interface), "exit", "!"]
    for prefix_list in design.prefix_lists:
        lines += [f"ip prefix-list {prefix_list.name} {prefix_rule(rule, anything='any')}" for rule in prefix_list.rules]
    lines.append("!")
    for route_map in design.route_maps:
        for entry in route_map.entries:
            lines += [f"route-map {route_map.name} {entry.action} {entry.sequence}"]
            lines += [f" match ip address prefix-list {entry.prefix_list}"]
            lines += [f" set metric {entry.metric}"] if entry.metric is not None else []
            lines += ["exit", "!"]
    lines += ["bfd", f" profile {BFD_PROFILE}", " exit", " !", "exit", "!"]
    lines += [*_bgp(design, password), "exit", "!"]
    return "\n".join([*lines, "end", ""])


def _interface(interface: InterfaceDesign) -> Iterable[str]:
    yield f"interface {interface.name}"
    yield f" description {interface.description}"
    yield f" ip address {interface.address}"


def _bgp(design: RouterDesign, password: str) -> Iterable[str]:
    bgp = design.bgp
    yield f"router bgp {bgp.as_number}"
    yield f" bgp router-id {bgp.router_id}"
    yield " bgp log-neighbor-changes"
    yield " no bgp default ipv4-unicast"
    yield " bgp bestpath compare-routerid"
    for neighbour in bgp.neighbours:
        yield from _session(neighbour, password)
    yield " !"
    yield " address-family ipv4 unicast"
    yield from (f"  network {prefix}" for prefix in bgp.networks)
    for neighbour in bgp.neighbours:
        yield from _family(neighbour)
    yield " exit-address-family"


def _session(neighbour: Neighbour, password: str) -> Iterable[str]:
    name = f" neighbor {neighbour.address}"
    yield f"{name} remote-as {neighbour.remote_as}"
    yield f"{name} description {neighbour.description}"
    if neighbour.bfd:
        yield f"{name} bfd"
        yield f"{name} bfd profile {BFD_PROFILE}"
    if neighbour.password:
        yield f"{name} password {password}"
    if neighbour.external:
        yield f"{name} ttl-security hops 1"
    yield f"{name} timers 10 30"


def _family(neighbour: Neighbour) -> Iterable[str]:
    name = f"  neighbor {neighbour.address}"
    yield f"{name} activate"
    if not neighbour.external:
        yield f"{name} next-hop-self"
    yield f"{name} maximum-prefix {neighbour.maximum_prefixes}"
    yield f"{name} route-map {neighbour.import_map} in"
    yield f"{name} route-map {neighbour.export_map} out"
