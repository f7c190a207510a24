"""Hands in the lab's cloud: its administrator's session, and names in place of ids. Shared by all breaks of the cloud."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from luxops.lab.breaks.interface import Bench, BreakBase, Cause, Domain
from luxops.lab.shell import LabError

if TYPE_CHECKING:
    from luxops.transports.openstack import CloudSession, ServiceName

SCRATCH: Final = "scratch"
"""Name of what a break makes: nothing that is declared is called so."""
ANYWHERE: Final = "0.0.0.0/0"


class List(NamedTuple):
    """Where the cloud lists one kind of thing."""

    service: ServiceName
    path: str
    key: str
    parameters: Mapping[str, str] = {}


_EVERYBODYS: Final = {"all_tenants": "True"}
LISTS: Final[Mapping[str, List]] = {
    "project": List("identity", "/projects", "projects"),
    "group": List("identity", "/groups", "groups"),
    "role": List("identity", "/roles", "roles"),
    "network": List("network", "/networks", "networks"),
    "subnet": List("network", "/subnets", "subnets"),
    "port": List("network", "/ports", "ports"),
    "router": List("network", "/routers", "routers"),
    "security_group": List("network", "/security-groups", "security_groups"),
    "flavour": List("compute", "/flavors", "flavors"),
    "server": List("compute", "/servers/detail", "servers", _EVERYBODYS),
    "volume": List("volume", "/volumes/detail", "volumes", _EVERYBODYS),
    "image": List("image", "/images", "images"),
}


class Id(NamedTuple):
    """In a body: the id of the thing with this name."""

    what: str
    """A key of LISTS."""
    name: str
    project: str = ""
    """The name of its project, where others have one of the same name."""


class Hands:
    """What breaks do in the cloud they do as its administrator, by plain requests: none of it goes the way that luxops goes."""

    def __init__(self, bench: Bench) -> None:
        self.session: CloudSession = bench.cloud

    def found(self, thing: Id) -> Any:  # noqa: ANN401 - a JSON value
        """The one thing of that name; None where there is none."""
        wanted = LISTS[thing.what]
        owner = self.id_of(Id("project", thing.project)) if thing.project else ""
        named = {} if wanted.service == "compute" else {"name": thing.name}  # Nova takes it for a pattern, or not at all
        query = {**wanted.parameters, **named}
        listed = self.session.listed(wanted.service, wanted.path, wanted.key, parameters=query)
        return next((i for i in listed if i["name"] == thing.name and (not owner or i["project_id"] == owner)), None)

    def get(self, thing: Id) -> Any:  # noqa: ANN401 - a JSON value
        """As `found`, but raises LabError where there is none."""
        there = self.found(thing)
        if there is None:
            raise LabError(
                f"The lab's cloud has no {thing.what.replace('_', ' ')} `{thing.name}`",
                remedy="Make what is declared: luxops cloud up",
            )
        return there

    def id_of(self, thing: Id) -> str:
        """Raises LabError where there is no such thing."""
        return str(self.get(thing)["id"])

    def filled(self, value: Any) -> Any:  # noqa: ANN401 - a JSON value
        """The value with ids in place of names. Raises LabError."""
        if isinstance(value, Id):
            return self.id_of(value)
        if isinstance(value, Mapping):
            return {key: self.filled(inner) for key, inner in value.items()}
        return [self.filled(inner) for inner in value] if isinstance(value, list | tuple) else value


class CloudBreak(BreakBase):
    """A break of the cloud. Nothing is saved as files: what it needs to take itself back, `keep` tells."""

    domain: Domain = "cloud"


def causes(target: str, *drift: str, fails: tuple[str, ...] = ()) -> tuple[Cause, ...]:
    """What a scan says of a target in addition: differences by their paths, and policies that fail."""
    differences = tuple(Cause(kind="drift", target=target, path=path) for path in drift)
    return (*differences, *(Cause(kind="policy", target=target, id=policy) for policy in fails))
