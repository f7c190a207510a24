"""A BGP session was shut by hand."""

from __future__ import annotations

from luxops.lab.breaks.interface import Cause
from luxops.lab.breaks.vtysh import Typed

NEIGHBOUR = "10.255.0.13"

BREAK = Typed(
    name="bgp-shutdown",
    title="a BGP session is shut",
    domain="network",
    target="chl-edge2",
    causes=(
        Cause(kind="drift", target="chl-edge2", path=f"router bgp 64601/neighbor {NEIGHBOUR} shutdown"),
        Cause(kind="policy", target="chl-edge2", id="bgp-sessions-not-shut"),
        Cause(kind="policy", target="dc2-core1", id="bgp-sessions-up"),
    ),
    lines=("router bgp 64601", f"neighbor {NEIGHBOUR} shutdown"),
    undo=("router bgp 64601", f"no neighbor {NEIGHBOUR} shutdown"),
    shown=f"neighbor {NEIGHBOUR} shutdown",
    sessions=("chl-edge2", "dc2-core1"),
)
