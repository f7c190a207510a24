"""A whole IOS-XE configuration, in the order in which `show running-config` writes it."""

from __future__ import annotations

from collections.abc import Iterator

from luxops.domains.network.nouns import InterfaceDesign, Neighbour, RouterDesign
from luxops.domains.network.platforms.grammar import prefix_rule
from luxops.domains.network.platforms.ios_xe.lists import MANAGEMENT, render_lists

VERSION = "17.9"
VRF = "Mgmt-intf"
MANAGEMENT_INTERFACE = "GigabitEthernet0"
BFD_TEMPLATE = "FIBRE"
IDLE_MINUTES = 5
_HEAD = """\
service tcp-keepalives-in
service timestamps debug datetime msec show-timezone
service timestamps log datetime msec show-timezone
service password-encryption
service sequence-numbers
"""
_LOGIN = """\
logging buffered 65536 informational
aaa new-model
aaa authentication login default local
aaa authorization exec default local
no ip source-route
no ip domain lookup
login on-failure log
login on-success log
no ipv6 source-route
archive
 log config
  logging enable
  hidekeys
"""


def render_configuration(design: RouterDesign, password: str, account: str) -> str:
    """`password`: of the BGP sessions, as the device takes it; `account`: the type 9 hash of the management account."""
    lines = [f"version {VERSION}", *_HEAD.splitlines(), f"hostname {design.hostname}"]
    lines += [f"vrf definition {VRF}", " address-family ipv4", " exit-address-family"]
    lines += _LOGIN.splitlines()
    if design.management.account:
        lines.append(f"username {design.management.user} privilege 15 secret 9 {account}")
    lines += [f"bfd-template multi-hop {BFD_TEMPLATE}", " interval min-tx 300 min-rx 300 multiplier 3"]
    for interface in design.interfaces:
        lines += [f"interface {interface_name(interface)}", *_interface(interface)]
    lines += [f"interface {MANAGEMENT_INTERFACE}", " description management", f" vrf forwarding {VRF}"]
    lines += [f" ip address {design.management.address.ip} {design.management.address.netmask}"]
    lines += [" no ip redirects", " no ip proxy-arp"]
    lines += [*_bgp(design, password), *_bfd_maps(design)]
    lines += ["no ip http server", "no ip http secure-server"]
    lines += [f"ip route {r.prefix.network_address} {r.prefix.netmask} {r.next_hop}" for r in design.static_routes]
    lines += ["ip ssh time-out 60", "ip ssh version 2", *render_lists(design)]
    for prefix_list in design.prefix_lists:
        lines += [
            f"ip prefix-list {prefix_list.name} {prefix_rule(rule, anything='0.0.0.0/0 le 32')}" for rule in prefix_list.rules
        ]
    lines += [f"logging source-interface {MANAGEMENT_INTERFACE} vrf {VRF}"]
    lines += [f"logging host {address} vrf {VRF}" for address in design.syslog]
    lines += [*_route_maps(design), f"banner login ^C{design.banner}^C", *_terminals()]
    lines += [f"ntp server vrf {VRF} {address}" for address in design.ntp]
    return "\n".join([*lines, "end", ""])


def interface_name(interface: InterfaceDesign) -> str:
    """The loopback is the only interface that every platform names its own way."""
    return "Loopback0" if interface.kind == "loopback" else interface.name


def _interface(interface: InterfaceDesign) -> Iterator[str]:
    yield f" description {interface.description}"
    yield f" ip address {interface.address.ip} {interface.address.netmask}"
    if interface.acl_in:
        yield f" ip access-group {interface.acl_in} in"
    if interface.acl_out:
        yield f" ip access-group {interface.acl_out} out"
    if interface.kind != "loopback":
        yield " no ip redirects"
        yield " no ip proxy-arp"


def _bgp(design: RouterDesign, password: str) -> Iterator[str]:
    bgp = design.bgp
    yield f"router bgp {bgp.as_number}"
    yield f" bgp router-id {bgp.router_id}"
    yield " bgp log-neighbor-changes"
    yield " bgp bestpath compare-routerid"
    yield " no bgp default ipv4-unicast"
    for neighbour in bgp.neighbours:
        yield from _session(neighbour, password)
    yield " address-family ipv4"
    yield from (f"  network {prefix.network_address} mask {prefix.netmask}" for prefix in bgp.networks)
    for neighbour in bgp.neighbours:
        yield from _family(neighbour)
    yield " exit-address-family"


def _session(neighbour: Neighbour, password: str) -> Iterator[str]:
    name = f" neighbor {neighbour.address}"
    yield f"{name} remote-as {neighbour.remote_as}"
    yield f"{name} description {neighbour.description}"
    if neighbour.password:
        yield f"{name} password {password}"
    if neighbour.external:
        yield f"{name} ttl-security hops 1"
    yield f"{name} timers 10 30"
    if neighbour.bfd:
        yield f"{name} fall-over bfd" + (" multi-hop" if neighbour.external else "")


def _family(neighbour: Neighbour) -> Iterator[str]:
    name = f"  neighbor {neighbour.address}"
    yield f"{name} activate"
    if not neighbour.external:
        yield f"{name} next-hop-self"
    yield f"{name} route-map {neighbour.import_map} in"
    yield f"{name} route-map {neighbour.export_map} out"
    yield f"{name} maximum-prefix {neighbour.maximum_prefixes}"


def _bfd_maps(design: RouterDesign) -> Iterator[str]:
    """FRR, at the other end, runs BFD as over several hops wherever GTSM guards the session."""
    for neighbour in design.bgp.neighbours:
        if neighbour.bfd and neighbour.external:
            yield f"bfd map ipv4 {neighbour.address}/32 {neighbour.local}/32 {BFD_TEMPLATE}"


def _route_maps(design: RouterDesign) -> Iterator[str]:
    for route_map in design.route_maps:
        for entry in route_map.entries:
            yield f"route-map {route_map.name} {entry.action} {entry.sequence}"
            yield f" match ip address prefix-list {entry.prefix_list}"
            if entry.metric is not None:
                yield f" set metric {entry.metric}"


def _terminals() -> Iterator[str]:
    yield from ("line con 0", f" exec-timeout {IDLE_MINUTES} 0", " stopbits 1")
    for lines in ("0 4", "5 15"):
        yield f"line vty {lines}"
        yield f" access-class {MANAGEMENT} in vrf-also"
        yield f" exec-timeout {IDLE_MINUTES} 0"
        yield " transport input ssh"
