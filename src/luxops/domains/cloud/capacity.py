"""Use, quota and what is free: by owner, and by datacentre beside its hardware. Pure, but for one look at the hardware.

What could not be listed is UNKNOWN with its reason, and what was never recorded is said so: neither is ever zero.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from pydantic import computed_field

from luxops.domains.cloud.kinds import BY_NAME
from luxops.domains.cloud.programs import waves_of
from luxops.model import Frozen, TargetId

if TYPE_CHECKING:
    from luxops.domains.cloud.hardware import Hardware
    from luxops.domains.cloud.sweep import Sweep
    from luxops.federation import Federation

Json = Any
MIB_PER_GIB: Final = 1024
RESOURCES: Final = ("cores", "ram_gib", "volumes_gib")


class Amount(Frozen):
    """How much of one resource is used, and of how much."""

    used: int | None = None
    """None: unknown."""
    limit: int | None = None
    """None: unknown, or no limit at all."""
    unlimited: bool = False
    why: str = ""
    """Of what is unknown."""

    @computed_field  # type: ignore[prop-decorator] # as pydantic's documentation says
    @property
    def free(self) -> int | None:
        """Less than nothing where more is used than granted. None where there is no limit, or something is unknown."""
        return None if self.used is None or self.limit is None else self.limit - self.used

    @property
    def known(self) -> bool:
        return self.used is not None and (self.unlimited or self.limit is not None)


class Use(Frozen):
    """One amount for each resource."""

    cores: Amount = Amount()
    ram_gib: Amount = Amount()
    volumes_gib: Amount = Amount()

    @property
    def known(self) -> bool:
        return all(getattr(self, name).known for name in RESOURCES)


class Past(Frozen):
    """What was used at an earlier time. None: no record."""

    at: datetime
    cores: int | None = None
    ram_gib: int | None = None
    volumes_gib: int | None = None


class OwnerCapacity(Frozen):
    """A hospital, a shared service, the platform, or a project that nobody declares."""

    owner: str
    title: str
    kind: str
    """`hospital`, `service`, `platform` or `undeclared`."""
    use: Use
    """Of its quota."""
    past: tuple[Past, ...] = ()
    """The oldest first."""


class PlaceShare(Frozen):
    """What one owner has in one datacentre: by the sizes of its servers and volumes."""

    datacentre: str
    """Empty where an availability zone belongs to no declared datacentre."""
    zone: str
    owner: str
    servers: int | None
    cores: int | None
    ram_gib: int | None
    volumes_gib: int | None
    why: str = ""


class PlaceCapacity(Frozen):
    """One availability zone's hardware, and what is taken of it."""

    datacentre: str
    zone: str
    hypervisors: int | None
    use: Use
    """`limit` is the hardware."""

    def ratio(self, resource: str) -> float | None:
        """Taken out of what there is: above 1 is overcommitted."""
        amount: Amount = getattr(self.use, resource)
        return None if amount.used is None or not amount.limit else amount.used / amount.limit


class Capacity(Frozen):
    """The whole picture at one time."""

    taken_at: datetime
    owners: tuple[OwnerCapacity, ...]
    total: OwnerCapacity
    shares: tuple[PlaceShare, ...]
    places: tuple[PlaceCapacity, ...]
    unknown: tuple[str, ...] = ()
    """Lists that are missing, each with the reason: owners may have more than is said here."""

    @property
    def complete(self) -> bool:
        return (
            not self.unknown
            and all(o.use.known for o in self.owners)
            and all(p.use.known for p in self.places)
            and not any(s.why for s in self.shares)
        )


def target_of(federation: Federation, owner: str) -> TargetId:
    """The target under which scans record an owner's cloud."""
    return TargetId(f"cloud-{'platform' if owner == federation.file.id else owner}")


def capacity(
    federation: Federation, seen: Sweep, hardware: Hardware, past: Mapping[str, Sequence[Past]] | None = None
) -> Capacity:
    """`past`: owner → what the store has recorded."""
    owners = tuple(_owners(federation, seen, past or {}))
    return Capacity(
        taken_at=seen.taken_at,
        owners=owners,
        total=_total(owners),
        shares=tuple(_shares(federation, seen)),
        places=tuple(_places(federation, hardware)),
        unknown=tuple(_blind(seen).values()),
    )


# By owner


def _owners(federation: Federation, seen: Sweep, past: Mapping[str, Sequence[Past]]) -> Iterator[OwnerCapacity]:
    """Those that are declared, in the order of the declaration; then projects that nobody declares and that use something."""
    projects = {project["name"]: project["id"] for project in seen.seen["projects"]}
    declared = [p for wave in waves_of(federation) for p in wave if p.project != "fibre"]
    order = {"tenant": 0, "services": 1, "platform": 2}
    for program in sorted(declared, key=lambda p: order[p.project]):
        name = program.name
        kind = {"tenant": "hospital", "services": "service", "platform": "platform"}[program.project]
        use = _use(seen, projects[name]) if name in projects else _without_project(seen)
        yield OwnerCapacity(owner=name, title=_title(federation, name), kind=kind, use=use, past=tuple(past.get(name, ())))
    known = {p.name for p in declared}
    for name in sorted(projects.keys() - known):
        use = _use(seen, projects[name])
        if any(getattr(use, resource).used for resource in RESOURCES):
            yield OwnerCapacity(owner=name, title=name, kind="undeclared", use=use)


def _title(federation: Federation, name: str) -> str:
    found = federation.hospitals.get(name) or federation.services.get(name)
    return federation.file.name if found is None else found.name


def _without_project(seen: Sweep) -> Use:
    why = next((str(failure) for hole, failure in seen.holes.items() if hole.collection == "projects"), "")
    amount = Amount(why=why) if why else Amount(used=0, limit=0)
    return Use(cores=amount, ram_gib=amount, volumes_gib=amount)


def _use(seen: Sweep, project: str) -> Use:
    return Use(
        cores=_quota(seen, "compute_quota", "compute_use", project, "cores", 1),
        ram_gib=_quota(seen, "compute_quota", "compute_use", project, "ram", MIB_PER_GIB),
        volumes_gib=_quota(seen, "volume_quota", "volume_use", project, "gigabytes", 1),
    )


def _quota(seen: Sweep, kind: str, collection: str, project: str, field: str, unit: int) -> Amount:
    """As the service itself counts: what is reserved is as good as used."""
    item = next((i for i in seen.seen.get(collection, ()) if i["$of"] == project), None)
    if item is None or field not in item:
        return Amount(why=str(seen.why_unknown(BY_NAME[kind], project) or f"the quota of {field} was not told"))
    quota = item[field]
    used = math.ceil((quota["in_use"] + quota.get("reserved", 0)) / unit)
    return Amount(used=used, unlimited=True) if quota["limit"] < 0 else Amount(used=used, limit=quota["limit"] // unit)


def _total(owners: Sequence[OwnerCapacity]) -> OwnerCapacity:
    use = Use(**{name: added(getattr(o.use, name) for o in owners) for name in RESOURCES})
    return OwnerCapacity(owner="all", title="All", kind="total", use=use, past=tuple(_total_past(owners)))


def added(amounts: Iterable[Amount]) -> Amount:
    """The sum; unknown where one of them is."""
    found = list(amounts)
    why = "; ".join(dict.fromkeys(a.why for a in found if a.why))
    used = None if any(a.used is None for a in found) else sum(a.used or 0 for a in found)
    unlimited = any(a.unlimited for a in found)
    limit = None if unlimited or any(a.limit is None for a in found) else sum(a.limit or 0 for a in found)
    return Amount(used=used, limit=limit, unlimited=unlimited, why=why)


def _total_past(owners: Sequence[OwnerCapacity]) -> Iterator[Past]:
    """Only where every declared owner has a record: a sum with gaps would read as growth."""
    declared = [o for o in owners if o.kind != "undeclared"]
    for at in sorted({past.at for o in declared for past in o.past}):
        then = [next((past for past in o.past if past.at == at), Past(at=at)) for o in declared]
        sums = {
            name: None if any(getattr(past, name) is None for past in then) else sum(getattr(past, name) for past in then)
            for name in RESOURCES
        }
        yield Past(at=at, **sums)


def past_use(owner: str, at: datetime, facts: Mapping[str, Json], flavours: Mapping[str, Json] | None) -> Past:
    """What a scan has recorded of one owner: `facts` by name, as in the store; `flavours`, recorded with the platform, by id.

    As the services counted it where that was recorded, else by the sizes of the servers and volumes that were there.
    """
    compute = next(iter(_recorded_of(owner, facts, "cloud_compute_quota") or ()), {})
    volumes = next(iter(_recorded_of(owner, facts, "cloud_volume_quota") or ()), {})
    cores, ram, space = compute.get("coresUsed"), compute.get("ramUsed"), volumes.get("gigabytesUsed")
    servers, disks = _recorded_of(owner, facts, "cloud_server"), _recorded_of(owner, facts, "cloud_volume")
    if (cores is None or ram is None) and servers is not None and flavours is not None:
        sizes = [flavours.get(str(server.get("flavorId"))) for server in servers]
        known = [size for size in sizes if size is not None]
        if len(known) == len(sizes):
            cores = sum(size["vcpus"] for size in known)
            ram = sum(size["ram"] for size in known)
    if space is None and disks is not None:
        space = sum(disk["size"] for disk in disks)
    return Past(at=at, cores=cores, ram_gib=None if ram is None else math.ceil(ram / MIB_PER_GIB), volumes_gib=space)


def _recorded_of(owner: str, facts: Mapping[str, Json], name: str) -> list[Mapping[str, Json]] | None:
    """A fact's objects that stood in the owner's own project. None: the fact was not recorded."""
    fact = facts.get(name)
    return None if fact is None else [found for found in fact["objects"] if found.get("project") == owner]


# By datacentre


def _datacentres(federation: Federation) -> Mapping[str, str]:
    return {datacentre.availability_zone: datacentre.id for datacentre in federation.file.datacentres}


def _shares(federation: Federation, seen: Sweep) -> Iterator[PlaceShare]:
    """None of a kind whose list is missing: the hardware's own figures still stand."""
    names = {project["id"]: project["name"] for project in seen.seen["projects"]}
    sizes = {flavour["id"]: flavour for flavour in seen.seen["flavors"]}
    servers = _grouped(seen.seen["servers"], "OS-EXT-AZ:availability_zone", "tenant_id")
    volumes = _grouped(seen.seen["volumes"], "availability_zone", "os-vol-tenant-attr:tenant_id")
    blind = _blind(seen)
    for zone, project in sorted({*servers, *volumes}, key=lambda key: (key[0], names.get(key[1], key[1]))):
        here, disks = servers.get((zone, project), []), volumes.get((zone, project), [])
        gone = sorted({str(server["flavor"].get("id")) for server in here} - sizes.keys())
        mine = [sizes[server["flavor"]["id"]] for server in here if not gone]
        no_servers = bool(gone) or "servers" in blind or "flavors" in blind
        yield PlaceShare(
            datacentre=_datacentres(federation).get(zone, ""),
            zone=zone,
            owner=names.get(project, project),
            servers=None if "servers" in blind else len(here),
            cores=None if no_servers else sum(size["vcpus"] for size in mine),
            ram_gib=None if no_servers else math.ceil(sum(size["ram"] for size in mine) / MIB_PER_GIB),
            volumes_gib=None if "volumes" in blind else sum(volume["size"] for volume in disks),
            why="; ".join([*([f"sizes {', '.join(gone)} are gone"] if gone else []), *blind.values()]),
        )


def _grouped(items: Iterable[Json], zone: str, project: str) -> dict[tuple[str, str], list[Json]]:
    """Availability zone and project → what stands there."""
    found: dict[tuple[str, str], list[Json]] = {}
    for item in items:
        found.setdefault((item[zone] or "", item[project]), []).append(item)
    return found


def _blind(seen: Sweep) -> Mapping[str, str]:
    """Lists without which a share is unknown → why they are missing."""
    needed = ("servers", "flavors", "volumes", "projects")
    return {h.collection: f"{h.collection}: {failure}" for h, failure in seen.holes.items() if h.collection in needed}


def _places(federation: Federation, hardware: Hardware) -> Iterator[PlaceCapacity]:
    declared = _datacentres(federation)
    zones = {*declared, *hardware.zones}
    for zone in sorted(zones, key=lambda name: (declared.get(name, "~"), name)):
        machines = hardware.hypervisors_in(zone)
        yield PlaceCapacity(
            datacentre=declared.get(zone, ""),
            zone=zone,
            hypervisors=None if hardware.why_no_machines else len(machines),
            use=Use(
                cores=_hardware(machines, "vcpus_used", "vcpus", 1, hardware.why_no_machines),
                ram_gib=_hardware(machines, "memory_mb_used", "memory_mb", MIB_PER_GIB, hardware.why_no_machines),
                volumes_gib=hardware.pools_in(zone),
            ),
        )


def _hardware(machines: Sequence[Json], used: str, whole: str, unit: int, why: str) -> Amount:
    if why:
        return Amount(why=why)
    if any(machine.get(used) is None or machine.get(whole) is None for machine in machines):
        return Amount(why=f"Nova does not tell {whole} of a hypervisor")
    return Amount(
        used=math.ceil(sum(machine[used] for machine in machines) / unit),
        limit=sum(machine[whole] for machine in machines) // unit,
    )
