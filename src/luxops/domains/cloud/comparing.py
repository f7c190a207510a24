"""Declared and live, object by object and property by property: what plan and drift both start from."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cached_property
from typing import Any, Final, NamedTuple

from luxops.domains.cloud.changes import PathChange
from luxops.domains.cloud.kinds import BY_NAME
from luxops.domains.cloud.kinds.interface import Change, Properties, ResourceKind
from luxops.domains.cloud.matching import Matched, kind_of, match
from luxops.domains.cloud.naming import Namer
from luxops.domains.cloud.nouns import Declared, Graph, Live, Lookup, ProjectId, Ref, StackId
from luxops.domains.cloud.sweep import Sweep
from luxops.federation import Federation
from luxops.federation.schema import IgnoredObjects
from luxops.model import Failure

_OWN_PORTS: Final = "network:"
"""How `device_owner` begins of what Neutron makes with a router or for DHCP."""


class Standing(StrEnum):
    """How an object stands to what is declared."""

    MISSING = "missing"
    CHANGED = "changed"
    UNMANAGED = "unmanaged"
    LEFT = "left"
    """luxops has made it, and no program declares it any more."""


class Difference(NamedTuple):
    """One object that is not as declared."""

    stack: StackId
    kind: ResourceKind
    standing: Standing
    name: str
    """As reports call it: ids are written as the names of what they belong to."""
    declared: Declared | None
    live: Live | None
    paths: tuple[PathChange, ...] = ()


class Unseen(NamedTuple):
    """Declared, and nobody knows whether it is there."""

    stack: StackId
    declared: Declared
    failure: Failure


class Comparison:
    """One graph laid beside one sweep."""

    def __init__(self, federation: Federation, graph: Graph, seen: Sweep) -> None:
        """Raises UnknownKindError."""
        self.federation, self.graph, self.sweep = federation, graph, seen
        self.matched: Matched = match(graph, seen)
        self.readable = Namer(seen).readable
        self._ignored = federation.file.cloud.ignored
        self._platform = graph.stacks[0]
        self.ignored: list[tuple[Live, IgnoredObjects | str]] = []
        """What is there, undeclared, and by a written rule no drift."""
        self.differences = tuple(self._all())

    @property
    def unseen(self) -> Iterator[Unseen]:
        for urn, failure in self.matched.unknown.items():
            declared = self.graph.resources[urn]
            yield Unseen(declared.stack, declared, failure)

    @cached_property
    def _stacks(self) -> Mapping[str, StackId]:
        """Project's id → its stack."""
        found = {}
        for urn, live in self.matched.live.items():
            if live.kind == "project":
                found[live.id] = self.graph.resources[urn].stack
        return found

    @cached_property
    def _projects(self) -> Mapping[str, ProjectId]:
        """Id of a network, group or pool → its project."""
        shared = ("networks", "security_groups", "subnetpools", "address_groups")
        return {i["id"]: i["project_id"] for name in shared for i in self.sweep.seen.get(name, ())}

    def home_of(self, live: Live) -> StackId:
        """The stack in whose project it stands; of what stands in nobody's, the platform."""
        owner = live.properties.get("projectId") or self._projects.get(str(live.properties.get("objectId"))) or live.project
        return live.stack or self._stacks.get(str(owner), self._platform)

    def _all(self) -> Iterator[Difference]:
        for urn, declared in self.graph.resources.items():
            kind = kind_of(declared)
            if urn in self.matched.missing:
                name = str(declared.properties.get("name") or declared.name)
                yield Difference(declared.stack, kind, Standing.MISSING, name, declared, None)
            elif (live := self.matched.live.get(urn)) is not None:
                paths = tuple(self._changed(kind, self.matched.properties[urn], live))
                if paths:
                    yield Difference(declared.stack, kind, Standing.CHANGED, self.name_of(live), declared, live, paths)
        for live in self.matched.extra:
            kind = BY_NAME[live.kind]
            if (rule := self._why_ignored(kind, live)) is not None:
                self.ignored.append((live, rule))
            else:
                standing = Standing.LEFT if live.stack else Standing.UNMANAGED
                yield Difference(self.home_of(live), kind, standing, self.name_of(live), None, live)

    def name_of(self, live: Live) -> str:
        return str(self.readable(live.name))

    def _changed(self, kind: ResourceKind, desired: Properties, live: Live) -> Iterator[PathChange]:
        for name, wanted in desired.items():
            known = kind.properties[name]
            if known.change is Change.NEVER:
                continue
            actual = live.properties.get(name)
            if _open(wanted) or known.canonical(wanted) != known.canonical(actual):
                yield PathChange(path=name, desired=self.readable(wanted), actual=self.readable(actual))

    def _why_ignored(self, kind: ResourceKind, live: Live) -> IgnoredObjects | str | None:
        if not kind.belongs:
            return "it comes and goes with another object"
        if kind.name == "port" and str(live.properties.get("deviceOwner", "")).startswith(_OWN_PORTS):
            return "Neutron makes it with a router or for DHCP"
        name = self.name_of(live)
        return next((rule for rule in self._ignored if rule.kind == kind.name and fnmatch.fnmatchcase(name, rule.name)), None)


def _open(value: Any) -> bool:  # noqa: ANN401 - any property value
    """Whether a reference in it leads to something that is not there."""
    if isinstance(value, Ref | Lookup):
        return True
    if isinstance(value, Mapping):
        return any(map(_open, value.values()))
    return any(map(_open, value)) if isinstance(value, list | tuple) else False
