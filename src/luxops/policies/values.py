"""What is known of a sub-expression while an expression is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from luxops.policies.inputs import Comparison, Part, Path


class Use(NamedTuple):
    """Where a loop's body takes a part of its element."""

    start: int
    end: int
    """Tokens from start up to, not including, end."""
    entry: bool
    """Written `MAP[key]`, where the loop goes over MAP's keys."""
    fields: Path
    test: Comparison | None


class Inner(NamedTuple):
    """A loop within a loop, of whose elements too only parts are used."""

    loop: Loop
    start: int
    end: int
    """The tokens of what it goes over."""
    fields: Path
    """Where that stands in the outer loop's element."""


@dataclass
class Loop:
    """A macro whose body is being read."""

    name: str
    aliases: frozenset[Path]
    """Where its elements stand."""
    over: Path | None = None
    """What it goes over, where that is a fixed path."""
    uses: list[Use] = field(default_factory=list)
    inners: list[Inner] = field(default_factory=list)
    """Loops in its body over a part of its element."""
    whole: bool = False
    """Whether the element itself is used otherwise: in a comparison, in `has`, as the key of something else."""

    @property
    def entries(self) -> list[Use]:
        return [use for use in self.uses if use.entry]

    @property
    def in_parts(self) -> bool:
        """Nothing but parts of its elements is used: then it can go over numbers."""
        return not self.whole and bool(self.uses or self.inners)

    @property
    def in_rows(self) -> tuple[Part, ...]:
        """The parts, where nothing else of its elements is used."""
        if not self.in_parts or self.inners or self.entries:
            return ()
        return tuple(dict.fromkeys(Part(use.fields, use.test) for use in self.uses))


class Value(NamedTuple):
    """What is known of a sub-expression's value."""

    aliases: frozenset[Path] = frozenset()
    """Paths that it may be a reference to; empty for a computed value."""
    fixed: Path | None = None
    """Where the sub-expression is nothing but a fixed path."""
    element: Loop | None = None
    """Where it is nothing but a loop's element, or `fields` of it."""
    entry: tuple[Path, Loop, int] | None = None
    """Where it is nothing but `MAP[key]`, or `fields` of that: the map's path, the loop, the bracket's token."""
    fields: Path = ()
    start: int = 0
    end: int = 0
    """The tokens of such a path."""
    tested: bool = False
    """A comparison that is replaced already."""
    table: tuple[Path, int, int] | None = None
    """Where it is nothing but `FIXED[…]`: the fixed path, and its tokens from the first up to the bracket."""

    @property
    def plain(self) -> bool:
        """Nothing but a path. Whoever gets one must say what becomes of it: `_use`, `_complete` or `_compare`."""
        return self.fixed is not None or self.element is not None or self.entry is not None

    def select(self, key: str) -> Value:
        return Value(
            frozenset((*path, key) for path in self.aliases),
            None if self.fixed is None else (*self.fixed, key),
            self.element,
            self.entry,
            (*self.fields, key) if self.element or self.entry else (),
        )


COMPUTED: Final = Value()
TESTED: Final = Value(tested=True)
