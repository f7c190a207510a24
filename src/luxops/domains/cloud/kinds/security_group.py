"""Security groups. A project's own `default` group is another kind: nobody can make or delete it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from luxops.domains.cloud.kinds.interface import Change, Properties, Property, text
from luxops.domains.cloud.kinds.neutron import TAGS, deleted, neutron_kind, tag, tagged
from luxops.domains.cloud.nouns import Live

if TYPE_CHECKING:
    from luxops.transports.openstack import CloudSession

DEFAULT = "default"

_PLAIN = neutron_kind(
    "security_group",
    "openstack:networking/secGroup:SecGroup",
    singular="security_group",
    collection="security_groups",
    key=("tenantId", "name"),
    properties={
        "name": Property(api="name"),
        "description": Property(api="description", canonical=text),
        "tenantId": Property(Change.REPLACE, api="project_id"),
        "stateful": Property(Change.REPLACE, api="stateful"),
        "deleteDefaultRules": Property(Change.NEVER, why="what is left of them is found as rules that nobody declared"),
        "tags": tagged(),
    },
    select=lambda item: item["name"] != DEFAULT,
    shown={"shared": "shared"},
)


_NEUTRONS_OWN = ("protocol", "port_range_min", "port_range_max", "remote_ip_prefix", "remote_group_id", "description")
"""What the rules that Neutron gives every new group say nothing of."""


def _create(cloud: CloudSession, project: str, wanted: Properties) -> str:
    """Marked last: what has no mark yet was not finished."""
    made = _PLAIN.create(cloud, project, {name: value for name, value in wanted.items() if name != TAGS})
    _finish(cloud, made, wanted)
    tag(cloud, "/security-groups", made, wanted)
    return made


def _change(cloud: CloudSession, live: Live, wanted: Properties) -> None:
    if not live.tags:
        _finish(cloud, live.id, wanted)
    _PLAIN.change(cloud, live, wanted)


def _finish(cloud: CloudSession, group: str, wanted: Properties) -> None:
    """Without the rules that Neutron gives every new group: leave for everything outgoing."""
    if wanted.get("deleteDefaultRules"):
        parameters = {"security_group_id": group, "direction": "egress"}
        for rule in cloud.listed("network", "/security-group-rules", "security_group_rules", parameters=parameters):
            if not any(rule.get(name) for name in _NEUTRONS_OWN):
                deleted(cloud, f"/security-group-rules/{rule['id']}")


KIND = replace(_PLAIN, create=_create, change=_change)
