"""Declared and live, object by object and property by property: what plan and drift both start from."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cached_property
from typing import Any, Final, NamedTuple

from luxops.domains.cloud.kinds import BY_NAME
from luxops.domains.cloud.kinds.interface import Change, ResourceKind
from luxops.domains.cloud.matching import Matched, kind_of, match
from luxops.domains.cloud.naming import Namer
from luxops.domains.cloud.nouns import Declared, Graph, Live, Lookup, Ref, StackId, Urn, references
from luxops.domains.cloud.owners import Owners
from luxops.domains.cloud.sweep import Sweep
from luxops.federation import Federation
from luxops.federation.schema import IgnoredObjects
from luxops.model import Failure, PathChange

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
        self._owners = Owners(seen)
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

    def home_of(self, live: Live) -> StackId:
        """The stack in whose project it stands; of what stands in nobody's, the platform."""
        return live.stack or self._stacks.get(self._owners.project_of(live), self._platform)

    def _all(self) -> Iterator[Difference]:
        for urn, declared in self.graph.resources.items():
            kind = kind_of(declared)
            if urn in self.matched.missing:
                yield Difference(declared.stack, kind, Standing.MISSING, self._called(kind, declared), declared, None)
            elif (live := self.matched.live.get(urn)) is not None:
                paths = tuple(self._changed(urn, kind, live))
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

    def _called(self, kind: ResourceKind, declared: Declared) -> str:
        """What is not there, by the name that it would have."""
        known = {name: _word(value) for name, value in self.matched.properties[declared.urn].items()}
        if kind.called is not None:
            return str(self.readable(kind.called(known)))
        return str(known.get("name") or declared.name)

    def _changed(self, urn: Urn, kind: ResourceKind, live: Live) -> Iterator[PathChange]:
        """A property that refers to something unknown cannot be compared, and makes its object unknown too."""
        for name, wanted in self.matched.properties[urn].items():
            known = kind.properties[name]
            actual = live.properties.get(name)
            if known.change is Change.NEVER or wanted == actual:
                continue
            open_ = list(references(wanted))
            if why := self.matched.why_open(open_):
                self.matched.unknown[urn] = why
                continue
            if open_ or known.canonical(wanted) != known.canonical(actual):
                yield PathChange(path=name, desired=self.readable(wanted), actual=self.readable(actual))

    def _why_ignored(self, kind: ResourceKind, live: Live) -> IgnoredObjects | str | None:
        if not kind.belongs:
            return "it comes and goes with another object"
        if kind.name == "port" and str(live.properties.get("deviceOwner", "")).startswith(_OWN_PORTS):
            return "Neutron makes it with a router or for DHCP"
        name = self.name_of(live)
        return next((rule for rule in self._ignored if rule.kind == kind.name and fnmatch.fnmatchcase(name, rule.name)), None)


def _word(value: Any) -> Any:  # noqa: ANN401 - any property value
    """For what is not there either: its name in the program."""
    if isinstance(value, Ref):
        return value.urn.rpartition("::")[2]
    return ", ".join(argument for _, argument in value.arguments) if isinstance(value, Lookup) else value
