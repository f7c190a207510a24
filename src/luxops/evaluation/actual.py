"""What a failure shows: the values that its check looked at, and what they should have been."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from luxops.evaluation.projection import value_at
from luxops.policies.inputs import ANY, Touch, written

MAX_ITEMS: Final = 20
"""Elements of a list or map that are shown."""
MAX_TEXT: Final = 300
"""Characters of a string that are shown."""
MAX_LEVELS: Final = 6

_EQUALS = re.compile(r"""[\w.\[\]"'-]+ == (?P<value>"[^"]*"|'[^']*'|-?[\d.]+|true|false|null)""")


def expected_of(check: str) -> str:
    """The literal of `path == literal`; of anything else the whole check, on one line."""
    text = " ".join(check.split())
    found = _EQUALS.fullmatch(text)
    return found["value"].strip("\"'") if found else text


def values_at(facts: Mapping[str, Any], touches: Sequence[Touch]) -> Any:  # noqa: ANN401 - JSON
    """The one value that a check looks at, or path → value where it looks at several."""
    paths = {touch.path for touch in touches if touch.deep}
    # Of what is only counted, the thing itself is shown, once.
    paths |= {path for path, deep in touches if not deep and path[-1] != ANY and not any(p[: len(path)] == path for p in paths)}
    shown = {path for path in paths if path[0] != "now"}
    if len(shown) == 1:
        return value_at(facts, next(iter(shown)))
    return {written(path): value_at(facts, path) for path in sorted(shown)}


def bounded(value: Any, level: int = 0) -> Any:  # noqa: ANN401 - JSON
    """The same JSON value, cut where it is long, and saying so."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return value if len(value) <= MAX_TEXT else f"{value[:MAX_TEXT]}… ({len(value)} characters)"
    if isinstance(value, dict | list) and level >= MAX_LEVELS:
        return "…"
    if isinstance(value, dict):
        cut = {str(key): bounded(value[key], level + 1) for key in sorted(value, key=str)[:MAX_ITEMS]}
        return {**cut, "…": f"{len(value) - MAX_ITEMS} more"} if len(value) > MAX_ITEMS else cut
    if isinstance(value, list | tuple):
        items = [bounded(v, level + 1) for v in value[:MAX_ITEMS]]
        return [*items, f"… {len(value) - MAX_ITEMS} more"] if len(value) > MAX_ITEMS else items
    return bounded(str(value))
