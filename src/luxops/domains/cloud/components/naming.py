"""How things are called in the cloud. Each name is said once here, so that every stack and every reader finds the same."""

from __future__ import annotations

import pulumi

from luxops.domains.cloud.nouns import mark_of_stack


def own_tag() -> str:
    """The tag of the stack at work."""
    return mark_of_stack(pulumi.get_project(), pulumi.get_stack())


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


HUB = "hub"
"""Owner's name, in names, of the federation's own routers in the cloud."""
MANAGEMENT = "management"
DESCRIPTION_MAX = 255
"""Characters that Neutron keeps."""


def described(text: str) -> str:
    """A rule's description: whose it is, for rules have no tags, and as much of the text as Neutron keeps."""
    text = f"{own_tag()} {text}".rstrip()
    return text if len(text) <= DESCRIPTION_MAX else text[: DESCRIPTION_MAX - 1] + "…"
