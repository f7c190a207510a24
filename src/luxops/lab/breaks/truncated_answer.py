"""A host's answer is cut in the middle."""

from __future__ import annotations

from luxops.lab.breaks.forced_command import FILE, ForcedCommand
from luxops.lab.breaks.interface import Cause

BREAK = ForcedCommand(
    name="truncated-answer",
    title="the answer is cut after 20,000 bytes",
    domain="hosts",
    target="mirth-dc2",
    causes=(Cause(kind="unknown", target="mirth-dc2", reason="malformed"),),
    touches=(FILE, "/usr/local/bin/session"),
    script='/bin/sh -c "$SSH_ORIGINAL_COMMAND" | head -c 20000',
)
