"""Which class each fact's values have: lets `luxops policy test` find names that no fact has."""

from __future__ import annotations

from typing import get_type_hints

from pydantic import BaseModel

from luxops.domains.cloud.facts import fact_name, shape_of
from luxops.domains.cloud.kinds import KINDS
from luxops.domains.hosts.facts import FACTS
from luxops.domains.network.backups.fact import Backup
from luxops.domains.network.config import RouterConfig
from luxops.domains.network.operational import Bfd, Bgp, Interfaces, Routes


def fact_shapes() -> dict[str, type[BaseModel]]:
    """Fact name → class, in all domains: no name is used twice."""
    hosts = {str(fact.name): get_type_hints(fact.parse)["return"] for fact in FACTS}
    routers = {"config": RouterConfig, "interfaces": Interfaces, "bgp": Bgp, "bfd": Bfd, "routes": Routes, "backup": Backup}
    cloud = {str(fact_name(kind)): shape_of(kind.name) for kind in KINDS}
    return hosts | routers | cloud
