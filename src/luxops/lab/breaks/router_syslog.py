"""A router no longer tells the log servers what it does."""

from __future__ import annotations

from luxops.lab.breaks.interface import Bench, BreakBase, Cause

FILE = "/etc/rsyslog.d/luxops.conf"


class RouterSyslog(BreakBase):
    def apply(self, bench: Bench) -> None:
        lines = bench.read(FILE).splitlines(keepends=True)
        bench.write(FILE, "".join(lines[:-1]))
        bench.run("systemctl", "restart", "rsyslog")

    def heal(self, bench: Bench) -> None:
        bench.run("systemctl", "restart", "rsyslog")

    def in_force(self, bench: Bench) -> bool:
        return len(bench.read(FILE).splitlines()) == 1


BREAK = RouterSyslog(
    name="router-syslog",
    title="a log server was taken out of a router's configuration",
    domain="network",
    target="dc2-core1",
    causes=(
        Cause(kind="drift", target="dc2-core1", path=f"file {FILE}/*.* @@10.250.1.10:514"),
        Cause(kind="policy", target="dc2-core1", id="router-logs-leave"),
    ),
    touches=(FILE,),
)
