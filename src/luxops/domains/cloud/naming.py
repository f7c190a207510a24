"""Names in place of ids, wherever a person reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from luxops.domains.cloud.nouns import Lookup, Ref

if TYPE_CHECKING:
    from luxops.domains.cloud.sweep import Sweep

_ID = re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b|\b[0-9a-f]{32}\b")
_NAMED: Final = (
    "projects",
    "users",
    "groups",
    "roles",
    "networks",
    "subnets",
    "routers",
    "security_groups",
    "ports",
    "servers",
    "volumes",
)


class Namer:
    """Knows the names of everything that a sweep has seen."""

    def __init__(self, seen: Sweep) -> None:
        self._names = {i["id"]: i["name"] for name in _NAMED for i in seen.seen.get(name, ()) if i.get("name") and i.get("id")}

    def readable(self, value: Any) -> Any:  # noqa: ANN401 - any property value
        """The value with names in place of ids, as far as they are known."""
        if isinstance(value, str):
            return _ID.sub(lambda found: self._names.get(found[0], found[0]), value)
        if isinstance(value, Ref | Lookup):
            return str(value)
        if isinstance(value, Mapping):
            return {key: self.readable(inner) for key, inner in value.items()}
        return [self.readable(inner) for inner in value] if isinstance(value, list | tuple) else value
