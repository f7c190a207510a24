"""An answer that a script on the host meddles with: what stands in sshd's way, shared by the breaks that need it."""

from __future__ import annotations

from luxops.lab.breaks.interface import Bench, BreakBase

FILE = "/etc/ssh/sshd_config.d/90-session.conf"


class ForcedCommand(BreakBase):
    """luxops' session runs `script` in place of what was asked, which is in SSH_ORIGINAL_COMMAND."""

    script: str
    marker: str = "/usr/local/bin/session"

    def apply(self, bench: Bench) -> None:
        bench.write(self.marker, f"#!/bin/sh\n{self.script}\n", mode=0o755)
        bench.write(FILE, f"Match User luxops\n    ForceCommand {self.marker}\n", mode=0o600)
        bench.run("sshd", "-t")
        bench.run("systemctl", "reload", "ssh")

    def heal(self, bench: Bench) -> None:
        bench.run("systemctl", "reload", "ssh")

    def in_force(self, bench: Bench) -> bool:
        return bench.says(f"forcecommand {self.marker}", "sshd", "-T", "-C", "user=luxops")
