"""Everyone may write to the file that says what runs as root."""

from __future__ import annotations

from luxops.lab.breaks.interface import Bench, BreakBase, Cause

FILE = "/etc/crontab"
OPEN = 0o666


class WorldWritable(BreakBase):
    def apply(self, bench: Bench) -> None:
        bench.chmod(FILE, OPEN)

    def heal(self, bench: Bench) -> None:
        """The mode was restored with the file."""

    def in_force(self, bench: Bench) -> bool:
        return bench.mode_of(FILE) == OPEN


BREAK = WorldWritable(
    name="world-writable",
    title="everyone may write to /etc/crontab",
    domain="hosts",
    target="chl-pacs1",
    causes=(
        Cause(kind="policy", target="chl-pacs1", id="filesystem-cron"),
        Cause(kind="policy", target="chl-pacs1", id="filesystem-world-writable-files"),
    ),
    touches=(FILE,),
)
