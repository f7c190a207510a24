"""What a router lets pass, by its platform's rules: what does not exist, or is empty, counts as open where it may be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network
from itertools import product
from typing import Any

from luxops.domains.network.config import AclEntry, PrefixListRule, RouterConfig
from luxops.federation.schema import Platform

Packet = tuple[str, IPv4Address, int, IPv4Address, int, bool]
"""Protocol, source and its port, destination and its port, whether it answers."""


def samples(configs: Iterable[RouterConfig]) -> tuple[list[IPv4Network], list[Packet]]:
    """Routes and packets that tell the configurations apart: one for each line in any of them, and strangers."""
    routes = {IPv4Network("0.0.0.0/0"), IPv4Network("198.51.100.0/24")}
    packets: set[Packet] = {("tcp", IPv4Address("198.51.100.1"), 4000, IPv4Address("198.51.100.2"), 4000, False)}
    for config in configs:
        for rule in (rule for rules in config.prefix_lists.values() for rule in rules):
            routes |= (
                {rule.prefix, *rule.prefix.subnets(new_prefix=min(32, max(rule.prefix.prefixlen + 1, rule.ge or 0)))}
                if rule.prefix.prefixlen > 8
                else {rule.prefix}
            )
        for entry in (entry for name, entries in config.acls.items() for entry in entries):
            for protocol in ("tcp", "udp", "icmp") if entry.protocol in {"ip", "other"} else (entry.protocol,):
                source, destination = entry.source[0], entry.destination[0]
                packets.add((
                    protocol, source, (entry.source_ports or (4000, 4000))[0], destination,
                    (entry.destination_ports or (4000, 4000))[0], entry.established,
                ))  # fmt: skip
    return sorted(routes), sorted(packets)


def open_to(config: RouterConfig, routes: Iterable[IPv4Network], packets: Sequence[Packet]) -> frozenset[Any]:
    """Every route of each session and every packet of each interface that passes."""
    return frozenset([*_routes(config, list(routes)), *_packets(config, packets)])


def _routes(config: RouterConfig, routes: Sequence[IPv4Network]) -> Iterator[Any]:
    if config.bgp is None:
        return
    for address, neighbour in config.bgp.neighbours.items():
        if neighbour.shutdown or not (neighbour.activated or config.bgp.default_ipv4_unicast):
            continue
        ways = (
            ("in", neighbour.import_map, neighbour.import_prefix_list),
            ("out", neighbour.export_map, neighbour.export_prefix_list),
        )
        external = neighbour.remote_as != config.bgp.as_number
        for (way, name, listed), route in product(ways, routes):
            unfiltered = not name and not listed
            if unfiltered and config.platform is Platform.FRR and external and config.bgp.requires_policy:
                continue
            if (not name or _map_passes(config, name, route)) and (not listed or _list_passes(config, listed, route)):
                yield "route", address, way, route


def _map_passes(config: RouterConfig, name: str, route: IPv4Network) -> bool:
    strict = config.platform is Platform.IOS_XE
    if name not in config.route_maps:
        return strict
    for rule in config.route_maps[name]:
        lists = [match.split()[3:] for match in rule.matches if match.startswith("ip address prefix-list ")]
        if all(any(_list_passes(config, each, route) for each in names) for names in lists):
            return rule.action == "permit"
    return False


def _list_passes(config: RouterConfig, name: str, route: IPv4Network) -> bool:
    rules = config.prefix_lists.get(name)
    if not rules:
        return config.platform is Platform.IOS_XE
    return next((rule.action == "permit" for rule in sorted(rules, key=lambda r: r.sequence) if _matches(rule, route)), False)


def _matches(rule: PrefixListRule, route: IPv4Network) -> bool:
    if not route.subnet_of(rule.prefix):
        return False
    low = rule.ge if rule.ge is not None else rule.prefix.prefixlen
    high = rule.le if rule.le is not None else (32 if rule.ge is not None else rule.prefix.prefixlen)
    return low <= route.prefixlen <= high


def _packets(config: RouterConfig, packets: Sequence[Packet]) -> Iterator[Any]:
    for name, interface in config.interfaces.items():
        if interface.shutdown or not interface.addresses or name in {"lo", "Loopback0"}:
            continue
        for way, acl in (("in", interface.acl_in), ("out", interface.acl_out)):
            entries = config.acls.get(acl, ())
            if not acl or not entries:
                yield "any packet", name, way
                yield from (("packet", name, way, packet) for packet in packets)
            else:
                yield from (("packet", name, way, packet) for packet in packets if first_match(entries, packet))


def first_match(entries: Iterable[AclEntry], packet: Packet) -> bool:
    """Whether the list lets the packet pass."""
    return next((entry.action == "permit" for entry in entries if _hits(entry, packet)), False)


def _hits(entry: AclEntry, packet: Packet) -> bool:
    protocol, source, source_port, destination, port, answers = packet
    return (
        entry.protocol in {"ip", "other", protocol}
        and source in entry.source
        and destination in entry.destination
        and (entry.source_ports is None or entry.source_ports[0] <= source_port <= entry.source_ports[1])
        and (entry.destination_ports is None or entry.destination_ports[0] <= port <= entry.destination_ports[1])
        and (not entry.established or answers)
    )


def may_log_in(config: RouterConfig, source: IPv4Address) -> bool:
    """Whether a session from there is let in: by the router's own filter, or by every terminal's."""
    if config.platform is Platform.FRR:
        return any(source in each for each in config.management.ssh_sources)
    terminals = [line.split() for line in config.lines if line.strip().startswith("access-class ")]
    for words in terminals:
        entries = config.acls.get(words[1], ())
        if entries and not first_match(entries, ("tcp", source, 4000, IPv4Address("192.0.2.1"), 22, False)):
            return False
    return True
