"""What an expression says of facts: by its Python function, or by CEL where that does not know."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import cel

from luxops.evaluation.projection import Projector
from luxops.policies import Expression
from luxops.policies.paths import ANY, Path, Touch, written
from luxops.policies.quick import DOUBTS

CEL_ERRORS: Final = (LookupError, TypeError, ValueError, ArithmeticError, RuntimeError)
"""Everything that the library raises when an expression cannot be answered."""


def verdict_of(expression: Expression, facts: Mapping[str, Any]) -> bool | str:
    """True or false, or why it cannot be told. `facts`, in JSON form, are not changed."""
    if expression.quick is not None:
        try:
            answer = expression.quick(facts)
        except DOUBTS:
            pass
        else:
            if answer is True or answer is False:
                return answer
    try:
        answer = by_cel(expression, facts)
    except CEL_ERRORS as error:
        return f"the check could not be evaluated: {_told(error, expression.touches, facts)}"
    if answer is True or answer is False:
        return answer
    return f"the check could not be evaluated: it gave {type(answer).__name__}, not true or false"


def value_of(expression: Expression, facts: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Whatever it gives; None where it gives nothing."""
    if expression.quick is not None:
        try:
            return expression.quick(facts)
        except DOUBTS:
            pass
    try:
        return _in_order(by_cel(expression, facts))
    except CEL_ERRORS:
        return None


def by_cel(expression: Expression, facts: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """The answer by CEL itself. Raises one of `CEL_ERRORS`."""
    context = cel.Context()
    for name, value in _projector(expression.touches).wanted(facts).items():
        context.add_variable(name, value)
    return expression.program.execute(context)


@lru_cache(maxsize=1024)
def _projector(touches: tuple[Touch, ...]) -> Projector:
    return Projector(touches)


def _in_order(value: Any) -> Any:  # noqa: ANN401 - JSON
    """CEL goes over a map in any order, and the same evidence must show the same."""
    return sorted(map(_in_order, value), key=_canonical) if isinstance(value, list) else value


def _canonical(value: Any) -> str:  # noqa: ANN401 - JSON
    return json.dumps(value, sort_keys=True, default=str)


def _told(error: Exception, touches: tuple[Touch, ...], facts: Mapping[str, Any]) -> str:
    if isinstance(error, KeyError):
        key = error.args[0] if error.args else None
        missing = next((path for path in map(_sought, touches) if _missing(facts, path) == key), None)
        return f"there is no {error if missing is None else written(missing)}"
    return str(error).partition("\n")[0] or type(error).__name__


def _sought(touch: Touch) -> Path:
    """What must be there for the touched part to be."""
    if ANY in touch.path:
        return touch.path[: touch.path.index(ANY)]
    return touch.path if touch.deep else touch.path[:-1]  # of `has(a.b)`, a


def _missing(facts: Mapping[str, Any], path: Path) -> str | None:
    """The first key of the path that is not there."""
    here: Any = facts
    for key in path:
        if not isinstance(here, dict) or key not in here:
            return key
        here = here[key]
    return None
