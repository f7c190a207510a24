"""A hospital's router has an interface into another hospital's network."""

from __future__ import annotations

from typing import Final

from luxops.domains.cloud.kinds import rest
from luxops.lab.breaks.cloud.hands import SCRATCH, CloudBreak, Hands, Id, causes
from luxops.lab.breaks.interface import Bench

ROUTER: Final = "chl-dc1"
NETWORK: Final = "hrs-imaging"
SUBNET: Final = "hrs-imaging-dc1"
PORT: Final = f"{SCRATCH}-interface"


class ForeignInterface(CloudBreak):
    """By a port of its own: the subnet's first address is its own router's already."""

    def apply(self, bench: Bench) -> None:
        hands = Hands(bench)
        port = hands.found(Id("port", PORT))
        if port is None:
            body = {
                "name": PORT,
                "network_id": Id("network", NETWORK),
                "project_id": Id("project", "chl"),
                "fixed_ips": [{"subnet_id": Id("subnet", SUBNET)}],
                "port_security_enabled": False,
                "security_groups": [],
            }
            port = hands.session.send("POST", "network", "/ports", {"port": hands.filled(body)})["port"]
        if not port["device_id"]:
            self._router(hands, "add_router_interface", port["id"])

    def heal(self, bench: Bench) -> None:
        hands = Hands(bench)
        port = hands.found(Id("port", PORT))
        if port is not None and port["device_id"]:
            self._router(hands, "remove_router_interface", port["id"])
        elif port is not None:
            rest.deleted(hands.session, "network", f"/ports/{port['id']}")

    def in_force(self, bench: Bench) -> bool:
        hands = Hands(bench)
        port = hands.found(Id("port", PORT))
        return port is not None and port["device_id"] == hands.id_of(Id("router", ROUTER))

    def _router(self, hands: Hands, what: str, port: str) -> None:
        router = hands.id_of(Id("router", ROUTER))
        hands.session.send("PUT", "network", f"/routers/{router}/{what}", {"port_id": port})


BREAKS = (
    ForeignInterface(
        name="cloud-foreign-interface",
        title="a hospital's router has an interface into another hospital's network",
        target="cloud-chl",
        causes=causes("cloud-chl", f"router interface {ROUTER} to {SUBNET}", fails=("cloud-router-foreign-network",)),
    ),
)
