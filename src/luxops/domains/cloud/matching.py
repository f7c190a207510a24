"""Which live object is which declared one, and what of either has no counterpart.

Objects are known by what names them, not by a state file: a network by its project and name, a rule by all it says. References
are followed in the order of dependency, so that a name inside something is looked for only once that something is found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from luxops.domains.cloud.kinds import BY_TYPE, KINDS
from luxops.domains.cloud.kinds.interface import Properties, ResourceKind
from luxops.domains.cloud.nouns import Declared, Graph, Live, Lookup, Ref, Urn, references
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
    untold: list[Live] = field(default_factory=list)
    """What may be one of the unknown: nobody can say whether it is declared."""
    ids: dict[Urn, str] = field(default_factory=dict)
    answer: Callable[[Lookup], str | None] = lambda _: None
    """What the cloud itself says to a program's invoke."""
    why_open: Callable[[Iterable[Ref | Lookup]], Failure | None] = lambda _: None
    """Why nobody knows what one of these references leads to; None where it leads to nothing."""


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
        self.matched = Matched(answer=self._answers.get, why_open=self._why_open)

    def run(self) -> Matched:
        kinds = {urn: kind_of(resource) for urn, resource in self._graph.resources.items()}
        for urn in in_order(self._graph):
            self._place(self._graph.resources[urn], kinds[urn])
        untold = {found for urn in self.matched.unknown for found in self._candidates(self._graph.resources[urn], kinds[urn])}
        for name, objects in self._found.items():
            free = [live for live in objects if (name, live.id) not in self._taken]
            self.matched.extra += [live for live in free if (name, live.id) not in untold]
            self.matched.untold += [live for live in free if (name, live.id) in untold]
        return self.matched

    def _place(self, resource: Declared, kind: ResourceKind) -> None:
        properties = {name: self._filled(value) for name, value in resource.properties.items()}
        self.matched.properties[resource.urn] = properties
        key = self._key(resource, kind)
        owners = (properties.get("tenantId"), properties.get("projectId"), self._filled(resource.project))
        owner = next((str(found) for found in owners if found), "")
        open_ = list(references(key))
        live = None if open_ else self._pick(resource, kind, key)
        if live is not None:
            self.matched.ids[resource.urn] = live.id
            owner = owner or live.project
        why = self._why_open(open_) or self._sweep.why_unknown(kind, owner)
        if why is not None:
            self.matched.unknown[resource.urn] = why
        elif live is None:
            self.matched.missing.add(resource.urn)
        else:
            self.matched.live[resource.urn] = live

    def _key(self, resource: Declared, kind: ResourceKind) -> dict[str, Any]:
        """What names the resource: its kind's key, or the other one where it declares that."""
        names = kind.key
        if kind.other_key and not all(name == PROJECT or name in resource.properties for name in names):
            names = kind.other_key
        properties = self.matched.properties[resource.urn]
        return {n: self._filled(resource.project or "") if n == PROJECT else properties.get(n) for n in names}

    def _why_open(self, open_: Iterable[Ref | Lookup]) -> Failure | None:
        for reference in open_:
            if isinstance(reference, Ref) and (why := self.matched.unknown.get(reference.urn)):
                return why
            if isinstance(reference, Lookup) and (why := self._answers.why_unknown(reference)):
                return why
        return None

    def _candidates(self, resource: Declared, kind: ResourceKind) -> list[tuple[str, str]]:
        """Of an unknown resource: every object that it may be, by as much of its key as is known."""
        if resource.urn in self.matched.ids:
            return []
        key = {name: value for name, value in self._key(resource, kind).items() if not any(references(value))}
        return [(kind.name, live.id) for live in self._called(kind, key)]

    def _pick(self, resource: Declared, kind: ResourceKind, key: Mapping[str, Any]) -> Live | None:
        """Of several with the same name, the one that carries the stack's mark, or else none; the others are nobody's."""
        candidates = [live for live in self._called(kind, key) if (kind.name, live.id) not in self._taken]
        if not candidates:
            return None
        live = min(candidates, key=lambda live: (live.stack != resource.stack, live.stack is not None))
        self._taken.add((kind.name, live.id))
        return live

    def _called(self, kind: ResourceKind, key: Mapping[str, Any]) -> list[Live]:
        names = tuple(key)
        if (kind.name, names) not in self._index:
            index: dict[tuple[Any, ...], list[Live]] = {}
            for live in self._found[kind.name]:
                values = (live.project if name == PROJECT else live.properties.get(name) for name in names)
                index.setdefault(_canonical(kind, names, values), []).append(live)
            self._index[kind.name, names] = index
        return self._index[kind.name, names].get(_canonical(kind, names, key.values()), [])

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
    return graph.order


def _canonical(kind: ResourceKind, names: Iterable[str], values: Iterable[Any]) -> tuple[Any, ...]:
    """A key's values in the form in which they are compared."""
    known = kind.properties
    return tuple(value if name == PROJECT else known[name].canonical(value) for name, value in zip(names, values, strict=True))


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
