"""A host takes the session and says nothing."""

from __future__ import annotations

from luxops.lab.breaks.forced_command import FILE, ForcedCommand
from luxops.lab.breaks.interface import Cause

BREAK = ForcedCommand(
    name="silent-answer",
    title="the session opens, and nothing comes",
    domain="hosts",
    target="hrs-his1",
    causes=(Cause(kind="unknown", target="hrs-his1", reason="timeout"),),
    touches=(FILE, "/usr/local/bin/session"),
    script="exec sleep 3600",
)
