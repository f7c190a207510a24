"""Which expressions could give another answer because of what could not be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from luxops.policies import Expression
from luxops.policies.paths import ANY, Path, written


@dataclass
class _Place:
    """One place in the facts, and the texts of the expressions that touch it."""

    deep: set[str] = field(default_factory=set)
    """Those to which all beneath it counts."""
    within: set[str] = field(default_factory=set)
    """Those that touch it or anything beneath it."""
    below: dict[str, _Place] = field(default_factory=dict)

    def following(self, key: str) -> Iterator[_Place]:
        if key == ANY:
            yield from self.below.values()
            return
        for step in (key, ANY):
            if step in self.below:
                yield self.below[step]


class Blocking:
    """The touches of a set of expressions as a tree, so that an unreadable part is laid beside its own fact's alone."""

    def __init__(self, expressions: Iterable[Expression]) -> None:
        self._top = _Place()
        for expression in expressions:
            for path, deep in expression.touches:
                place = self._top
                for key in path:
                    place = place.below.setdefault(key, _Place())
                    place.within.add(expression.text)
                if deep:
                    place.deep.add(expression.text)

    def texts(self, where: Path) -> set[str]:
        """Expressions that touch the part, what it lies in where all beneath counts, or anything beneath the part."""
        found: set[str] = set()
        places = [self._top]
        for number, key in enumerate(where, start=1):
            places = [following for place in places for following in place.following(key)]
            for place in places:
                found |= place.deep if number < len(where) else place.within
        return found

    def reasons(self, unreadable: Mapping[Path, str]) -> dict[str, str]:
        """Expression's text → what of it could not be read, for those with any such part: the first."""
        reasons: dict[str, str] = {}
        for where, why in unreadable.items():
            if blocked := self.texts(where) - reasons.keys():
                reasons.update(dict.fromkeys(blocked, f"{written(where)} could not be read: {why}"))
        return reasons
