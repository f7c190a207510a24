"""The servers of a project as `hosts/ID.yaml`: those that are alike, in the same zone, as one group."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any, NamedTuple

from luxops.domains.cloud.drafting import REVIEW, FoundZone, Tenant, quoted, slug

if TYPE_CHECKING:
    from luxops.domains.cloud.sweep import Sweep

Json = Any
_WHOLE_GIB = 1


class _Volume(NamedTuple):
    id: str
    gib: int


class _Group(NamedTuple):
    """What hosts of one group have in common."""

    id: str
    zone: str
    flavour: str
    image: str
    volumes: tuple[_Volume, ...]


class _Host(NamedTuple):
    id: str
    management: str
    address: str
    place: str
    doubts: tuple[str, ...]


def hosts_text(seen: Sweep, tenant: Tenant, places: Mapping[str, str], unsaid: list[str]) -> str:
    """Nothing where the project has no server that can be said."""
    groups: dict[_Group, list[_Host]] = {}
    for server in sorted(seen.seen["servers"], key=lambda s: (s["name"], s["id"])):
        if server["tenant_id"] != tenant.project["id"]:
            continue
        zone, addresses = _where(seen, server, tenant)
        if zone is None:
            unsaid.append(f"server {quoted(server['name'])}: it has no IPv4 address in a subnet of its own project")
            continue
        groups.setdefault(_group(seen, server, zone, tenant), []).append(_host(server, zone, addresses, places))
    if not groups:
        return ""
    lines = [f"owner: {tenant.id}", "groups:"]
    taken: set[str] = set()
    for group, hosts in groups.items():
        called, number = group.id, 1
        while called in taken:
            number += 1
            called = f"{group.id[:28]}-{number}"
        taken.add(called)
        lines += _group_lines(group._replace(id=called), hosts)
    return "\n".join(lines) + "\n"


def _where(seen: Sweep, server: Json, tenant: Tenant) -> tuple[FoundZone | None, list[tuple[str, FoundZone | None]]]:
    """The zone that it stands in, and each address with its zone: None for a network of somebody else's."""
    addresses = [
        (ip["ip_address"], tenant.at(ip["subnet_id"]))
        for port in seen.seen["ports"]
        if port["device_id"] == server["id"]
        for ip in port["fixed_ips"]
        if ":" not in ip["ip_address"]
    ]
    addresses.sort(key=lambda found: (found[1] is None, IPv4Address(found[0])))
    return next((zone for _, zone in addresses if zone is not None), None), addresses


def _group(seen: Sweep, server: Json, zone: FoundZone, tenant: Tenant) -> _Group:
    flavour = str(server["flavor"].get("id") or server["flavor"].get("original_name"))
    flavour = next((f["name"] for f in seen.seen["flavors"] if f["id"] == flavour), flavour)
    image = (server.get("image") or {}).get("id")
    image = next((i["name"] for i in seen.seen["images"] if i["id"] == image), "unknown")
    attached = {volume["id"] for volume in server["os-extended-volumes:volumes_attached"]}
    volumes = sorted(_volumes((v for v in seen.seen["volumes"] if v["id"] in attached), server["name"]))
    words = [word for word in re.split(r"[^a-z0-9]+", server["name"].lower()) if word not in {tenant.id, zone.place}]
    return _Group(slug(re.sub(r"-?\d+$", "", "-".join(words)), zone.zone), zone.zone, flavour, image, tuple(volumes))


def _volumes(found: Iterable[Json], server: str) -> Iterator[_Volume]:
    taken: set[str] = set()
    for volume in found:
        called = slug((volume["name"] or "").removeprefix(f"{server}-"), "data")
        while called in taken:
            called = f"{called[:28]}-2"
        taken.add(called)
        yield _Volume(called, max(_WHOLE_GIB, volume["size"]))


def _host(server: Json, zone: FoundZone, addresses: list[tuple[str, FoundZone | None]], places: Mapping[str, str]) -> _Host:
    doubts = []
    called = slug(server["name"])
    if called != server["name"]:
        doubts.append(f"the server is called {quoted(server['name'])}")
    own = next(address for address, found in addresses if found == zone)
    outside = [address for address, found in addresses if found is None]
    if not outside:
        doubts.append("management: its own address, for it has no other")
    elif outside[1:]:
        doubts.append(f"management: one of {', '.join(outside)}")
    place = places.get(server["OS-EXT-AZ:availability_zone"])
    if place is not None and place != zone.place:
        doubts.append(f"it runs in {place}, and its subnet was taken to be in {zone.place}")
    more = [address for address, found in addresses if found is not None and address != own]
    if more:
        doubts.append(f"it has {', '.join(more)} too, which an inventory cannot say")
    return _Host(called, outside[0] if outside else own, own, zone.place, tuple(doubts))


def _group_lines(group: _Group, hosts: Iterable[_Host]) -> Iterator[str]:
    yield f"  - id: {group.id}"
    yield f"    zone: {group.zone}"
    yield f"    level: minimal  {REVIEW} minimal, intermediary, enhanced or high of ANSSI BP-028"
    flavour, image = slug(group.flavour), re.sub(r"[^a-z0-9.-]+", "-", group.image.lower())[:31]
    yield f"    flavour: {flavour}" + ("" if flavour == group.flavour else f"  {REVIEW} called {quoted(group.flavour)}")
    yield f"    image: {quoted(image)}" + ("" if image == group.image else f"  {REVIEW} called {quoted(group.image)}")
    if group.volumes:
        yield f"    volumes: [{', '.join(f'{{id: {v.id}, gib: {v.gib}}}' for v in group.volumes)}]"
    yield "    hosts:"
    for host in hosts:
        told = f"  {REVIEW} {'; '.join(host.doubts)}" if host.doubts else ""
        yield (f"      - {{id: {host.id}, management: {host.management}, address: {host.address}, place: {host.place}}}{told}")
