"""Tables: of a map of lists, only the distinct rows that loops over one of its lists can tell apart.

`all` and `exists` ask of a set: an element that looks like one before it changes no answer. Where a loop's body looks at
nothing but parts of its element, thousands of elements become a few rows, before CEL is handed any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from luxops.evaluation.comparing import MISSING, Compute, all_compared, at, whole
from luxops.policies.inputs import Comparison, Part, Path

Column = list[Any]
_ONE_CLASS: Final = ({bool}, {str}, {int})
"""Where all values of a part are of one such class, equal values are the same value; `1 == True` otherwise."""


class Tables:
    """All tables of one map or list, each with the parts that its rows are made of."""

    def __init__(self) -> None:
        self._names: dict[str, tuple[int, ...]] = {}
        self._places: dict[Part, int] = {}
        self._tests: dict[Path, list[tuple[int, Callable[[Column], Any] | None]]] = {}

    def add(self, name: str, rows: Iterable[Part]) -> None:
        self._names[name] = tuple(self._place(part) for part in rows)

    def _place(self, part: Part) -> int:
        if part not in self._places:
            self._places[part] = len(self._places)
            compared = None if part.test is None else _compared_once(part.test)
            self._tests.setdefault(part.fields, []).append((self._places[part], compared))
        return self._places[part]

    def values(self, here: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - JSON
        """Each table that can be made: its name, and key → rows of that key's list, or lists of rows by number."""
        if here.__class__ is dict:
            lists = [self._distinct(elements) for elements in here.values()]
        elif here.__class__ is list:
            lists = [self._distinct(elements) for elements in here]
        else:
            return
        for name, places in self._names.items():
            rows = whole([_rows(distinct, places) for distinct in lists])
            if rows is not MISSING:
                yield name, dict(zip(here, rows, strict=True)) if here.__class__ is dict else rows

    def _distinct(self, elements: Any) -> list[Any]:  # noqa: ANN401 - JSON
        """By place, the part's value in each distinct row of all places together; MISSING where an element lacks it."""
        columns: list[Any] = [MISSING] * len(self._places)
        if elements.__class__ is dict:
            elements = list(elements)
        if elements.__class__ is not list:
            return columns
        for fields, tests in self._tests.items():
            values = _values(elements, fields)
            for place, compared in tests:
                columns[place] = values if compared is None or values is MISSING else compared(values)
        there = [place for place, column in enumerate(columns) if column is not MISSING]
        rows = _distinct([columns[place] for place in there])
        for place, column in zip(there, zip(*rows, strict=True) if rows else [()] * len(there), strict=True):
            columns[place] = list(column)
        return columns


def _values(elements: list[Any], fields: Path) -> Any:  # noqa: ANN401 - JSON
    """What stands at the fields of each element, where all have it."""
    if len(fields) != 1:
        return whole([at(element, fields) for element in elements])
    name = fields[0]
    try:
        return [element[name] for element in elements]
    except (KeyError, TypeError):
        return MISSING


def _rows(columns: list[Any], places: tuple[int, ...]) -> Any:  # noqa: ANN401 - JSON
    wanted = [columns[place] for place in places]
    return MISSING if MISSING in wanted else [list(row) for row in _distinct(wanted)]


def _distinct(columns: Sequence[Column]) -> list[tuple[Any, ...]]:
    """Rows in the order in which each is met first."""
    keys = [column if {value.__class__ for value in column} in _ONE_CLASS else list(map(repr, column)) for column in columns]
    return list(dict(zip(zip(*keys, strict=True), zip(*columns, strict=True), strict=True)).values())


def _compared_once(test: Comparison) -> Callable[[Column], Any]:
    """The same text is compared once."""
    compared = all_compared(test)

    def of_values(values: Column) -> Any:  # noqa: ANN401 - JSON
        if {value.__class__ for value in values} != {str}:
            return compared(values)
        texts = list(set(values))
        answers = compared(texts)
        return answers if answers is MISSING else list(map(dict(zip(texts, answers, strict=True)).__getitem__, values))

    return of_values


def each(value: Compute) -> Compute:
    """The same of each element, or of each key's value."""

    def of_all(here: Any) -> Any:  # noqa: ANN401 - JSON
        if here.__class__ is dict:
            values = whole([value(inner) for inner in here.values()])
            return values if values is MISSING else dict(zip(here, values, strict=True))
        return whole([value(inner) for inner in here]) if here.__class__ is list else MISSING

    return of_all
