"""From what a router runs to what it should run: what is sent, in which order, and how it is undone."""

from luxops.domains.network.planning.nouns import DevicePlan, NetworkPlan, Step

__all__ = ["DevicePlan", "NetworkPlan", "Step"]
