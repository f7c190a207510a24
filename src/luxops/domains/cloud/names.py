"""How things are called in the cloud. Each name is said once here, so that every stack and every reader finds the same."""

from __future__ import annotations

from typing import Final

HUB: Final = "hub"
"""Owner's name, in names, of the federation's own routers in the cloud."""
MANAGEMENT: Final = "management"


def network_of(owner: str, zone: str) -> str:
    """A zone's network, in both datacentres."""
    return f"{owner}-{zone}"


def zone_at(owner: str, zone: str, place: str) -> str:
    """A zone's subnet in a datacentre, and the security group of what stands there."""
    return f"{owner}-{zone}-{place}"


def router_of(owner: str, place: str) -> str:
    """The owner's router in a datacentre."""
    return f"{owner}-{place}"


def hub_of(owner: str, place: str) -> str:
    """The network between an owner's router and the hub router of a datacentre."""
    return f"{owner}-hub-{place}"
