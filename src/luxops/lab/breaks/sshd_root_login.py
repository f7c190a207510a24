"""Root may log in over SSH."""

from __future__ import annotations

from luxops.lab.breaks.interface import Bench, BreakBase, Cause

FILE = "/etc/ssh/sshd_config.d/10-luxith.conf"


class SshdRootLogin(BreakBase):
    def apply(self, bench: Bench) -> None:
        bench.replace(FILE, "PermitRootLogin no", "PermitRootLogin yes")
        bench.run("systemctl", "reload", "ssh")

    def heal(self, bench: Bench) -> None:
        bench.run("systemctl", "reload", "ssh")

    def in_force(self, bench: Bench) -> bool:
        return bench.says("permitrootlogin yes", "sshd", "-T")


BREAK = SshdRootLogin(
    name="sshd-root-login",
    title="sshd is weakened: root may log in",
    domain="hosts",
    target="chl-pacs1",
    causes=(Cause(kind="policy", target="chl-pacs1", id="sshd-root-login"),),
    touches=(FILE,),
)
