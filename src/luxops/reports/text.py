"""Text for readers: whatever a target sent made visible and bounded, values and shares in one form everywhere."""

from __future__ import annotations

import json
import math
import unicodedata
from datetime import datetime
from typing import Any

from luxops.model import Responsibility, Totals
from luxops.model.policy import Remediation

VALUE_LIMIT = 1200
"""Characters of one value that a page shows."""
ITEM_LIMIT = 20
"""Elements of a list or mapping that a page shows."""
_COMBINING_LIMIT = 3
"""Combining marks in a row; more only serve to bury the text around them."""
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
"""Control, format (bidirectional overrides, zero-width), unassigned, private, surrogate, line and paragraph separator."""

NOTHING = "—"


def visible(text: str, *, lines: bool = False) -> str:
    """Every character that would hide, reorder or break text as its code: `⟨U+202E⟩`. `lines`: line feeds are kept.

    The result is valid in XML 1.0 and in UTF-8, whatever came in.
    """
    if text.isascii() and text.isprintable():
        return text
    shown = []
    marks = 0
    for char in text:
        category = unicodedata.category(char)
        marks = marks + 1 if category.startswith("M") else 0
        if char == "\n" and lines:
            shown.append(char)
        elif category in _HIDDEN_CATEGORIES or marks > _COMBINING_LIMIT:
            shown.append(f"⟨U+{ord(char):04X}⟩")
        else:
            shown.append(char)
    return "".join(shown)


def bounded(text: str, limit: int = VALUE_LIMIT) -> str:
    """At most `limit` characters of it; a cut is said, with how long the whole is."""
    return text if len(text) <= limit else f"{text[:limit]}… (cut: {len(text):,} characters in all)"


def shown(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """A JSON value as a reader sees it: a mapping as `key = value` lines, a list as lines, strings in mappings quoted."""
    match value:
        case None:
            return NOTHING
        case str():
            lines = [value]
        case {"$unreadable": str(reason)} if len(value) == 1:
            lines = [f"unreadable: {reason}"]
        case dict() if value:
            lines = [f"{key} = {_compact(value[key])}" for key in sorted(value, key=str)]
        case list() | tuple() if value:
            lines = [item if isinstance(item, str) else _compact(item) for item in value]
        case _:
            lines = [_compact(value)]
    text = "\n".join(bounded(line, VALUE_LIMIT // 2) for line in lines[:ITEM_LIMIT])
    if len(lines) > ITEM_LIMIT:
        text += f"\n… {len(lines) - ITEM_LIMIT:,} more of {len(lines):,}"
    return visible(bounded(text), lines=True)


def _compact(value: Any) -> str:  # noqa: ANN401 - any JSON value
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


def share(part: int, whole: int) -> str:
    """`97.5 %` with a space that does not break, rounded down: 100 % is said of the whole alone. Of nothing: `—`."""
    if not whole:
        return NOTHING
    tenths = math.floor(1000 * part / whole) if part < whole else 1000
    number = f"{tenths // 10}" if tenths % 10 == 0 else f"{tenths / 10:.1f}"
    return f"{number}\N{NO-BREAK SPACE}%"


def score(totals: Totals) -> str:
    """Share of PASS among PASS, FAIL and UNKNOWN: UNKNOWN counts against it."""
    return share(totals.PASS, totals.PASS + totals.FAIL + totals.UNKNOWN)


def best_score(totals: Totals) -> str:
    """The score if everything UNKNOWN turned out to pass."""
    return share(totals.PASS + totals.UNKNOWN, totals.PASS + totals.FAIL + totals.UNKNOWN)


def moment(time: datetime | None) -> str:
    """`2026-03-09 07:15 UTC`."""
    return f"{time:%Y-%m-%d %H:%M} UTC" if time else "not known"


def plural(count: int, one: str, many: str = "") -> str:
    """`1 check`, `2,300 checks`; `many` where an s does not make it."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def responsible(responsibility: Responsibility) -> str:
    """Who mends it, as it stands in a sentence."""
    return {
        Responsibility.LUXITH: "Luxith",
        Responsibility.HOSPITAL: "the hospital",
        Responsibility.BOTH: "Luxith and the hospital together",
    }[responsibility]


def remedy(remediation: Remediation) -> str:
    """In words, and the playbook's role and variable where one mends it."""
    parts = [remediation.text]
    if remediation.role:
        variable = f", variable {remediation.variable}" if remediation.variable else ""
        parts.append(f"Playbook role {remediation.role}{variable}.")
    return " ".join(part for part in parts if part)


def short(digest: str) -> str:
    """`sha256:0123456789ab…`: enough to compare by eye. Machine formats carry it whole."""
    kind, _, value = digest.partition(":")
    return f"{kind}:{value[:12]}…" if len(value) > 12 else digest  # noqa: PLR2004 - twelve digits are 48 bits
