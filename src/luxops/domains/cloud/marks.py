"""References as text, while the Pulumi SDK carries them from one resource to another."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from luxops.domains.cloud.nouns import Lookup, Ref, Urn

_BEGIN: Final = "\N{SYMBOL FOR START OF TEXT}"
_END: Final = "\N{SYMBOL FOR END OF TEXT}"


class MarkError(ValueError):
    """A program has built a text out of a reference: what it would be cannot be known before the cloud has answered."""


def mark_of(reference: Ref | Lookup) -> str:
    """The text that stands for a reference."""
    return f"{_BEGIN}{type(reference).__name__}{json.dumps(reference)}{_END}"


def unmarked(value: Any) -> Any:  # noqa: ANN401 - any property value
    """The value with its references for their marks. Raises MarkError for a mark inside a longer text."""
    if isinstance(value, str):
        return _reference(value) if _BEGIN in value else value
    if isinstance(value, Mapping):
        return {key: unmarked(inner) for key, inner in value.items() if not key.startswith("__")}
    if isinstance(value, list | tuple):
        return [unmarked(inner) for inner in value]
    # Numbers cross the SDK as floating point.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _reference(text: str) -> Ref | Lookup:
    if not text.startswith(_BEGIN) or text.find(_END) != len(text) - 1:
        raise MarkError("a property is a text made out of another resource's id")
    body = text[1:-1]
    if body.startswith("Ref"):
        urn, output = json.loads(body.removeprefix("Ref"))
        return Ref(Urn(urn), output)
    function, arguments, output = json.loads(body.removeprefix("Lookup"))
    return Lookup(function, tuple((key, argument) for key, argument in arguments), output)
