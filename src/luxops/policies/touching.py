"""What an expression could look at.

Where its answer could depend on a part of a fact, that part is on one of the paths. Too many paths only cost precision; a
missing one would let a policy pass on what nobody could read.
"""

from __future__ import annotations

from luxops.policies.paths import ANY, Path, Touch
from luxops.policies.syntax import (
    Call,
    Choice,
    Element,
    Entries,
    Fact,
    Index,
    Items,
    Logic,
    Loop,
    Method,
    Node,
    Operation,
    Select,
    Sign,
    Text,
)  # fmt: skip

Paths = frozenset[Path]
_NOWHERE: Paths = frozenset()


def touches_of(node: Node) -> tuple[Touch, ...]:
    """All that a whole expression looks at."""
    touching = _Touching()
    touching.use(node)
    return tuple(sorted(touching.touched))


class _Touching:
    def __init__(self) -> None:
        self.touched: set[Touch] = set()
        self._elements: dict[str, Paths] = {}
        """A loop's variable → where its elements stand."""

    def use(self, *nodes: Node | None) -> None:
        """The values themselves matter, with all that lies beneath."""
        for node in nodes:
            if node is not None:
                self.touched.update(Touch(path, deep=True) for path in self.paths(node))

    def look(self, node: Node) -> Paths:
        """How many elements there are matters, or which keys; not what lies beneath them."""
        paths = self.paths(node)
        self.touched.update(Touch(path, deep=False) for path in paths)
        self.touched.update(Touch((*path, ANY), deep=False) for path in paths)
        return paths

    def paths(self, node: Node) -> Paths:  # noqa: PLR0911 - one for each kind of path
        """Where the node's value may stand; nowhere for a computed one. What it was computed from is touched."""
        match node:
            case Fact(name):
                return frozenset({(name,)})
            case Element(name):
                return self._elements[name]
            case Select(of, key):
                return frozenset((*path, key) for path in self.paths(of))
            case Index(of, at):
                return self._indexed(of, at)
            case Choice(test, yes, no):
                self.use(test)
                return self.paths(yes) | self.paths(no)
            case Loop():
                return self._looped(node)
        self._compute(node)
        return _NOWHERE

    def _compute(self, node: Node) -> None:
        match node:
            case Call("size", of) | Method("size", of, _) | Operation("in", Text(str()), of):
                self.look(of)
            case Call("has", of):
                self.touched.update(Touch(path, deep=False) for path in self.paths(of))
            case Call(_, of) | Sign(_, of):
                self.use(of)
            case Method(_, of, argument):
                self.use(of, argument)
            case Operation(_, left, right):
                self.use(left, right)
            case Logic(_, nodes) | Items(nodes) | Entries(nodes):
                self.use(*nodes)

    def _indexed(self, of: Node, at: Node) -> Paths:
        paths = self.paths(of)
        if not (isinstance(at, Element) and _fixed(of)):  # a key is no more than a word or number: its loop has looked at it
            self.use(at)
        return frozenset((*path, ANY) for path in paths)

    def _looped(self, loop: Loop) -> Paths:
        over = self.look(loop.over)
        self._elements[loop.variable] = frozenset((*path, ANY) for path in over)
        self.use(loop.body, loop.made)
        return over if loop.name == "filter" else _NOWHERE


def _fixed(node: Node) -> bool:
    while isinstance(node, Select):
        node = node.of
    return isinstance(node, Fact)
