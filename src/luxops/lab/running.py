"""Whether a lab is up on this machine, and the settings that reach it. Imports nothing that every command would pay for."""

from __future__ import annotations

import json
from pathlib import Path

from luxops.settings import Settings

NAMESPACES = Path("/run/netns")
MANAGEMENT = "luxops-mgmt"
SWITCH = "luxops-ovn"
"""Namespace of the cloud's switch."""
CLOUD = "lab"
"""The cloud's name in the lab's `clouds.yaml`."""
CLOUD_PART = "cloud-"
"""Begins the name of each of the cloud's cgroups."""


def space_id(name: str) -> int | None:
    """Inode of a namespace: names it uniquely among all that exist. None where there is none."""
    try:
        return (NAMESPACES / name).stat().st_ino
    except OSError:
        return None


def management_id() -> int | None:
    """Inode of the management namespace, or None."""
    return space_id(MANAGEMENT)


def active(settings: Settings) -> Settings | None:
    """The settings with everything replaced that reaches the lab of `settings.lab.state`; None where it is not up.

    A lab of another folder, one that a killed `up` left half done, or one that another user runs does not count. Where only
    a part of the lab is up, nothing else is reached in the place of the other part.
    """
    state = settings.lab.state.absolute()
    instances, in_cloud = instances_stand(state), cloud_stands(state)
    if not (instances or in_cloud):
        return None
    connection = settings.connection.model_copy(
        update={
            "keys": (state / "keys/luxops",),
            "agent": False,
            "known_hosts": state / "known_hosts",
            "ssh_config": Path("/dev/null"),
            "network_namespace": MANAGEMENT,
        }
    )
    cloud = settings.cloud.model_copy(
        update={
            "name": CLOUD,
            "clouds_file": state / "clouds.yaml",
            "state": f"file://{state}/cloud/pulumi",
            "engine": "reconcile",
        }
    )
    domains = (*(("hosts", "network") if instances else ()), *(("cloud",) if in_cloud else ()))
    changed: dict[str, object] = {"inventory": state / "inventory", "connection": connection, "cloud": cloud}
    changed["domains"] = domains
    if "store" not in settings.model_fields_set:
        changed["store"] = settings.store.model_copy(update={"url": f"sqlite:///{state}/luxops.db"})
    return settings.model_copy(update=changed)


def instances_stand(state: Path) -> bool:
    """Whether hosts or routers were brought up here, whole, are not another lab's by now, and any of them runs."""
    return _is_noted(state / "up.json", "management", management_id()) and _lives(cloud=False)


def cloud_stands(state: Path) -> bool:
    """Whether a cloud was brought up here, its switch's namespace is still the same, and any of its services runs."""
    return _is_noted(state / "cloud.json", "space", space_id(SWITCH)) and _lives(cloud=True)


def _is_noted(note: Path, key: str, space: int | None) -> bool:
    """Whether what a note tells of is there still: under `key` it holds the inode that the part's namespace has now."""
    try:
        noted = json.loads(note.read_text()).get(key)
    except (OSError, json.JSONDecodeError):
        return False
    return noted is not None and noted == space


def _lives(*, cloud: bool) -> bool:
    """Namespaces and notes outlive processes that somebody ended from outside: such a lab is down, not unreachable."""
    from luxops.lab import cgroups  # noqa: PLC0415 - only where there may be a lab

    return any(cgroups.lives(name) for name in cgroups.names() if name.startswith(CLOUD_PART) is cloud)
