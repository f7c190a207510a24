"""Desired beside actual, line by line, with what differs inside a line marked."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from luxops.reports.text import VALUE_LIMIT, bounded, plural, visible

LINE_LIMIT = 60
"""Lines of one difference that a page shows."""
CONTEXT_LINES = 3
"""Equal lines that are kept above the first difference of a long text."""
CONTEXT_CHARACTERS = 80
"""The same within a long line."""
_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
_TOKEN_LIMIT = 400
"""Longer lines are marked as a whole: comparing them word by word costs quadratic time."""


class Part(NamedTuple):
    text: str
    differs: bool


class Row(NamedTuple):
    """One line on each side; a side without a line is None."""

    desired: tuple[Part, ...] | None
    actual: tuple[Part, ...] | None


def side_by_side(desired: str | None, actual: str | None) -> list[Row]:
    """Rows for both texts, None being a text that is not there. What is left out, above and below, is said.

    Long texts are cut around their first difference, so that what differs always shows.
    """
    left, right = _lines(desired), _lines(actual)
    above = max(0, _common(left, right) - CONTEXT_LINES)
    rows = [_note(f"… {plural(above, 'equal line')} above")] if above else []
    below = max(len(left), len(right)) - above - LINE_LIMIT
    left, right = left[above : above + LINE_LIMIT], right[above : above + LINE_LIMIT]
    for tag, a, b, c, d in difflib.SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if tag == "equal":
            rows += [_note(visible(bounded(x))) for x in left[a:b]]
        else:
            rows += _changed(left[a:b], right[c:d])
    return [*rows, _note(f"… (cut: {plural(below, 'more line')})")] if below > 0 else rows


def _lines(text: str | None) -> list[str]:
    return [] if text is None else text.split("\n")


def _common(left: Sequence[object], right: Sequence[object]) -> int:
    """How many elements both begin with."""
    return next((i for i, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right)))


def _note(text: str) -> Row:
    return Row((Part(text, differs=False),), (Part(text, differs=False),))


def _changed(left: list[str], right: list[str]) -> Iterator[Row]:
    for i in range(max(len(left), len(right))):
        one = left[i] if i < len(left) else None
        other = right[i] if i < len(right) else None
        if one is None or other is None:
            yield Row(_whole(one), _whole(other))
        else:
            yield Row(*_marked(one, other))


def _whole(line: str | None) -> tuple[Part, ...] | None:
    return None if line is None else (Part(visible(bounded(line)), differs=True),)


def _marked(one: str, other: str) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    skipped = max(0, _common(one, other) - CONTEXT_CHARACTERS) if max(len(one), len(other)) > VALUE_LIMIT else 0
    one, other = (("…" if skipped else "") + visible(bounded(text[skipped:])) for text in (one, other))
    a, b = _TOKEN.findall(one), _TOKEN.findall(other)
    if max(len(a), len(b)) > _TOKEN_LIMIT:
        return (Part(one, differs=True),), (Part(other, differs=True),)
    left, right = [], []
    for tag, i, j, k, m in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if i < j:
            left.append(Part("".join(a[i:j]), differs=tag != "equal"))
        if k < m:
            right.append(Part("".join(b[k:m]), differs=tag != "equal"))
    return tuple(left), tuple(right)
