"""Only the parts of the facts that policies touch, and which of those parts could not be read.

Handing facts to CEL costs far more than any check on them, and looking for unreadable parts means walking over them. So
what a whole set of policies touches is put into one tree, once; facts are searched and handed over along it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import cel

from luxops.evaluation.comparing import CONTAINERS, MISSING, Compute, at
from luxops.evaluation.computing import compute
from luxops.evaluation.tabling import Tables
from luxops.model import FactName
from luxops.model.observation import UNREADABLE
from luxops.policies.inputs import ANY, Input, InputKind, Part, Touch

_PRUNED: Final = frozenset({InputKind.VALUE, InputKind.RANGE, InputKind.COLUMN})

Where = tuple[str, ...]
"""A path into the facts, `ANY` for every element of a list."""


@dataclass
class Node:
    """One place in the facts: everything beneath it is wanted, or only what its children say."""

    deep: bool = False
    children: dict[str, Node] = field(default_factory=dict)
    rest: Node | None = None
    """For keys and elements that have no child of their own."""

    def child(self, key: str) -> Node | None:
        return self if self.deep else self.children.get(key, self.rest)


def tree_of(touches: Iterable[Touch]) -> Node:
    """All touched paths as one tree. A key's own child includes what `ANY` beside it wants."""
    groups: dict[str, list[Touch]] = {}
    deep = False
    for path, below in touches:
        if path:
            groups.setdefault(path[0], []).append(Touch(path[1:], below))
        else:
            deep = deep or below
    if deep:
        return Node(deep=True)
    common = groups.pop(ANY, [])
    children = {key: tree_of([*group, *common]) for key, group in groups.items()}
    return Node(children=children, rest=tree_of(common) if common else None)


class Projector:
    """What a set of expressions wants of facts."""

    def __init__(self, touches: Iterable[Touch]) -> None:
        self._tree = tree_of(touches)

    def unreadable(self, fact: FactName, plain: Any) -> dict[Where, str]:  # noqa: ANN401 - JSON
        """What of the wanted parts could not be read, with its reason."""
        found: dict[Where, str] = {}
        node = self._tree.children.get(fact)
        if node is not None:
            _walk(node, plain, (fact,), found)
        return found

    def wanted(self, wanted: Input) -> Wanted:
        """How to compute an input."""
        if wanted.rows:
            return Wanted(wanted.name, lambda _: MISSING, wanted.rows)
        value = compute(wanted)
        node = _below(self._tree, wanted.path)
        if wanted.kind is InputKind.COLUMN and not node.deep:
            node = _below(node, (ANY, *wanted.fields))
            for _ in range(1 + wanted.fields.count(ANY)):
                node = Node(rest=node) if not node.deep else node
        if node.deep or wanted.test is not None or wanted.kind not in _PRUNED:
            return Wanted(wanted.name, value)
        return Wanted(wanted.name, lambda here: _pruned(node, value(here)))


class Wanted(NamedTuple):
    """A program's variable, and how to compute its value from what stands at its path."""

    name: str
    value: Compute
    rows: tuple[Part, ...] = ()
    """Of a table, which is made with all others of its path."""


class Inputs:
    """Variables, in the tree of their paths: what many share is looked up once."""

    def __init__(self) -> None:
        self._itself: list[Wanted] = []
        self._keys: list[tuple[str, Wanted]] = []
        self._tables: dict[Where, Tables] = {}
        self._below: dict[str, Inputs] = {}

    def add(self, wanted: Wanted, path: Where) -> None:
        if len(path) > 1:
            self._below.setdefault(path[0], Inputs()).add(wanted, path[1:])
        elif wanted.rows:
            self._tables.setdefault(path, Tables()).add(wanted.name, wanted.rows)
        elif path:
            self._keys.append((path[0], wanted))
        else:
            self._itself.append(wanted)

    def bind(self, context: cel.Context, value: Any) -> None:  # noqa: ANN401 - JSON
        """Set what can be computed. A program fails on the others, unless its answer does not depend on them.

        Raises ValueError, TypeError or OverflowError for a value that CEL cannot hold.
        """
        add = context.add_variable
        for name, compute_value, _ in self._itself:
            if (computed := compute_value(value)) is not MISSING:
                add(name, computed)
        for path, tables in self._tables.items():
            for name, computed in tables.values(at(value, path)):
                add(name, computed)
        if value.__class__ is not dict:
            return
        for key, (name, compute_value, _) in self._keys:
            if key in value and (computed := compute_value(value[key])) is not MISSING:
                add(name, computed)
        for key, below in self._below.items():
            if key in value:
                below.bind(context, value[key])


def _below(node: Node, path: Where) -> Node:
    for key in path:
        child = node.child(key)
        if child is None:
            return Node(deep=True)
        node = child
    return node


def _walk(node: Node, value: Any, where: Where, unreadable: dict[Where, str]) -> None:  # noqa: ANN401 - JSON
    """Collect what could not be read along the tree."""
    if isinstance(value, dict):
        if UNREADABLE in value:
            unreadable.setdefault(where, str(value[UNREADABLE]))
            return
        pairs = list(value.items())
    elif isinstance(value, list):
        pairs = [(ANY, inner) for inner in value]
    else:
        return
    for key, inner in pairs:
        if (child := node.child(key)) is not None:
            _walk(child, inner, (*where, key), unreadable)


def _pruned(node: Node, value: Any) -> Any:  # noqa: ANN401 - JSON
    """The value with only what the tree wants of it. A list keeps its length."""
    if node.deep or value.__class__ not in CONTAINERS or not value:
        return value
    if isinstance(value, list):
        # A list of which only keys are wanted: an expression can but fail on it, as it does on an empty one.
        return [] if node.rest is None else [_pruned(node.rest, v) for v in value]
    if node.rest is None:
        return {k: _pruned(child, value[k]) for k, child in node.children.items() if k in value}
    return {k: _pruned(node.children.get(k, node.rest), v) for k, v in value.items()}


def value_at(plain: Mapping[str, Any], path: Where) -> Any:  # noqa: ANN401 - JSON
    """What stands at a touched path, for people: None where there is nothing; a list of values for each `ANY`."""
    here: Any = plain
    for number, key in enumerate(path):
        if key == ANY:
            elements = here.values() if isinstance(here, dict) else here if isinstance(here, list) else ()
            rest = path[number + 1 :]
            return [value_at({"": e}, ("", *rest)) for e in elements]
        if not isinstance(here, dict):
            return None
        here = here.get(key)
    return here
