"""A route was added by hand."""

from __future__ import annotations

from luxops.lab.breaks.interface import Cause
from luxops.lab.breaks.vtysh import Typed

ROUTE = "ip route 10.32.0.0/16 10.255.0.9"

BREAK = Typed(
    name="static-route",
    title="a static route was added by hand",
    domain="network",
    target="chl-edge1",
    causes=(
        Cause(kind="drift", target="chl-edge1", path=ROUTE),
        Cause(kind="policy", target="chl-edge1", id="edge-no-static-routes"),
    ),
    lines=(ROUTE,),
    undo=(f"no {ROUTE}",),
    shown=ROUTE,
)
