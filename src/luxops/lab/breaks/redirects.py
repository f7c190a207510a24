"""Anyone on the network may tell a host another way."""

from __future__ import annotations

from luxops.lab.breaks.interface import Bench, BreakBase, Cause

KEY = "net.ipv4.conf.all.accept_redirects"


class Redirects(BreakBase):
    def apply(self, bench: Bench) -> None:
        bench.run("sysctl", "-q", "-w", f"{KEY}=1")

    def heal(self, bench: Bench) -> None:
        bench.run("sysctl", "-q", "-w", f"{KEY}=0")

    def in_force(self, bench: Bench) -> bool:
        return bench.says(f"{KEY} = 1", "sysctl", KEY)


BREAK = Redirects(
    name="redirects",
    title="ICMP redirects are followed",
    domain="hosts",
    target="mirth-dc2",
    causes=(Cause(kind="policy", target="mirth-dc2", id="kernel-no-redirects-accepted"),),
)
