"""Whether a router's sessions are up, asked from FRR inside the instance."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

from luxops.lab import reach
from luxops.lab.instance import try_inside

SECONDS = 60.0
"""BGP tries a lost session again within this time."""


def show(name: str, command: str) -> Any:  # noqa: ANN401 - whatever FRR prints
    """FRR's JSON answer; None while FRR cannot answer yet."""
    done = try_inside(name, "vtysh", "-c", f"{command} json")
    try:
        return json.loads(done.stdout) if done.returncode == 0 else None
    except json.JSONDecodeError:
        return None


def wait_for(routers: Sequence[str], *, settled: bool) -> None:
    """Until each router has all its sessions, or each lacks one. Raises LabError after SECONDS."""
    state = "all" if settled else "not all"
    checks = {f"{name} ({state} sessions up)": partial(_is, name, settled) for name in routers}
    reach.wait_for(checks, SECONDS, lambda _: None)


def _is(name: str, wanted: bool) -> bool:  # noqa: FBT001 - filled in by partial
    return settled(name) == wanted


def settled(name: str) -> bool:
    """Every BGP session is established and every BFD session up; there is at least one BGP session."""
    summary = show(name, "show bgp ipv4 unicast summary")
    peers = (summary or {}).get("peers", {})
    if not peers or any(peer["state"] != "Established" for peer in peers.values()):
        return False
    sessions = show(name, "show bfd peers")
    return sessions is not None and all(session["status"] == "up" for session in sessions)
