"""How JSON values compare with literal text, and how to say that nothing is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, Final

from luxops.policies.inputs import Comparison, Path
from luxops.policies.regular import searched


class Missing(Enum):
    """Nothing stands at a path."""

    MISSING = 0


MISSING: Final = Missing.MISSING
CONTAINERS: Final = frozenset({dict, list})
Compute = Callable[[Any], Any]
"""What stands at an input's path → the input's value, or MISSING."""


def at(value: Any, path: Path) -> Any:  # noqa: ANN401 - JSON
    """What stands below a value, by keys alone."""
    for key in path:
        if value.__class__ is not dict or key not in value:
            return MISSING
        value = value[key]
    return value


def whole(column: list[Any]) -> Any:  # noqa: ANN401 - JSON
    """The list, where nothing is missing in it."""
    return MISSING if MISSING in column else column


_METHODS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "contains": str.__contains__,
    "matches": lambda value, pattern: searched(pattern, value),
}


def compared(test: Comparison) -> Compute:
    """How one value compares, as CEL has it: what is no text equals none, and has no beginning or end."""
    operator, texts = test
    text = texts[0]
    match operator:
        case "==":
            return lambda value: value.__class__ is str and value == text
        case "!=":
            return lambda value: value.__class__ is not str or value != text
        case "in":
            return lambda value: value.__class__ is str and value in texts
        case "has":
            return lambda value: text in value if value.__class__ in CONTAINERS else MISSING
        case "size":
            return lambda value: len(value) if isinstance(value, dict | list | str) else MISSING
    method = _METHODS[operator]
    return lambda value: method(value, text) if value.__class__ is str else MISSING


def all_compared(test: Comparison) -> Callable[[Sequence[Any]], Any]:
    """How each of some values compares; MISSING where one of them cannot be compared."""
    one = compared(test)
    if test.operator in {"==", "!=", "in"}:
        return lambda values: [one(value) for value in values]
    return lambda values: whole([one(value) for value in values])
