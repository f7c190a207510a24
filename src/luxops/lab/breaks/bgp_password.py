"""A BGP session is no longer authenticated on one side: the other side does not take it."""

from __future__ import annotations

from luxops.lab import routing
from luxops.lab.breaks.interface import Bench, BreakBase, Cause

ROUTER, OTHER = "hrs-edge2", "dc2-core1"
PROCESS, NEIGHBOUR = "router bgp 64604", "10.255.0.37"
LINE = f"neighbor {NEIGHBOUR} password"
TYPED = "/etc/frr/lab-heal.conf"


class BgpPassword(BreakBase):
    def apply(self, bench: Bench) -> None:
        bench.run("vtysh", "-c", "configure terminal", "-c", PROCESS, "-c", f"no {LINE}")
        routing.wait_for((ROUTER, OTHER), settled=False)

    def heal(self, bench: Bench) -> None:
        """The password goes from file to file: it must not stand in a process list."""
        if self.in_force(bench):
            saved = next(line for line in bench.read("/etc/frr/frr.conf").splitlines() if line.strip().startswith(LINE))
            bench.write(TYPED, f"{PROCESS}\n{saved}\nexit\n", mode=0o600)
            bench.run("vtysh", "-f", TYPED)
        bench.remove(TYPED)
        routing.wait_for((ROUTER, OTHER), settled=True)

    def in_force(self, bench: Bench) -> bool:
        running = [line.strip() for line in bench.run("vtysh", "-c", "show running-config").splitlines()]
        return PROCESS in running and not any(line.startswith(LINE) for line in running)


BREAK = BgpPassword(
    name="bgp-password",
    title="a BGP session has lost its password on one side",
    domain="network",
    target=ROUTER,
    causes=(
        Cause(kind="drift", target=ROUTER, path=f"{PROCESS}/{LINE} <secret>"),
        Cause(kind="policy", target=ROUTER, id="bgp-sessions-up"),
        Cause(kind="policy", target=OTHER, id="bgp-sessions-up"),
    ),
)
