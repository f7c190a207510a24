"""Which class each fact's values have: lets `luxops policy test` find names that no fact has."""

from __future__ import annotations

from typing import get_type_hints

from pydantic import BaseModel

from luxops.domains.hosts.facts import FACTS
from luxops.domains.network.config import RouterConfig
from luxops.domains.network.operational import Bfd, Bgp, Interfaces, Routes


def fact_shapes() -> dict[str, type[BaseModel]]:
    """Fact name → class, of hosts and routers: no name is used for both."""
    hosts = {str(fact.name): get_type_hints(fact.parse)["return"] for fact in FACTS}
    routers = {"config": RouterConfig, "interfaces": Interfaces, "bgp": Bgp, "bfd": Bfd, "routes": Routes}
    return hosts | routers
