"""What kinds outside Neutron have in common: bodies by table, waiting, and deleting what may be gone."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from luxops.domains.cloud.kinds.interface import Change, Collection, Each, Json, Properties, Property
from luxops.model import Failure, FailureReason, Unreadable
from luxops.transports.openstack import CloudError

if TYPE_CHECKING:
    from luxops.domains.cloud.nouns import Live
    from luxops.transports.openstack import CloudSession, ServiceName

GONE: Final = 404
PATIENCE: Final = 180.0
"""Seconds that a server or volume may take to come or go."""
_PAUSE: Final = 0.25

NOT_SHOWN: Final = Unreadable(reason="the API did not show it to who asked")

PROJECTS = Collection("identity", "/projects", "projects")
PEOPLE = Collection("identity", "/groups", "groups")
USERS = Collection("identity", "/users", "users")
ASSIGNMENTS = Collection("identity", "/role_assignments", "role_assignments")
ENDPOINTS = Collection("identity", "/endpoints", "endpoints")
SERVICES = Collection("identity", "/services", "services")
CREDENTIALS = Collection("identity", "/users/{id}/application_credentials", "application_credentials", each=Each.USER)
SERVERS = Collection("compute", "/servers/detail", "servers", (("all_tenants", "True"),))
# Older ones leave out extra specs.
FLAVOURS = Collection("compute", "/flavors/detail", "flavors", (("is_public", "None"),), microversion="2.61")
OF_USERS: Final = "2.10"
"""Older ones pass over `user_id`, and answer of whoever asks."""
KEY_PAIRS = Collection("compute", "/os-keypairs", "keypairs", (("user_id", "{id}"),), each=Each.USER, microversion=OF_USERS)
COMPUTE_USE = Collection("compute", "/os-quota-sets/{id}/detail", "quota_set", each=Each.PROJECT)
HYPERVISORS = Collection("compute", "/os-hypervisors/detail", "hypervisors")
COMPUTE_SERVICES = Collection("compute", "/os-services", "services", (("binary", "nova-compute"),))
VOLUMES = Collection("volume", "/volumes/detail", "volumes", (("all_tenants", "True"),))
VOLUME_USE = Collection("volume", "/os-quota-sets/{id}", "quota_set", (("usage", "True"),), each=Each.PROJECT)
STORAGE_POOLS = Collection("volume", "/scheduler-stats/get_pools", "pools", (("detail", "true"),))
VOLUME_SERVICES = Collection("volume", "/os-services", "services")
NETWORK_USE = Collection("network", "/quotas/{id}/details", "quota", each=Each.PROJECT)
# Glance keeps other projects' community images, and all that are hidden, from whoever does not ask for them.
IMAGES = Collection("image", "/images", "images", (("visibility", "all"),))
HIDDEN_IMAGES = Collection("image", "/images", "images", (("visibility", "all"), ("os_hidden", "true")))


def body(properties: Mapping[str, Property], wanted: Properties, *, updating: bool = False) -> dict[str, Any]:
    """The declared properties by the API's names; for an update, those that can be changed."""
    return {
        known.api: wanted[name]
        for name, known in properties.items()
        if known.api and name in wanted and not (updating and known.change is not Change.UPDATE)
    }


def values(properties: Mapping[str, Property], item: Json) -> dict[str, Any]:
    """An item's fields by Pulumi's names."""
    return {name: item.get(known.api) for name, known in properties.items() if known.api}


def shown(item: Json, api: str) -> Any:  # noqa: ANN401 - a JSON value, or what stands for one
    """A field of which nobody can say what it would be where the API, or its policy, leaves it out."""
    return item.get(api, NOT_SHOWN)


def epoch(written: str | None) -> int | None:
    """Seconds since 1970 of a time as the APIs write it, always in UTC; None where there is none."""
    if not written:
        return None
    return int(datetime.fromisoformat(written.removesuffix("Z")).replace(tzinfo=UTC).timestamp())


def deleted(cloud: CloudSession, service: ServiceName, path: str, *, microversion: str = "") -> None:
    """Delete; what is gone already is as wished."""
    try:
        cloud.send("DELETE", service, path, microversion=microversion)
    except CloudError as error:
        if error.status != GONE:
            raise


def settled(ask: Callable[[], Json], wanted: str, what: str) -> Json:
    """The object once its status is as wanted. Raises CloudError where it ends in an error, or takes too long."""
    until = time.monotonic() + PATIENCE
    while True:
        found = ask()
        status = str(found["status"]).lower()
        if status == wanted:
            return found
        if status.startswith("error"):
            raise CloudError(what, Failure(reason=FailureReason.REFUSED, detail=_fault(found)))
        if time.monotonic() > until:
            detail = f"still {status} after {PATIENCE:.0f} s"
            raise CloudError(what, Failure(reason=FailureReason.TIMEOUT, detail=detail, retryable=True))
        time.sleep(_PAUSE)


def _fault(item: Json) -> str:
    return str((item.get("fault") or {}).get("message") or "it ended in status error")


def vanished(ask: Callable[[], Json], what: str) -> None:
    """Wait until an object is gone. Raises CloudError where it takes too long."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            found = ask()
        except CloudError as error:
            if error.status == GONE:
                return
            raise
        if str(found.get("status", "")).lower().startswith("error"):
            raise CloudError(what, Failure(reason=FailureReason.REFUSED, detail=_fault(found)))
        time.sleep(_PAUSE)
    raise CloudError(what, Failure(reason=FailureReason.TIMEOUT, detail=f"still there after {PATIENCE:.0f} s", retryable=True))


def unchangeable(_cloud: CloudSession, live: Live, _wanted: Properties) -> None:
    """For kinds whose every property needs another object: nothing may plan an update of them."""
    raise AssertionError(f"{live.name}: nothing of it can be changed in place")


def not_made_here(_cloud: CloudSession, _project: str, _wanted: Properties) -> str:
    """For kinds that are only watched. Raises CloudError."""
    failure = Failure(reason=FailureReason.UNSUPPORTED, detail="only whom it belongs to can make it")
    raise CloudError("make an object of a kind that is only watched", failure)


def not_deleted_here(_cloud: CloudSession, live: Live) -> None:
    """For kinds that are only watched. Raises CloudError."""
    failure = Failure(reason=FailureReason.UNSUPPORTED, detail="luxops only watches it")
    raise CloudError(f"delete {live.name}", failure)
