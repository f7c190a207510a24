"""Everything that a cloud has, over all projects, from one list a kind: what nobody knows of cannot be asked after.

A list that could not be had whole is a failure, and what was to be read from it is unknown. Where a service counts what a
project uses, the count is held against the list: a list cut short, or a policy that hides objects from the reader, shows there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from luxops.domains.cloud.kinds import rest
from luxops.domains.cloud.kinds.interface import Collection, Each, Json, ResourceKind
from luxops.domains.cloud.nouns import Live
from luxops.model import Failure, FailureReason, utc_now
from luxops.transports.openstack import CloudError

if TYPE_CHECKING:
    from collections.abc import Callable

    from luxops.transports.openstack import CloudSession

THREADS: Final = 8
"""Lists asked for at once; the session holds each service to its own limit."""

ROLES: Final = Collection("identity", "/roles", "roles")
_BASIC: Final[Mapping[str, Collection]] = {
    "projects": rest.PROJECTS,
    "users": rest.USERS,
    "roles": ROLES,
    "groups": rest.PEOPLE,
    "network_use": rest.NETWORK_USE,
}

_COUNTED: Final = {
    "network": "networks",
    "subnet": "subnets",
    "port": "ports",
    "router": "routers",
    "floatingip": "floatingips",
    "security_group": "security_groups",
    "security_group_rule": "security_group_rules",
    "rbac_policy": "rbac_policies",
}
"""What Neutron counts of a project → the list that must have as many of it."""


class Hole(NamedTuple):
    """What of a list is missing: all of it, or what one project or user has."""

    collection: str
    of: str = ""
    """Id of the project or user; empty for all."""


class Sweep(NamedTuple):
    """What was fetched, and what was not."""

    taken_at: datetime
    seen: Mapping[str, list[Json]]
    """Collections by name; empty where the list failed, which `holes` says."""
    holes: Mapping[Hole, Failure]
    identity: Mapping[str, str]
    """Who looked: `user_id`, `project_id`."""

    def why_unknown(self, kind: ResourceKind, project: str = "") -> Failure | None:
        """Why objects of a kind (in a project) may be there and not have been seen; None where all were."""
        for name, wanted in kind.reads.items():
            for hole, failure in self.holes.items():
                of_another = project and hole.of and hole.of != project and wanted.each is not Each.USER
                if hole.collection == name and not of_another:
                    return failure
        return None

    def live(self, kinds: Iterable[ResourceKind]) -> dict[str, list[Live]]:
        """Kind → its objects. A kind of which a whole list is missing has none, and is unknown."""
        return {kind.name: [] if self._blind(kind) else list(kind.read(self.seen)) for kind in kinds}

    def _blind(self, kind: ResourceKind) -> bool:
        return any(hole.collection in kind.reads and not hole.of for hole in self.holes)


def sweep(cloud: CloudSession, kinds: Sequence[ResourceKind], came: Callable[[str], None] = lambda _: None) -> Sweep:
    """List everything. `came` is told each list's name as it arrives.

    Raises CloudError only where nobody can log in: then nothing at all was seen.
    """
    return _Sweeping(cloud, kinds, came).run()


class _Sweeping:
    """One sweep under way."""

    def __init__(self, cloud: CloudSession, kinds: Sequence[ResourceKind], came: Callable[[str], None]) -> None:
        self._cloud = cloud
        self._wanted = dict(_BASIC)
        for kind in kinds:
            self._wanted |= kind.reads
        self._kinds = kinds
        self._came = came
        self.seen: dict[str, list[Json]] = {}
        self.holes: dict[Hole, Failure] = {}

    def run(self) -> Sweep:
        identity = self._cloud.identity()
        began = utc_now()
        with ThreadPoolExecutor(THREADS) as pool:
            once = [name for name, wanted in self._wanted.items() if wanted.each is Each.ONCE]
            list(pool.map(self._fetch, once))
            for each, those in ((Each.PROJECT, "projects"), (Each.USER, "users")):
                names = [name for name, wanted in self._wanted.items() if wanted.each is each]
                self._fetch_each(pool, names, those)
        self._hold_against_counts()
        self._try_reading()
        return Sweep(began, self.seen, self.holes, identity)

    def _fetch(self, name: str) -> None:
        wanted = self._wanted[name]
        try:
            self.seen[name] = self._cloud.listed(
                wanted.service, wanted.path, wanted.key, parameters=dict(wanted.parameters), microversion=wanted.microversion
            )
        except CloudError as error:
            self.seen[name] = []
            self.holes[Hole(name)] = error.failure
        self._came(name)

    def _fetch_each(self, pool: ThreadPoolExecutor, names: Sequence[str], those: str) -> None:
        """Lists that have to be asked for one by one. Where nobody knows of whom, all of them are missing."""
        why = self.holes.get(Hole(those))
        for name in names:
            self.seen[name] = []
            if why is not None:
                self.holes[Hole(name)] = why
        if why is None:
            asked = [(name, item["id"]) for name in names for item in self.seen[those]]
            for found in pool.map(lambda one: self._fetch_one(*one), asked):
                self.seen[found[0]] += found[1]
        for name in names:
            self._came(name)

    def _fetch_one(self, name: str, of: str) -> tuple[str, list[Json]]:
        wanted = self._wanted[name]
        parameters = {key: value.replace("{id}", of) for key, value in wanted.parameters}
        try:
            path = wanted.path.replace("{id}", of)
            answer = self._cloud.get(wanted.service, path, parameters=parameters, microversion=wanted.microversion)
        except CloudError as error:
            if error.status != rest.GONE or not self._vanished(wanted.each, of):
                self.holes[Hole(name, of)] = error.failure
            return name, []
        found = answer.get(wanted.key) if isinstance(answer, dict) else None
        if not isinstance(found, list | dict):
            detail = f"{wanted.path} answered with something that has no `{wanted.key}`"
            self.holes[Hole(name, of)] = Failure(reason=FailureReason.MALFORMED, detail=detail)
            return name, []
        return name, [{**item, "$of": of} for item in (found if isinstance(found, list) else [found])]

    def _vanished(self, each: Each, of: str) -> bool:
        """Whether the project or user itself has gone since it was listed."""
        try:
            self._cloud.get("identity", f"/{each}s/{of}")
        except CloudError as error:
            return error.status == rest.GONE
        return False

    def _try_reading(self) -> None:
        """An item that is not as its API promises makes its kind unknown: a field that nobody could read is no field at all."""
        for kind in self._kinds:
            try:
                for _ in kind.read(self.seen):
                    pass
            except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
                detail = f"an item of {', '.join(kind.reads)} is not as it should be: {type(error).__name__} {error}"
                self.holes[Hole(next(iter(kind.reads)))] = Failure(reason=FailureReason.MALFORMED, detail=detail)

    def _hold_against_counts(self) -> None:
        """Each shortfall is looked at again by itself: an object may have come or gone between list and count."""
        shown = {name: Counter(_owner(item) for item in self.seen.get(name, ())) for name in _COUNTED.values()}
        for use in self.seen["network_use"]:
            for counted, name in _COUNTED.items():
                if name not in self.seen or Hole(name) in self.holes:
                    continue
                short = shown[name][use["$of"]] < _used(use, counted)
                if short and (why := self._shortfall(name, counted, use["$of"])):
                    self.holes[Hole(name, use["$of"])] = why

    def _shortfall(self, name: str, counted: str, project: str) -> Failure | None:
        """Counted before and after: what comes or goes meanwhile is no shortfall."""
        wanted = self._wanted[name]
        try:
            before = self._count(counted, project)
            again = self._cloud.listed(wanted.service, wanted.path, wanted.key, parameters={"project_id": project})
            used = min(before, self._count(counted, project)) if len(again) < before else before
        except CloudError as error:
            return error.failure
        if len(again) < used:
            shown = f"Neutron counts {used} {name} of project {project} and shows {len(again)}"
            detail = f"{shown}: its policy hides some, or its list is cut short"
            return Failure(reason=FailureReason.MALFORMED, detail=detail, retryable=True)
        others = [item for item in self.seen[name] if _owner(item) != project]
        self.seen[name] = [*others, *again]
        return None

    def _count(self, counted: str, project: str) -> int:
        answer = self._cloud.get("network", f"/quotas/{project}/details")
        return _used(answer.get("quota") if isinstance(answer, dict) else None, counted)


def _owner(item: Json) -> str:
    return str(item.get("project_id")) if isinstance(item, dict) else ""


def _used(use: Json, counted: str) -> int:
    """What Neutron counts; nothing where it does not say."""
    found = use.get(counted) if isinstance(use, dict) else None
    used = found.get("used") if isinstance(found, dict) else None
    return used if isinstance(used, int) else 0


def names_of(sweep: Sweep, collection: str) -> Mapping[str, Any]:
    """Id → name, of a collection whose items have both."""
    return {item["id"]: item.get("name") or item["id"] for item in sweep.seen.get(collection, ())}
