"""Which live object is which declared one, and what of either has no counterpart.

Objects are known by what names them, not by a state file: a network by its project and name, a rule by all it says. References
are followed in the order of dependency, so that a name inside something is looked for only once that something is found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import Any

from luxops.domains.cloud.kinds import BY_TYPE, KINDS
from luxops.domains.cloud.kinds.interface import Properties, ResourceKind
from luxops.domains.cloud.nouns import Declared, Graph, Live, Lookup, ProjectId, Ref, Urn, references
from luxops.domains.cloud.sweep import Sweep
from luxops.errors import LuxopsError, did_you_mean
from luxops.model import Failure

PROJECT = "$project"


class UnknownKindError(LuxopsError):
    """A program declares what luxops could neither plan nor watch."""


@dataclass
class Matched:
    """The graph laid beside the sweep."""

    properties: dict[Urn, Properties] = field(default_factory=dict)
    """Declared properties with references filled in where the other object exists."""
    live: dict[Urn, Live] = field(default_factory=dict)
    missing: set[Urn] = field(default_factory=set)
    unknown: dict[Urn, Failure] = field(default_factory=dict)
    """May be there or not: it, or what it stands on, could not be looked at."""
    extra: list[Live] = field(default_factory=list)
    """What no program declares."""
    ids: dict[Urn, str] = field(default_factory=dict)
    answer: Callable[[Lookup], str | None] = lambda _: None
    """What the cloud itself says to a program's invoke."""


def kind_of(resource: Declared) -> ResourceKind:
    """Raises UnknownKindError for a type or a property that the table of kinds does not know."""
    kind = BY_TYPE.get(resource.type)
    if kind is None:
        raise UnknownKindError(
            f"{resource.urn} is of an unknown kind",
            why=f"`{resource.type}` is in no file of domains/cloud/kinds{did_you_mean(resource.type, list(BY_TYPE))}",
            remedy="Add the kind (docs/adding-a-resource-kind.md), or declare something else.",
        )
    for name in resource.properties:
        if name not in kind.properties:
            raise UnknownKindError(
                f"{resource.urn} declares `{name}`, which nothing would compare",
                why=f"kind {kind.name} knows {', '.join(kind.properties)}",
                remedy="Add the property to the kind, or take it out of the program.",
            )
    return kind


def match(graph: Graph, seen: Sweep) -> Matched:
    """Raises UnknownKindError; anything else is in the answer."""
    return _Matching(graph, seen).run()


class _Matching:
    def __init__(self, graph: Graph, seen: Sweep) -> None:
        self._graph = graph
        self._sweep = seen
        self._found = seen.live(KINDS)
        self._index: dict[tuple[str, tuple[str, ...]], dict[tuple[Any, ...], list[Live]]] = {}
        self._taken: set[tuple[str, str]] = set()
        self._answers = _Answers(seen)
        self.matched = Matched(answer=self._answers.get)

    def run(self) -> Matched:
        kinds = {urn: kind_of(resource) for urn, resource in self._graph.resources.items()}
        for urn in in_order(self._graph):
            self._place(self._graph.resources[urn], kinds[urn])
        for name, objects in self._found.items():
            self.matched.extra += [live for live in objects if (name, live.id) not in self._taken]
        return self.matched

    def _place(self, resource: Declared, kind: ResourceKind) -> None:
        properties = {name: self._filled(value) for name, value in resource.properties.items()}
        project = None if resource.project is None else self._filled(resource.project)
        self.matched.properties[resource.urn] = properties
        names = (
            kind.key
            if all(name == PROJECT or name in properties for name in kind.key) or not kind.other_key
            else kind.other_key
        )
        open_ = [ref for name in names for ref in references(project if name == PROJECT else properties.get(name))]
        owner = ProjectId(
            project if isinstance(project, str) else str(properties.get("tenantId") or properties.get("projectId") or "")
        )
        why = self._why_open(open_) or self._sweep.why_unknown(kind, owner)
        if why is None and not open_:
            key = tuple(_canonical(kind, name, project if name == PROJECT else properties.get(name)) for name in names)
            if (live := self._pick(resource, kind, names, key)) is not None:
                self.matched.live[resource.urn] = live
                self.matched.ids[resource.urn] = live.id
                return
        if why is not None:
            self.matched.unknown[resource.urn] = why
        else:
            self.matched.missing.add(resource.urn)

    def _why_open(self, open_: Iterable[Ref | Lookup]) -> Failure | None:
        for reference in open_:
            if isinstance(reference, Ref) and (why := self.matched.unknown.get(reference.urn)):
                return why
            if isinstance(reference, Lookup) and (why := self._answers.why_unknown(reference)):
                return why
        return None

    def _pick(self, resource: Declared, kind: ResourceKind, names: tuple[str, ...], key: tuple[Any, ...]) -> Live | None:
        """Of several with the same name, the one that carries the stack's mark; the others are nobody's."""
        candidates = [live for live in self._by_key(kind, names).get(key, ()) if (kind.name, live.id) not in self._taken]
        if not candidates:
            return None
        live = next((live for live in candidates if live.stack == resource.stack), candidates[0])
        self._taken.add((kind.name, live.id))
        return live

    def _by_key(self, kind: ResourceKind, names: tuple[str, ...]) -> dict[tuple[Any, ...], list[Live]]:
        if (kind.name, names) not in self._index:
            index: dict[tuple[Any, ...], list[Live]] = {}
            for live in self._found[kind.name]:
                values = (live.project if name == PROJECT else live.properties.get(name) for name in names)
                key = tuple(_canonical(kind, name, value) for name, value in zip(names, values, strict=True))
                index.setdefault(key, []).append(live)
            self._index[kind.name, names] = index
        return self._index[kind.name, names]

    def _filled(self, value: Any) -> Any:  # noqa: ANN401 - any declared value
        if isinstance(value, Ref):
            return self.matched.ids.get(value.urn, value)
        if isinstance(value, Lookup):
            return self._answers.get(value) or value
        if isinstance(value, Mapping):
            return {key: self._filled(inner) for key, inner in value.items()}
        return [self._filled(inner) for inner in value] if isinstance(value, list | tuple) else value


def in_order(graph: Graph) -> Iterable[Urn]:
    """Every resource after all that it depends on."""
    return TopologicalSorter({urn: resource.depends_on for urn, resource in graph.resources.items()}).static_order()


def _canonical(kind: ResourceKind, name: str, value: Any) -> Any:  # noqa: ANN401 - any property value
    return value if name == PROJECT else kind.properties[name].canonical(value)


class _Answers:
    """What the cloud itself answers to a program's invokes, from the sweep's lists."""

    _LISTS: Mapping[str, str] = {"getRole": "roles", "getGroup": "groups"}

    def __init__(self, seen: Sweep) -> None:
        self._sweep = seen
        self._ids = {
            (function, item["name"]): str(item["id"])
            for function, name in self._LISTS.items()
            for item in seen.seen.get(name, ())
        }

    def get(self, lookup: Lookup) -> str | None:
        function = lookup.function.rpartition(":")[2]
        if function == "getAuthScope":
            return self._sweep.identity.get({"userId": "user_id", "projectId": "project_id"}.get(lookup.output, ""))
        return self._ids.get((function, dict(lookup.arguments)["name"]))

    def why_unknown(self, lookup: Lookup) -> Failure | None:
        name = self._LISTS.get(lookup.function.rpartition(":")[2], "")
        return next((failure for hole, failure in self._sweep.holes.items() if hole.collection == name), None)
