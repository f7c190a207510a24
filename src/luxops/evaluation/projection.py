"""Only the parts of the facts that expressions touch, and which of those parts could not be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from luxops.model import FactName
from luxops.model.observation import UNREADABLE
from luxops.policies.paths import ANY, Path, Touch


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

    def unreadable(self, fact: FactName, plain: Any) -> dict[Path, str]:  # noqa: ANN401 - JSON
        """What of the wanted parts could not be read, with its reason."""
        found: dict[Path, str] = {}
        node = self._tree.children.get(fact)
        if node is not None:
            _walk(node, plain, (fact,), found)
        return found

    def wanted(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """The facts with only what is wanted of them. The expressions give the same answers on them."""
        return {fact: _pruned(node, facts[fact]) for fact, node in self._tree.children.items() if fact in facts}


def _walk(node: Node, value: Any, where: Path, unreadable: dict[Path, str]) -> None:  # noqa: ANN401 - JSON
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
    if node.deep or not isinstance(value, dict | list):
        return value
    if isinstance(value, list):
        # A list of which only keys are wanted: an expression can but fail on it, as it does on an empty one.
        return [] if node.rest is None else [_pruned(node.rest, v) for v in value]
    if node.rest is None:
        return {k: _pruned(child, value[k]) for k, child in node.children.items() if k in value}
    return {k: _pruned(node.children.get(k, node.rest), v) for k, v in value.items()}
