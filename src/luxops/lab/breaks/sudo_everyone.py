"""An account may do everything as root, without a password."""

from __future__ import annotations

from luxops.lab.breaks.interface import Bench, BreakBase, Cause

FILE = "/etc/sudoers.d/90-helpdesk"
RULE = "games ALL=(ALL) NOPASSWD: ALL\n"


class SudoEveryone(BreakBase):
    def apply(self, bench: Bench) -> None:
        bench.write(FILE, RULE, mode=0o440)
        bench.run("visudo", "-c", "-q")

    def heal(self, bench: Bench) -> None:
        """Sudo reads its files at each call."""

    def in_force(self, bench: Bench) -> bool:
        return bench.exists(FILE) and bench.says("(ALL) NOPASSWD: ALL", "sudo", "-l", "-U", "games")


BREAK = SudoEveryone(
    name="sudo-everyone",
    title="an account may do everything by sudo, without a password",
    domain="hosts",
    target="anim-dc1",
    causes=(Cause(kind="policy", target="anim-dc1", id="sudo-all-without-password"),),
    touches=(FILE,),
)
