"""Two datacentres laid side by side: what an owner has in one and not in the other, as declared and as it is.

Prefixes are compared by what they stand for: a rule for imaging in dc1 and one for imaging in dc2 are alike, each in its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from ipaddress import IPv4Network, collapse_addresses, ip_network
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from luxops.domains.cloud.kinds.security_group_rule import protocol
from luxops.domains.cloud.kinds.server import MARKED
from luxops.domains.cloud.names import hub_of, router_of, zone_at
from luxops.domains.cloud.rules import DATACENTRES, Datacentre, Place, owner_of, places_of, rules_of, subnets_at
from luxops.model import Frozen

if TYPE_CHECKING:
    from luxops.domains.cloud.rules import Owner
    from luxops.domains.cloud.sweep import Sweep
    from luxops.federation import Federation
    from luxops.federation.schema import HostGroup

Json = Any
OWN: Final = "(own)"
"""Stands where a zone's name would, of what belongs to the owner and to no zone."""
_LISTS: Final = {
    "subnet": ("subnets",),
    "router": ("routers",),
    "attachment": ("subnets", "routers", "ports"),
    "rule": ("security_groups", "security_group_rules"),
    "server": ("servers", "flavors"),
    "volume": ("volumes", "servers"),
}
"""What is compared → lists without which it is unknown."""


class Thing(NamedTuple):
    """What can stand in one datacentre or the other, said without naming it."""

    zone: str
    what: str
    """A key of `_LISTS`."""
    item: str


class Unlike(Frozen):
    """One thing that is not alike in both, as declared or as it is."""

    owner: str
    zone: str
    what: str
    item: str
    declared: str
    live: str


class Likeness(Frozen):
    """All owners, side by side."""

    taken_at: datetime
    compared: int
    """Things, each looked at in both datacentres."""
    unlike: tuple[Unlike, ...]
    unknown: tuple[str, ...]
    """What could not be listed, with the reason."""


def likeness(federation: Federation, seen: Sweep) -> Likeness:
    """Pure: from the declaration and one sweep."""
    known = _known(federation)
    why = {what: _why(seen, lists) for what, lists in _LISTS.items()}
    found: list[Unlike] = []
    compared = 0
    for owner in (*federation.hospitals, *federation.services):
        declared = {place: Counter(_declared(federation, owner, place, known)) for place in DATACENTRES}
        live = {place: Counter(_live(federation, seen, owner, place, known)) for place in DATACENTRES}
        things = sorted(set().union(*declared.values(), *live.values()))
        compared += len(things)
        for thing in things:
            wanted = _where(*(declared[place][thing] for place in DATACENTRES))
            actual = _where(*(live[place][thing] for place in DATACENTRES))
            said = "UNKNOWN" if why[thing.what] else actual
            if wanted not in _ALIKE or (said not in _ALIKE and not why[thing.what]):
                found.append(Unlike(owner=owner, zone=thing.zone, what=thing.what, item=thing.item, declared=wanted, live=said))
    unknown = [f"{what}s: {reason}" for what, reason in why.items() if reason]
    return Likeness(taken_at=seen.taken_at, compared=compared, unlike=tuple(found), unknown=tuple(unknown))


_BOTH: Final = "both"
_NEITHER: Final = "neither"
_ALIKE: Final = frozenset({_BOTH, _NEITHER})


def _where(first: int, second: int) -> str:
    if first == second:
        return _BOTH if first else _NEITHER
    if first and second:
        return f"{first} in dc1, {second} in dc2"
    return "dc1 only" if first else "dc2 only"


def _why(seen: Sweep, lists: Iterable[str]) -> str:
    return next((f"{hole.collection}: {failure}" for hole, failure in seen.holes.items() if hole.collection in lists), "")


# What prefixes stand for

_Known = Mapping[IPv4Network, tuple[str, str]]
"""Subnet → name of its zone with its owner, and place."""


def _known(federation: Federation) -> _Known:
    found: dict[IPv4Network, tuple[str, str]] = {}
    for name in (*federation.hospitals, *federation.services):
        owner = owner_of(federation, name)
        for place in places_of(owner):
            found |= {prefix: (f"{owner.id}.{zone}", place) for zone, prefix in subnets_at(owner, place).items()}
    return found


def _remotes(prefix: IPv4Network | None, place: str, known: _Known) -> Iterator[str]:
    """The far end by what it is called: zones `here` and `there`, or the prefix where it is no zone of a datacentre."""
    if prefix is None:
        yield "anywhere"
        return
    inside = {subnet: named for subnet, named in known.items() if subnet.subnet_of(prefix)}
    if inside and list(collapse_addresses(inside)) == [prefix]:
        yield from (f"{name} {'here' if at == place else 'there'}" for name, at in inside.values())
    else:
        yield str(prefix)


def _said(direction: str, word: str, low: int | None, high: int | None, remote: str) -> str:
    ports = "" if low is None else f" {low}" if low == high else f" {low}-{high}"
    return f"{direction} {word or 'any protocol'}{ports} {'from' if direction == 'ingress' else 'to'} {remote}"


# As declared


def _declared(federation: Federation, name: str, place: Datacentre, known: _Known) -> Iterator[Thing]:
    owner = owner_of(federation, name)
    for zone, prefix in subnets_at(owner, place).items():
        yield Thing(zone, "subnet", f"a subnet of /{prefix.prefixlen}")
    if place in places_of(owner):
        yield Thing(OWN, "router", "a router")
    if place in owner.attachments:
        yield Thing(OWN, "attachment", "an attachment to the hub router")
    for where, rules in rules_of(federation, name).items():
        if where.place == place:
            yield from _declared_rules(where, rules, known)
    for group, count in _groups_at(federation, owner, place):
        for _ in range(count):
            yield _server(group.zone, group.id, group.flavour)
            yield from (_volume(group.zone, group.id, volume.id, volume.gib) for volume in group.volumes)


def _declared_rules(where: Place, rules: Iterable[Any], known: _Known) -> Iterator[Thing]:
    for rule in rules:
        for remote in _remotes(rule.remote, where.place, known):
            low, high = (None, None) if rule.protocol == "icmp" else (rule.low, rule.high)
            yield Thing(where.zone, "rule", _said(rule.direction, rule.protocol, low, high, remote))


def _groups_at(federation: Federation, owner: Owner, place: Datacentre) -> Iterator[tuple[HostGroup, int]]:
    for file in federation.hosts.values():
        for group in file.groups:
            if (group.service or file.owner) == owner.id:
                yield group, sum(host.place == place for host in group.hosts)


def _server(zone: str, group: str, flavour: str) -> Thing:
    return Thing(zone, "server", f"a server of group {group}, size {flavour}")


def _volume(zone: str, group: str, volume: str, gib: int) -> Thing:
    return Thing(zone, "volume", f"a volume {volume} of {gib} GiB for group {group}")


# As it is


def _live(federation: Federation, seen: Sweep, name: str, place: Datacentre, known: _Known) -> Iterator[Thing]:
    owner = owner_of(federation, name)
    project = next((p["id"] for p in seen.seen["projects"] if p["name"] == name), None)
    if project is None:
        return
    zones = _zones(seen, name, owner, place, project)
    for zone, subnet in zones.values():
        yield Thing(zone, "subnet", f"a subnet of /{ip_network(subnet['cidr']).prefixlen}")
    router = next((r for r in _of(seen, "routers", project) if r["name"] == router_of(name, place)), None)
    if router is not None:
        yield Thing(OWN, "router", "a router")
        hubs = {subnet["id"] for subnet in seen.seen["subnets"] if subnet["name"] == hub_of(name, place)}
        joined = (p for p in seen.seen["ports"] if p["device_id"] == router["id"])
        if any(ip["subnet_id"] in hubs for port in joined for ip in port["fixed_ips"]):
            yield Thing(OWN, "attachment", "an attachment to the hub router")
    for zone in {zone for zone, _ in zones.values()} | set(subnets_at(owner, place)):
        yield from _live_rules(seen, project, Place(zone, place), zone_at(name, zone, place), known)
    yield from _live_servers(federation, seen, project, place, zones)


def _of(seen: Sweep, collection: str, project: str) -> Sequence[Json]:
    return [item for item in seen.seen[collection] if item["project_id"] == project]


def _zones(seen: Sweep, name: str, owner: Owner, place: Datacentre, project: str) -> Mapping[str, tuple[str, Json]]:
    """Subnet's id → its zone: by the declared prefix, else by its name."""
    declared = {str(prefix): zone for zone, prefix in subnets_at(owner, place).items()}
    end = f"-{place}"
    found = {}
    for subnet in _of(seen, "subnets", project):
        if subnet["cidr"] in declared:
            found[subnet["id"]] = (declared[subnet["cidr"]], subnet)
        elif (subnet["name"] or "").endswith(end):
            found[subnet["id"]] = (subnet["name"].removesuffix(end).removeprefix(f"{name}-"), subnet)
    return found


def _live_rules(seen: Sweep, project: str, where: Place, group_name: str, known: _Known) -> Iterator[Thing]:
    groups = {group["id"] for group in _of(seen, "security_groups", project) if group["name"] == group_name}
    for rule in seen.seen["security_group_rules"]:
        if rule["security_group_id"] not in groups:
            continue
        word = protocol(rule["protocol"])
        low, high = (None, None) if word == "icmp" else (rule["port_range_min"], rule["port_range_max"])
        for remote in _live_remotes(rule, where.place, known):
            yield Thing(where.zone, "rule", _said(rule["direction"], word, low, high, remote))


def _live_remotes(rule: Json, place: str, known: _Known) -> Iterator[str]:
    if group := rule.get("remote_group_id"):
        yield f"group {group}"
        return
    prefix = rule.get("remote_ip_prefix")
    far = None if not prefix else ip_network(prefix, strict=False)
    if far is None or isinstance(far, IPv4Network):
        yield from _remotes(far if far is not None and far.prefixlen else None, place, known)
    else:
        yield str(far)


def _live_servers(
    federation: Federation, seen: Sweep, project: str, place: Datacentre, zones: Mapping[str, tuple[str, Json]]
) -> Iterator[Thing]:
    az = next((dc.availability_zone for dc in federation.file.datacentres if dc.id == place), "")
    sizes = {flavour["id"]: flavour["name"] for flavour in seen.seen["flavors"]}
    disks = {volume["id"]: volume for volume in seen.seen["volumes"]}
    for server in seen.seen["servers"]:
        if server["tenant_id"] != project or server["OS-EXT-AZ:availability_zone"] != az:
            continue
        metadata = server.get("metadata") or {}
        group = metadata.get("group", server["name"]) if MARKED in metadata else server["name"]
        zone = _zone_of(seen, server, zones)
        flavour = str(server["flavor"].get("id"))
        yield _server(zone, group, sizes.get(flavour, flavour))
        for attached in server["os-extended-volumes:volumes_attached"]:
            volume = disks.get(attached["id"])
            if volume is not None:
                yield _volume(zone, group, (volume["name"] or "").removeprefix(f"{server['name']}-"), volume["size"])


def _zone_of(seen: Sweep, server: Json, zones: Mapping[str, tuple[str, Json]]) -> str:
    ports = (port for port in seen.seen["ports"] if port["device_id"] == server["id"])
    return next((zones[ip["subnet_id"]][0] for p in ports for ip in p["fixed_ips"] if ip["subnet_id"] in zones), OWN)
