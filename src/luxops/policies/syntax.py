"""What an expression is made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Text:
    """A string literal; None for one with escapes, which only CEL reads."""

    value: str | None


@dataclass(frozen=True)
class Number:
    value: int | float


@dataclass(frozen=True)
class Word:
    value: bool | None
    """`true`, `false` or `null`."""


@dataclass(frozen=True)
class Fact:
    """A fact, or `target`, or `now`."""

    name: str


@dataclass(frozen=True)
class Element:
    """The variable of a loop around it."""

    name: str


@dataclass(frozen=True)
class Select:
    """`of.key`, or `of["key"]`."""

    of: Node
    key: str


@dataclass(frozen=True)
class Index:
    """`of[at]`."""

    of: Node
    at: Node


@dataclass(frozen=True)
class Call:
    """`name(of)`."""

    name: str
    of: Node


@dataclass(frozen=True)
class Method:
    """`of.name(argument)`; `size` has no argument."""

    name: str
    of: Node
    argument: Node | None


@dataclass(frozen=True)
class Loop:
    """`over.name(variable, body)`; only `map` may have what to make of those of which the body is true."""

    name: str
    over: Node
    variable: str
    body: Node
    made: Node | None


@dataclass(frozen=True)
class Sign:
    """`!of` or `-of`."""

    sign: str
    of: Node


@dataclass(frozen=True)
class Logic:
    """All parts of one `… && …`, or of one `… || …`."""

    operator: str
    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Operation:
    """`left operator right`, for any other operator."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Choice:
    """`test ? yes : no`."""

    test: Node
    yes: Node
    no: Node


@dataclass(frozen=True)
class Items:
    """`[a, b]`."""

    items: tuple[Node, ...]


@dataclass(frozen=True)
class Entries:
    """`{a: b}`: keys and values in turn."""

    items: tuple[Node, ...]


Node = (
    Text | Number | Word | Fact | Element | Select | Index | Call | Method | Loop | Sign | Logic | Operation | Choice | Items
    | Entries
)  # fmt: skip
