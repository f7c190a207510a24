"""Users of Keystone: people and programs that can log in. Watched by policies; the directory and OpenStack make them."""

from __future__ import annotations

from collections.abc import Iterator

from luxops.domains.cloud.kinds import rest
from luxops.domains.cloud.kinds.interface import Change, Property, ResourceKind, Seen
from luxops.domains.cloud.nouns import Live, ProjectId

_OPTIONS = {
    "multiFactor": "multi_factor_auth_enabled",
    "lockoutIgnored": "ignore_lockout_failure_attempts",
    "expiryIgnored": "ignore_password_expiry",
}
_PROPERTIES = {
    "name": Property(api="name"),
    "enabled": Property(api="enabled"),
    "domainId": Property(Change.REPLACE, api="domain_id"),
}


def _read(seen: Seen) -> Iterator[Live]:
    for item in seen["users"]:
        options = item.get("options") or {}
        properties = rest.values(_PROPERTIES, item) | {name: bool(options.get(api)) for name, api in _OPTIONS.items()}
        properties |= {"passwordExpiresEpoch": rest.epoch(item.get("password_expires_at"))}
        yield Live(kind="user", id=item["id"], project=ProjectId(""), name=item["name"], properties=properties)


KIND = ResourceKind(
    name="user",
    type="openstack:identity/user:User",
    service="identity",
    reads={"users": rest.USERS},
    read=_read,
    key=("domainId", "name"),
    properties=_PROPERTIES,
    create=rest.not_made_here,
    change=rest.unchangeable,
    delete=rest.not_deleted_here,
    belongs=False,
    shown=(*_OPTIONS, "passwordExpiresEpoch"),
)
