"""A host passes packets on between its networks."""

from __future__ import annotations

from luxops.lab.breaks.interface import Bench, BreakBase, Cause

KEY = "net.ipv4.ip_forward"


class Forwarding(BreakBase):
    def apply(self, bench: Bench) -> None:
        bench.run("sysctl", "-q", "-w", f"{KEY}=1")

    def heal(self, bench: Bench) -> None:
        bench.run("sysctl", "-q", "-w", f"{KEY}=0")
        bench.run("systemctl", "restart", "systemd-sysctl")  # the kernel sets others back with it, accept_redirects for one

    def in_force(self, bench: Bench) -> bool:
        return bench.says(f"{KEY} = 1", "sysctl", KEY)


BREAK = Forwarding(
    name="forwarding",
    title="a host passes packets on between management and its zone",
    domain="hosts",
    target="chl-pacs1",
    causes=(Cause(kind="policy", target="chl-pacs1", id="kernel-no-forwarding"),),
)
