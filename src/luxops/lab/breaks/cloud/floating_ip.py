"""A floating IP on a hospital's server. Neutron gives one only where a router leads out, so the router gets a gateway first."""

from __future__ import annotations

from typing import Any, Final

from luxops.domains.cloud.kinds import rest
from luxops.lab.breaks.cloud.hands import CloudBreak, Hands, Id, causes
from luxops.lab.breaks.interface import Bench

ROUTER: Final = "chl-dc1"
PORT: Final = "chl-pacs1"
OUTSIDE: Final = "transit-dc1"
ADDRESS: Final = "10.255.8.200"
_PATH: Final = "/floatingips"


class FloatingIp(CloudBreak):
    def apply(self, bench: Bench) -> None:
        hands = Hands(bench)
        outside = hands.id_of(Id("network", OUTSIDE))
        self._lead_out(hands, {"network_id": outside, "enable_snat": False})
        if self._there(hands) is None:
            body = {"floating_network_id": outside, "floating_ip_address": ADDRESS, "port_id": hands.id_of(Id("port", PORT))}
            hands.session.send("POST", "network", _PATH, {"floatingip": body})

    def heal(self, bench: Bench) -> None:
        hands = Hands(bench)
        if (there := self._there(hands)) is not None:
            rest.deleted(hands.session, "network", f"{_PATH}/{there['id']}")
        self._lead_out(hands, {})

    def in_force(self, bench: Bench) -> bool:
        hands = Hands(bench)
        there = self._there(hands)
        return there is not None and there["port_id"] == hands.id_of(Id("port", PORT))

    def _there(self, hands: Hands) -> Any:  # noqa: ANN401 - a JSON value
        found = hands.session.listed("network", _PATH, "floatingips", parameters={"floating_ip_address": ADDRESS})
        return found[0] if found else None

    def _lead_out(self, hands: Hands, gateway: dict[str, object]) -> None:
        router = hands.id_of(Id("router", ROUTER))
        hands.session.send("PUT", "network", f"/routers/{router}", {"router": {"external_gateway_info": gateway}})


BREAKS = (
    FloatingIp(
        name="cloud-floating-ip",
        title="a clinical server is reached from outside by a floating IP, past the hub",
        target="cloud-chl",
        causes=causes(
            "cloud-chl",
            f"floating IP {ADDRESS} on port {PORT}",
            f"router {ROUTER}/externalNetworkId",
            fails=("cloud-floating-ip", "cloud-router-gateway"),
        ),
    ),
)
