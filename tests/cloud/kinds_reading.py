"""What the tests of how kinds read share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from luxops.domains.cloud.kinds import BY_NAME
from luxops.domains.cloud.nouns import Live

OWNER = "54dfb5f8d4de4af69818804eb35a1b25"
MARK = "luxops:services:mirth"


def read(name: str, **seen: list[Any]) -> list[Live]:
    """All that a kind makes of some lists; those that it needs and that are not given are empty."""
    return list(BY_NAME[name].read({**{key: [] for key in BY_NAME[name].reads}, **seen}))


def as_declared(name: str, live: Live, declared: Mapping[str, Any]) -> bool:
    """Whether nothing of what is declared differs."""
    known = BY_NAME[name].properties
    return all(known[key].canonical(value) == known[key].canonical(live.properties.get(key)) for key, value in declared.items())
