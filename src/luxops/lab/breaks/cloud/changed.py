"""A port or network of Neutron with other properties than the declared ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from luxops.lab.breaks.cloud.hands import ANYWHERE, LISTS, CloudBreak, Hands, Id, causes
from luxops.lab.breaks.interface import Bench


class Changed(CloudBreak):
    """The fields that it sets are kept as they were before."""

    thing: Id
    fields: Mapping[str, Any]

    def keep(self, bench: Bench) -> dict[str, Any]:
        there = Hands(bench).get(self.thing)
        return {name: there[name] for name in self.fields}

    def apply(self, bench: Bench) -> None:
        self._set(bench, Hands(bench).filled(self.fields))

    def heal(self, bench: Bench) -> None:
        self._set(bench, bench.kept)

    def in_force(self, bench: Bench) -> bool:
        hands = Hands(bench)
        return _says(hands.get(self.thing), hands.filled(self.fields))

    def _set(self, bench: Bench, fields: Mapping[str, Any]) -> None:
        hands = Hands(bench)
        path = f"{LISTS[self.thing.what].path}/{hands.id_of(self.thing)}"
        hands.session.send("PUT", "network", path, {self.thing.what: dict(fields)})


def _says(actual: Any, wanted: Any) -> bool:  # noqa: ANN401 - JSON values
    """Whether all that is wanted is there; Neutron adds to what it was given."""
    if isinstance(wanted, Mapping):
        return all(_says(actual.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        return len(actual) == len(wanted) and all(map(_says, actual, wanted))
    return bool(actual == wanted)


BREAKS = (
    Changed(
        name="cloud-port-groups",
        title="a server's port is in another security group",
        target="cloud-chl",
        causes=causes("cloud-chl", "security groups of port chl-pacs1/securityGroupIds"),
        thing=Id("port", "chl-pacs1"),
        fields={"security_groups": [Id("security_group", "chl-administration-dc1")]},
    ),
    Changed(
        name="cloud-port-security",
        title="port security is off, and with it every rule",
        target="cloud-mirth",
        causes=causes(
            "cloud-mirth",
            "port mirth-dc2/portSecurityEnabled",
            "security groups of port mirth-dc2/securityGroupIds",
            fails=("cloud-port-has-group", "cloud-port-security"),
        ),
        thing=Id("port", "mirth-dc2"),
        fields={"port_security_enabled": False, "security_groups": []},
    ),
    Changed(
        name="cloud-address-pair",
        title="a server may send from any address",
        target="cloud-anim",
        causes=causes(
            "cloud-anim", "port anim-dc1/allowedAddressPairs", fails=("cloud-address-pair-wide", "cloud-address-pairs")
        ),
        thing=Id("port", "anim-dc1"),
        fields={"allowed_address_pairs": [{"ip_address": ANYWHERE}]},
    ),
    Changed(
        name="cloud-network-down",
        title="a zone's network was switched off",
        target="cloud-hrs",
        causes=causes("cloud-hrs", "network hrs-dmz/adminStateUp", fails=("cloud-network-up",)),
        thing=Id("network", "hrs-dmz"),
        fields={"admin_state_up": False},
    ),
)
