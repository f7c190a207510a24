"""Nothing keeps the clock."""

from __future__ import annotations

from luxops.lab.breaks.interface import Bench, BreakBase, Cause

UNIT = "systemd-timesyncd"
SYNCHRONISED = "/run/systemd/timesync/synchronized"


class TimeSync(BreakBase):
    def apply(self, bench: Bench) -> None:
        bench.run("systemctl", "stop", UNIT)

    def heal(self, bench: Bench) -> None:
        bench.run("systemctl", "start", UNIT)
        bench.run("timeout", "30", "sh", "-c", f"until test -e {SYNCHRONISED}; do sleep 0.1; done")

    def in_force(self, bench: Bench) -> bool:
        return not bench.succeeds("systemctl", "is-active", "--quiet", UNIT)


BREAK = TimeSync(
    name="time-sync",
    title="the clock is no longer kept",
    domain="hosts",
    target="chl-pacs1",
    causes=(
        Cause(kind="policy", target="chl-pacs1", id="time-service"),
        Cause(kind="policy", target="chl-pacs1", id="time-synchronised"),
    ),
)
