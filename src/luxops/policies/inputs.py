"""What an expression looks at, and what has to be handed to CEL for it."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Final, NamedTuple

ANY: Final = "*"
"""In a path: every element of a list, or every value of a map."""

Path = tuple[str, ...]


def written(path: Path) -> str:
    """A path as a policy's author would write it: `files.paths["/root"].mode`, `sockets.listening[].port`."""
    words = []
    for key in path:
        if key == ANY:
            words.append("[]")
        elif key.isidentifier():
            words.append(f".{key}" if words else key)
        else:
            words.append(f'["{key}"]')
    return "".join(words)


class Touch(NamedTuple):
    """A part of the facts that an expression looks at."""

    path: Path
    """Fact name, then keys; `ANY` for each element. What lies above the path counts as touched too."""
    deep: bool
    """Whether everything beneath counts, or only the value itself (its presence, kind or length)."""


class InputKind(StrEnum):
    """What a variable of a compiled program holds of the value at its path."""

    VALUE = "value"
    """The value itself."""
    SIZE = "size"
    """How many elements, entries or characters it has."""
    MEMBER = "member"
    """Whether `fields[0]` is one of its elements or keys."""
    HAS = "has"
    """Whether it, a map, has the key `fields[0]`."""
    RANGE = "range"
    """A list's elements, or a map's keys: what a loop goes over."""
    KEYED = "keyed"
    """A map's keys, each with its number."""
    INDEXES = "indexes"
    """The numbers of a list's elements; with `fields`, of the list there within each element."""
    NUMBERS = "numbers"
    """The numbers of a map's keys."""
    COUNT = "count"
    """The numbers of a list's elements or of a map's keys."""
    COLUMN = "column"
    """What stands at `fields` within each element of a list or value of a map, by number. All of them must have it.
    `ANY` among the fields: lists within the list."""
    TABLE = "table"
    """Of a map or list of lists: key or number → the distinct `rows` of the list there; with a test, → how it compares."""


class Comparison(NamedTuple):
    """A comparison with literal text, answered before CEL is asked: handing text over is slow, handing true or false is not."""

    operator: str
    """`==`, `!=`, `in`; `has` for `"text" in value`; `startsWith`, `endsWith`, `contains`, `matches`; `size`, without text."""
    texts: tuple[str, ...]


class Part(NamedTuple):
    """What a loop's body looks at of its element: the value there, or how it compares."""

    fields: Path
    test: Comparison | None


class Input(NamedTuple):
    """One variable of the compiled program. Where it cannot be computed, it is not set, and the program fails on it."""

    kind: InputKind
    path: Path
    fields: Path = ()
    test: Comparison | None = None
    """Where given: not the value, or not each element, but how it compares."""
    rows: tuple[Part, ...] = ()
    """The places of a table's rows."""

    @property
    def name(self) -> str:
        """The same input has the same name in all programs."""
        parts = (self.kind.value, self.path, self.fields, self.test, self.rows)
        return "v" + hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
