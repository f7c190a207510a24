"""Whether a lab is up on this machine, and the settings that reach it. Imports nothing that every command would pay for."""

from __future__ import annotations

import json
from pathlib import Path

from luxops.settings import Settings

NAMESPACES = Path("/run/netns")
MANAGEMENT = "luxops-mgmt"


def management_id() -> int | None:
    """Inode of the management namespace: names it uniquely among all that exist. None where there is none."""
    try:
        return (NAMESPACES / MANAGEMENT).stat().st_ino
    except OSError:
        return None


def active(settings: Settings) -> Settings | None:
    """The settings with everything replaced that reaches the lab of `settings.lab.state`; None where it is not up.

    A lab of another folder, one that a killed `up` left half done, or one that another user runs does not count.
    """
    state = settings.lab.state.absolute()
    try:
        note = json.loads((state / "up.json").read_text())
    except (OSError, json.JSONDecodeError):
        return None
    if note.get("management") is None or note["management"] != management_id():
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
    changed: dict[str, object] = {"inventory": state / "inventory", "connection": connection}
    if "store" not in settings.model_fields_set:
        changed["store"] = settings.store.model_copy(update={"url": f"sqlite:///{state}/luxops.db"})
    return settings.model_copy(update=changed)
