"""A router accepts a route that is not the hospital's."""

from __future__ import annotations

from luxops.lab.breaks.interface import Cause
from luxops.lab.breaks.vtysh import Typed

LIST, RULE = "ip prefix-list CAMPUS", "seq 500 permit 10.32.0.0/16"
ENTRY = f"{LIST} {RULE}"

BREAK = Typed(
    name="prefix-list",
    title="a prefix list was widened by hand",
    domain="network",
    target="hrs-edge1",
    causes=(Cause(kind="drift", target="hrs-edge1", path=f"{LIST}/{RULE}"),),
    lines=(ENTRY,),
    undo=(f"no {ENTRY}",),
    shown=ENTRY,
)
