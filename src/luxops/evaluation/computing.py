"""The values of programs' inputs, computed from facts in JSON form.

Each kind of input has a maker: what can be worked out once per input is, and what remains is a small function of the value
at the input's path. `MISSING` stands for what has no such value: the variable is then not set, and the program fails on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from luxops.evaluation.comparing import CONTAINERS, MISSING, Compute, all_compared, at, compared, whole
from luxops.evaluation.tabling import each
from luxops.policies.inputs import ANY, Input, InputKind, Path


def compute(wanted: Input) -> Compute:
    """How to compute an input."""
    if wanted.test is not None and wanted.kind is InputKind.VALUE:
        return compared(wanted.test)
    if wanted.test is not None and wanted.kind is InputKind.TABLE:
        return each(compared(wanted.test))
    maker = _MAKERS[wanted.kind]
    return maker(wanted)


def _size(_: Input) -> Compute:
    return lambda here: len(here) if isinstance(here, dict | list | str) else MISSING


def _member(wanted: Input) -> Compute:
    key = wanted.fields[0]
    return lambda here: key in here if here.__class__ in CONTAINERS else MISSING


def _has(wanted: Input) -> Compute:
    key = wanted.fields[0]
    return lambda here: key in here if here.__class__ is dict else MISSING


def _range(wanted: Input) -> Compute:
    def elements(here: Any) -> Any:  # noqa: ANN401 - JSON
        return list(here) if here.__class__ is dict else here if here.__class__ is list else MISSING

    if wanted.test is None:
        return elements
    compared = all_compared(wanted.test)
    return lambda here: compared(list(here)) if here.__class__ in CONTAINERS else MISSING


def _keyed(_: Input) -> Compute:
    return lambda here: {key: number for number, key in enumerate(here)} if here.__class__ is dict else MISSING


def _numbers(_: Input) -> Compute:
    return lambda here: list(range(len(here))) if here.__class__ is dict else MISSING


def _count(_: Input) -> Compute:
    return lambda here: list(range(len(here))) if here.__class__ in CONTAINERS else MISSING


def _indexes(wanted: Input) -> Compute:
    def numbers(elements: list[Any], fields: Path) -> Any:  # noqa: ANN401 - JSON
        if not fields:
            return list(range(len(elements)))
        head, tail = _cut(fields)
        inner = [at(element, head) for element in elements]
        return whole([numbers(e, tail) if e.__class__ is list else MISSING for e in inner])

    return lambda here: numbers(here, wanted.fields) if here.__class__ is list else MISSING


def _column(wanted: Input) -> Compute:
    fields = wanted.fields
    compared = None if wanted.test is None else all_compared(wanted.test)

    def column(elements: list[Any], fields: Path) -> Any:  # noqa: ANN401 - JSON
        if ANY in fields:
            head, tail = _cut(fields)
            inner = [at(element, head) for element in elements]
            return whole([column(e, tail) if e.__class__ is list else MISSING for e in inner])
        if len(fields) == 1:
            name = fields[0]
            try:
                values: Any = [element[name] for element in elements]
            except (KeyError, TypeError):
                return MISSING
        else:
            values = whole([at(element, fields) for element in elements]) if fields else elements
        return values if compared is None or values is MISSING else compared(values)

    def of_elements(here: Any) -> Any:  # noqa: ANN401 - JSON
        if here.__class__ is list:
            return column(here, fields)
        return column(list(here.values()), fields) if here.__class__ is dict else MISSING

    return of_elements


def _cut(fields: Path) -> tuple[Path, Path]:
    """Before and after the first `ANY`; all, and nothing, where there is none."""
    if ANY not in fields:
        return fields, ()
    cut = fields.index(ANY)
    return fields[:cut], fields[cut + 1 :]


_MAKERS: Final[Mapping[InputKind, Callable[[Input], Compute]]] = {
    InputKind.VALUE: lambda _: lambda here: here,
    InputKind.SIZE: _size,
    InputKind.MEMBER: _member,
    InputKind.HAS: _has,
    InputKind.RANGE: _range,
    InputKind.KEYED: _keyed,
    InputKind.NUMBERS: _numbers,
    InputKind.COUNT: _count,
    InputKind.INDEXES: _indexes,
    InputKind.COLUMN: _column,
}
