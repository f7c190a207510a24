"""Whose affair an object is. Not always whose it says: what an administrator adds by hand is in the administrator's project."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from luxops.domains.cloud.nouns import Live, ProjectId

if TYPE_CHECKING:
    from luxops.domains.cloud.sweep import Sweep

_OF_ANOTHER: Final = {"share": "objectId", "floating_ip": "portId", "security_group_rule": "securityGroupId"}
"""Kinds that are about an object of another kind → the property that leads to it: it matters to whom that belongs."""
_OTHERS: Final = ("networks", "security_groups", "subnetpools", "address_groups", "ports")


class Owners:
    """Knows to which project everything in a sweep matters."""

    def __init__(self, seen: Sweep) -> None:
        self._projects: Mapping[str, str] = {i["id"]: i["project_id"] for name in _OTHERS for i in seen.seen.get(name, ())}

    def project_of(self, live: Live) -> ProjectId:
        """Id of the project that it is in, or whose affairs it changes; nothing for what concerns no project."""
        about = self._projects.get(str(live.properties.get(_OF_ANOTHER.get(live.kind, ""))))
        return ProjectId(str(live.properties.get("projectId") or about or live.project))
