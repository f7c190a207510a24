"""A host answers without end."""

from __future__ import annotations

from luxops.lab.breaks.forced_command import FILE, ForcedCommand
from luxops.lab.breaks.interface import Cause

BREAK = ForcedCommand(
    name="flooding-answer",
    title="the answer never ends",
    domain="hosts",
    target="chl-pacs1",
    causes=(Cause(kind="unknown", target="chl-pacs1", reason="too-large"),),
    touches=(FILE, "/usr/local/bin/session"),
    script="exec yes luxops",
)
