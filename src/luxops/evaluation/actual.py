"""What a failure shows: the values that its check looked at, and what they should have been."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from luxops.policies.paths import ANY, Path, Touch, written

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


def shown_of(touches: Sequence[Touch]) -> tuple[Path, ...]:
    """Where the values stand that a check looks at."""
    paths = {touch.path for touch in touches if touch.deep}
    # Of what is only counted, the thing itself is shown, once.
    paths |= {path for path, deep in touches if not deep and path[-1] != ANY and not any(p[: len(path)] == path for p in paths)}
    return tuple(sorted(path for path in paths if path[0] != "now"))


def values_at(facts: Mapping[str, Any], paths: Sequence[Path]) -> Any:  # noqa: ANN401 - JSON
    """The one value, or path → value where there are several."""
    if len(paths) == 1:
        return _value_at(facts, paths[0])
    return {written(path): _value_at(facts, path) for path in paths}


def _value_at(plain: Mapping[str, Any], path: Path) -> Any:  # noqa: ANN401 - JSON
    """What stands at a touched path, for people: None where there is nothing; a list of values for each `ANY`."""
    here: Any = plain
    for number, key in enumerate(path):
        if key == ANY:
            elements = here.values() if isinstance(here, dict) else here if isinstance(here, list) else ()
            rest = path[number + 1 :]
            return [_value_at({"": e}, ("", *rest)) for e in elements]
        if not isinstance(here, dict):
            return None
        here = here.get(key)
    return here


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
