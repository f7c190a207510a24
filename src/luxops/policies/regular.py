"""Regular expressions so simple that Python's answer is CEL's."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_SET: Final = r"\[(?:[a-z]-[a-z]|[A-Z]-[A-Z]|[0-9]-[0-9]|[A-Za-z0-9_/:,.])+-?\]"
_PART: Final = rf"(?:[A-Za-z0-9_/ :,-]|\\\.|{_SET})[+*?]?"
_GROUP: Final = rf"\((?:{_PART})+(?:\|(?:{_PART})+)*\)"
_SIMPLE: Final = re.compile(rf"(?:\(\?i\))?\^?(?:{_PART}|{_GROUP})+\$?")
"""ASCII characters and sets of them, repeated; anchors at the ends alone. No group is repeated, so nothing backtracks for
long."""
MAX_REPEATS: Final = 4


@lru_cache(maxsize=256)
def simple(pattern: str) -> re.Pattern[str] | None:
    """The pattern for `search`, or None where the two languages might differ."""
    if not pattern.isascii() or not _SIMPLE.fullmatch(pattern) or sum(map(pattern.count, "+*")) > MAX_REPEATS:
        return None
    anchored = pattern[:-1] + r"\Z" if pattern.endswith("$") else pattern  # Python's `$` allows a newline after it
    try:
        return re.compile(anchored)
    except re.error:
        return None  # such as `[z-a]`, of which CEL, too, says what is wrong


def searched(pattern: str, text: str) -> bool:
    """Whether a simple pattern is anywhere in the text.

    Raises ValueError where that is left to CEL: a pattern that is not simple, or letters that have more than two cases.
    """
    found = simple(pattern)
    if found is None or (pattern.startswith("(?i)") and not text.isascii()):
        raise ValueError(f"{pattern!r} is left to CEL")
    return found.search(text) is not None
