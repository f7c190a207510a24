"""Names and marks, as the components use them."""

from __future__ import annotations

import pulumi

from luxops.domains.cloud.names import HUB, MANAGEMENT, hub_of, network_of, router_of, zone_at
from luxops.domains.cloud.nouns import mark_of_stack

__all__ = ["HUB", "MANAGEMENT", "described", "hub_of", "network_of", "own_tag", "router_of", "zone_at"]

DESCRIPTION_MAX = 255
"""Characters that Neutron keeps."""


def own_tag() -> str:
    """The tag of the stack at work."""
    return mark_of_stack(pulumi.get_project(), pulumi.get_stack())


def described(text: str) -> str:
    """A rule's description: whose it is, for rules have no tags, and as much of the text as Neutron keeps."""
    text = f"{own_tag()} {text}".rstrip()
    return text if len(text) <= DESCRIPTION_MAX else text[: DESCRIPTION_MAX - 1] + "…"
