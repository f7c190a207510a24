"""A second account has number 0."""

from __future__ import annotations

from luxops.lab.breaks.interface import Bench, BreakBase, Cause

PASSWD, SHADOW = "/etc/passwd", "/etc/shadow"


class SecondRoot(BreakBase):
    def apply(self, bench: Bench) -> None:
        bench.append(PASSWD, "toor:x:0:0:spare:/root:/usr/sbin/nologin\n")
        bench.append(SHADOW, "toor:*:19700:1:90:14:::\n")

    def heal(self, bench: Bench) -> None:
        """Accounts are read from their files each time."""

    def in_force(self, bench: Bench) -> bool:
        return bench.succeeds("getent", "passwd", "toor")


BREAK = SecondRoot(
    name="second-root",
    title="a second account has number 0",
    domain="hosts",
    target="mirth-dc2",
    causes=(
        Cause(kind="policy", target="mirth-dc2", id="accounts-only-root-is-root"),
        Cause(kind="policy", target="mirth-dc2", id="accounts-unique"),
    ),
    touches=(PASSWD, SHADOW),
)
