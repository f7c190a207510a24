"""Paths over the fibre network: in use, standing by, lost with what, up now.

`impact(before, after)` is what other parts ask: which flows lose their path or their spare between two networks, such as
`Network.declared(federation)` and the same `.without(element_named(federation, "duct-city-east"))`, or
`Network.configured(federation, configurations)` before and after a change, or `as_seen(network, look)` of observations.
"""

from luxops.domains.network.paths.elements import all_elements, element_named
from luxops.domains.network.paths.losses import impact, outages
from luxops.domains.network.paths.network import Network
from luxops.domains.network.paths.nouns import Cut, Element, FlowPaths, Leg, Loss, Now, Outage, Path, Weakness
from luxops.domains.network.paths.observed import Look, as_seen, routers_needed
from luxops.domains.network.paths.selecting import selected
from luxops.domains.network.paths.survey import Pair, Survey, crossing, flow_paths
from luxops.domains.network.paths.weaknesses import weaknesses

__all__ = [
    "Cut", "Element", "FlowPaths", "Leg", "Look", "Loss", "Network", "Now", "Outage", "Pair", "Path", "Survey", "Weakness",
    "all_elements", "as_seen", "crossing", "element_named", "flow_paths", "impact", "outages", "routers_needed", "selected",
    "weaknesses",
]  # fmt: skip
