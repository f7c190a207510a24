"""Routers: what they should run, what they run, and how that differs."""

from luxops.domains.network.design import design_router
from luxops.domains.network.domain import NetworkDomain
from luxops.domains.network.nouns import RouterDesign
from luxops.domains.network.platforms import PLATFORMS

__all__ = ["PLATFORMS", "NetworkDomain", "RouterDesign", "design_router"]
