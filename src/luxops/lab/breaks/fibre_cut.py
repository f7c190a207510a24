"""A fibre between a hospital and a datacentre is cut."""

from __future__ import annotations

from luxops.federation import load_federation
from luxops.lab import routing, wiring
from luxops.lab.breaks.interface import Bench, BreakBase, Cause

LINK = "hrs-edge1--dc1-core1"
ENDS = ("hrs-edge1", "dc1-core1")


class FibreCut(BreakBase):
    def apply(self, bench: Bench) -> None:
        wiring.set_fibre(_ports(bench), lit=False)
        routing.wait_for(ENDS, settled=False)

    def heal(self, bench: Bench) -> None:
        wiring.set_fibre(_ports(bench), lit=True)
        routing.wait_for(ENDS, settled=True)

    def in_force(self, bench: Bench) -> bool:
        return not bench.succeeds("grep", "-q", "1", "/sys/class/net/fib-dc1/carrier")


def _ports(bench: Bench) -> tuple[str, ...]:
    federation = load_federation(bench.state.inventory)
    return wiring.plan(federation, (), tuple(federation.routers)).fibres[LINK]


BREAK = FibreCut(
    name="fibre-cut",
    title="a hospital's first fibre is cut",
    domain="network",
    target="hrs-edge1",
    causes=tuple(
        Cause(kind="policy", target=router, id=policy)
        for router in ENDS
        for policy in ("interfaces-up", "bgp-sessions-up", "bfd-sessions-up")
    ),
)
