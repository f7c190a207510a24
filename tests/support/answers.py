"""Answers of expressions, to be held against each other."""

from __future__ import annotations

from typing import Any


def ordered(value: Any) -> str:  # noqa: ANN401 - JSON, or what stands for an error
    """Equal for the same JSON: true is not 1. CEL goes over a map in any order, so lists are without theirs."""
    if isinstance(value, list):
        return f"[{', '.join(sorted(map(ordered, value)))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(sorted(f'{key!r}: {ordered(inner)}' for key, inner in value.items()))}}}"
    return repr(value)
