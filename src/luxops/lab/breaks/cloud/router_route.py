"""A router knows a way that no flow needs."""

from __future__ import annotations

from typing import Final

from luxops.lab.breaks.cloud.hands import CloudBreak, Hands, Id, causes
from luxops.lab.breaks.interface import Bench

ROUTER: Final = "chl-dc1"
HUB: Final = "10.255.10.1"
"""The hub router's address in the network between the two."""
ROUTE: Final = {"destination": "10.19.0.0/22", "nexthop": HUB}
"""To another hospital's clinical zone."""


class RouterRoute(CloudBreak):
    def apply(self, bench: Bench) -> None:
        self._do(bench, "add_extraroutes")

    def heal(self, bench: Bench) -> None:
        self._do(bench, "remove_extraroutes")

    def in_force(self, bench: Bench) -> bool:
        return ROUTE in Hands(bench).get(Id("router", ROUTER))["routes"]

    def _do(self, bench: Bench, what: str) -> None:
        router = Hands(bench).id_of(Id("router", ROUTER))
        bench.cloud.send("PUT", "network", f"/routers/{router}/{what}", {"router": {"routes": [ROUTE]}})


BREAKS = (
    RouterRoute(
        name="cloud-route",
        title="a static route to another hospital was added to a router",
        target="cloud-fibre",
        causes=causes("cloud-fibre", f"static routes of router {ROUTER}/routes"),
    ),
)
