"""Log lines stay on the host, where an intruder can remove them."""

from __future__ import annotations

from luxops.lab.breaks.interface import Bench, BreakBase, Cause

FILE = "/etc/rsyslog.d/50-forward.conf"


class LogForwarding(BreakBase):
    def apply(self, bench: Bench) -> None:
        bench.remove(FILE)
        bench.run("systemctl", "restart", "rsyslog")

    def heal(self, bench: Bench) -> None:
        bench.run("systemctl", "restart", "rsyslog")

    def in_force(self, bench: Bench) -> bool:
        return not bench.exists(FILE)


BREAK = LogForwarding(
    name="log-forwarding",
    title="log lines are no longer sent to the log servers",
    domain="hosts",
    target="anim-dc1",
    causes=(Cause(kind="policy", target="anim-dc1", id="logging-forwarded"),),
    touches=(FILE,),
)
