"""A draft of `inventory/` from a cloud that luxops has never seen: what stands there, and what only a person can say.

Everything guessed carries `# review:` and why. Pure: from a sweep to texts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Network, collapse_addresses
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from luxops.errors import UsageError

if TYPE_CHECKING:
    from luxops.domains.cloud.sweep import Sweep

Json = Any
DATACENTRES: Final = ("dc1", "dc2")
_ID_MAX = 31
_MIB: Final = 1024
_IPV4: Final = 4
_FIRST_AS: Final = 64512
"""Private AS numbers begin here."""
REVIEW: Final = "# review:"


class Draft(NamedTuple):
    """Files to review."""

    files: Mapping[str, str]
    """Path below the draft's folder → its text."""
    unsaid: tuple[str, ...]
    """What an inventory cannot say, or what nothing in the cloud explains."""


class FoundZone(NamedTuple):
    """One subnet as a zone in one datacentre."""

    zone: str
    place: str
    prefix: IPv4Network
    subnet: str
    """Its id."""
    guessed: str
    """Why its place is only a guess; nothing where it is not."""


class Tenant(NamedTuple):
    """One project with what the draft says of it."""

    id: str
    project: Json
    zones: tuple[FoundZone, ...]

    def at(self, subnet: str) -> FoundZone | None:
        return next((zone for zone in self.zones if zone.subnet == subnet), None)


def slug(text: str, fallback: str = "unnamed") -> str:
    """As near as an id of the inventory comes to a name of the cloud's."""
    plain = re.sub(r"[^a-z0-9-]+", "-", text.lower()).strip("-")
    plain = plain if plain[:1].isalpha() else f"n-{plain}" if plain else fallback
    return plain[:_ID_MAX].rstrip("-")


def quoted(text: object) -> str:
    """Any text of the cloud's as one YAML scalar, or inside a comment, on one line."""
    return '"' + "".join(_escaped(char) for char in str(text)) + '"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    if char.isprintable():
        return char
    return "?" if "\ud800" <= char <= "\udfff" else f"\\U{ord(char):08X}"


def places_of(seen: Sweep, declared: Mapping[str, str]) -> Mapping[str, str]:
    """Availability zone → datacentre: as an inventory declares it, else in the order of their names."""
    if declared:
        return declared
    zones = {server["OS-EXT-AZ:availability_zone"] for server in seen.seen["servers"]}
    zones |= {volume["availability_zone"] for volume in seen.seen["volumes"]}
    return dict(zip(sorted(zone for zone in zones if zone), DATACENTRES, strict=False))


def refuse_existing(folder: Path, files: Iterable[str]) -> None:
    """Raises UsageError where a file is there already: nothing is ever overwritten."""
    if there := [name for name in files if (folder / name).exists()]:
        raise UsageError(
            f"{folder / there[0]} is there already" + (f", and {len(there) - 1} more" if there[1:] else ""),
            why="a draft overwrites nothing",
            remedy="Name an empty folder.",
        )


def drafted(seen: Sweep, places: Mapping[str, str]) -> Draft:
    """What every project has, as far as an inventory can say it."""
    from luxops.domains.cloud.drafting_flows import flow_lines  # noqa: PLC0415 - it stands on this module
    from luxops.domains.cloud.drafting_hosts import hosts_text  # noqa: PLC0415 - same

    unsaid = [f"{hole.collection}{' of ' + hole.of if hole.of else ''}: not seen: {why}" for hole, why in seen.holes.items()]
    tenants = list(_tenants(seen, places, unsaid))
    files: dict[str, str] = {}
    for number, tenant in enumerate(tenants):
        flows = flow_lines(seen, tenants, tenant)
        files[f"hospitals/{tenant.id}.yaml"] = _owner_text(seen, tenant, number, flows)
        if text := hosts_text(seen, tenant, places, unsaid):
            files[f"hosts/{tenant.id}.yaml"] = text
    unsaid += [
        f"floating IP {item['floating_ip_address']}: a flow from a peer, or a mistake" for item in seen.seen["floatingips"]
    ]
    return Draft(files, tuple(unsaid))


def _tenants(seen: Sweep, places: Mapping[str, str], unsaid: list[str]) -> Iterator[Tenant]:
    networks: dict[str, list[Json]] = {}
    for network in sorted(seen.seen["networks"], key=lambda n: (n["name"], n["id"])):
        networks.setdefault(network["project_id"], []).append(network)
    taken: set[str] = set()
    for project in sorted(seen.seen["projects"], key=lambda p: (p["name"], p["id"])):
        own = networks.get(project["id"], [])
        if any(n.get("provider:physical_network") or n.get("router:external") for n in own):
            unsaid.append(
                f"project {quoted(project['name'])}: its networks lead outside, so it is taken for the platform's own"
            )
            continue
        if not own:
            unsaid.append(f"project {quoted(project['name'])}: it has no network, so nothing of it is drafted")
            continue
        called = _unused(slug(project["name"]), taken)
        yield Tenant(called, project, tuple(_zones(seen, project, own, places, unsaid)))


def _unused(wanted: str, taken: set[str]) -> str:
    """`wanted`, or with a number behind it; it is taken from then on."""
    found, number = wanted, 1
    while found in taken:
        number += 1
        found = f"{wanted[: _ID_MAX - 3]}-{number}"
    taken.add(found)
    return found


def _zones(
    seen: Sweep, project: Json, networks: Iterable[Json], places: Mapping[str, str], unsaid: list[str]
) -> Iterator[FoundZone]:
    taken: set[tuple[str, str]] = set()
    for network in networks:
        subnets = [subnet for subnet in seen.seen["subnets"] if subnet["network_id"] == network["id"]]
        if not subnets:
            unsaid.append(f"network {quoted(network['name'])} of {quoted(project['name'])}: it has no subnet")
        name = slug(network["name"].removeprefix(f"{project['name']}-"), "zone")
        for subnet in sorted(subnets, key=lambda s: (s["name"] or "", s["cidr"])):
            if subnet["ip_version"] != _IPV4:
                unsaid.append(f"subnet {quoted(subnet['name'])} {subnet['cidr']}: an inventory has IPv4 alone")
                continue
            place, guessed = _place(seen, network, subnet, places)
            if not place:
                free = next((dc for dc in DATACENTRES if (name, dc) not in taken), DATACENTRES[0])
                place, guessed = free, "nothing tells in which datacentre it is"
            zone, number = name, 1
            while (zone, place) in taken:
                number += 1
                zone, guessed = f"{name[: _ID_MAX - 3]}-{number}", f"a second subnet of {quoted(network['name'])} in {place}"
            taken.add((zone, place))
            yield FoundZone(zone, place, IPv4Network(subnet["cidr"]), subnet["id"], guessed)


def _place(seen: Sweep, network: Json, subnet: Json, places: Mapping[str, str]) -> tuple[str, str]:
    """Datacentre, and why it is a guess: by name, else by where the servers are that have an address in the subnet."""
    words = set(re.split(r"[^a-z0-9]+", f"{subnet['name'] or ''} {network['name']}".lower()))
    named = {place for zone, place in places.items() if {zone.lower(), place} & words}
    if len(named) == 1:
        return named.pop(), ""
    devices = {p["device_id"] for p in seen.seen["ports"] if any(ip["subnet_id"] == subnet["id"] for ip in p["fixed_ips"])}
    zones = {server["OS-EXT-AZ:availability_zone"] for server in seen.seen["servers"] if server["id"] in devices}
    found = {places[zone] for zone in zones if zone in places}
    if len(found) == 1:
        return found.pop(), "guessed from where its servers are"
    return "", ""


def _owner_text(seen: Sweep, tenant: Tenant, number: int, flows: Iterable[str]) -> str:
    """`hospitals/ID.yaml`."""
    project, own = tenant.project, slug(tenant.project["name"])
    name, campus = project.get("description") or project["name"], tenant.id[: _ID_MAX - 6]
    lines = [
        f"# Drafted from project {quoted(project['name'])} ({project['id']}). Every `review:` is a guess, or a question.",
        f"{REVIEW} a shared service goes to services/ instead, with hosted_in in place of zones",
        f"id: {tenant.id}" + ("" if own == project["name"] else f"  {REVIEW} the project is called {quoted(project['name'])}"),
        f"name: {quoted(name)}",
        f"kind: acute  {REVIEW} acute, specialised, rehabilitation, psychiatric or laboratory",
        f"prefix: {_around(zone.prefix for zone in tenant.zones)}  {REVIEW} its campus is to lie inside too",
        f"as_number: {_FIRST_AS + number}  {REVIEW} of its edge routers; a cloud does not know it",
        "sites:",
        f"  - {{id: {campus}-main, city: unknown, routers: [{campus}-edge1]}}  {REVIEW} a cloud does not know its campus",
        "zones:" if tenant.zones else "zones: {}",
        *_zone_lines(tenant.zones),
        f"attachments: {{}}  {REVIEW} the networks that join it to the hub routers",
        *_quota_lines(seen, project["id"]),
        *flows,
    ]
    return "\n".join(lines) + "\n"


def _around(prefixes: Iterable[IPv4Network]) -> IPv4Network:
    found = list(collapse_addresses(prefixes)) or [IPv4Network("0.0.0.0/32")]
    around = found[0]
    while not all(prefix.subnet_of(around) for prefix in found):
        around = around.supernet()
    return around


def _zone_lines(zones: Iterable[FoundZone]) -> Iterator[str]:
    by_zone: dict[str, list[FoundZone]] = {}
    for found in zones:
        by_zone.setdefault(found.zone, []).append(found)
    for zone, parts in by_zone.items():
        subnets = ", ".join(f"{part.place}: {part.prefix}" for part in sorted(parts, key=lambda part: part.place))
        doubts = "".join(f"; {part.place}: {part.guessed}" for part in parts if part.guessed)
        yield f"  {zone}: {{{subnets}, data: internal}}  {REVIEW} data: health, personal, internal or public{doubts}"


def _quota_lines(seen: Sweep, project: str) -> Iterator[str]:
    """As the cloud grants it. What is unlimited there must have a figure here."""
    compute: Mapping[str, Any] = next((q for q in seen.seen["compute_use"] if q["$of"] == project), {})
    volumes: Mapping[str, Any] = next((q for q in seen.seen["volume_use"] if q["$of"] == project), {})
    cores, doubt_cores = _limit(compute.get("cores"), 1)
    ram, doubt_ram = _limit(compute.get("ram"), _MIB)
    space, doubt_space = _limit(volumes.get("gigabytes"), 1)
    doubts = [f"{what} {why}" for what, why in (("cores", doubt_cores), ("RAM", doubt_ram), ("volumes", doubt_space)) if why]
    told = f"  {REVIEW} {'; '.join(doubts)}" if doubts else ""
    yield f"quota: {{cores: {cores}, ram_gib: {ram}, volumes_gib: {space}}}{told}"


def _limit(quota: Mapping[str, int] | None, unit: int) -> tuple[int, str]:
    if quota is None:
        return 1, "could not be read"
    used = max(1, math.ceil(quota.get("in_use", 0) / unit))
    if quota["limit"] < 0:
        return used, "unlimited: this is what is used"
    return max(1, quota["limit"] // unit), "" if quota["limit"] >= unit else "nothing granted"
