"""Names that expressions may use beside a policy's facts."""

from __future__ import annotations

from typing import Final

BUILT_IN: Final = frozenset({"target", "now"})
"""`target`: {id, kind, hospital, labels}. `now`: epoch seconds of the start of the day on which targets are judged."""
