"""The hardware below a cloud: hypervisors and storage pools, by availability zone."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from luxops.domains.cloud.capacity import Amount
from luxops.transports.openstack import CloudError

if TYPE_CHECKING:
    from luxops.transports.openstack import CloudSession

Json = Any


class Hardware(NamedTuple):
    """What Nova and Cinder say of their machines."""

    hypervisors: Sequence[Json]
    zone_of_host: Mapping[str, str]
    """Nova's compute hosts → availability zone."""
    pools: Sequence[Json]
    zone_of_backend: Mapping[str, str]
    """Cinder's `host@backend` → availability zone."""
    why_no_machines: str = ""
    """Why hypervisors could not be listed, or placed; nothing where they were."""
    why_no_pools: str = ""

    @property
    def zones(self) -> frozenset[str]:
        """Every zone that has hardware."""
        return frozenset(self.zone_of_host.values()) | frozenset(self.zone_of_backend.values())

    def hypervisors_in(self, zone: str) -> list[Json]:
        return [m for m in self.hypervisors if self.zone_of_host.get(m["service"]["host"]) == zone]

    def pools_in(self, zone: str) -> Amount:
        """Space that volumes are promised, out of what the pools hold."""
        if self.why_no_pools:
            return Amount(why=self.why_no_pools)
        found = [p["capabilities"] for p in self.pools if self.zone_of_backend.get(p["name"].partition("#")[0]) == zone]
        whole = [_number(pool.get("total_capacity_gb")) for pool in found]
        taken = [_number(pool.get("provisioned_capacity_gb", pool.get("allocated_capacity_gb"))) for pool in found]
        if any(size is None for size in (*whole, *taken)):
            return Amount(why="a storage pool does not tell its size")
        return Amount(used=math.ceil(sum(filter(None, taken))), limit=math.floor(sum(filter(None, whole))))


def _number(value: Json) -> float | None:
    """Cinder says `infinite` or `unknown` of pools that do not know."""
    return float(value) if isinstance(value, int | float) else None


def look_at_hardware(cloud: CloudSession) -> Hardware:
    """Four lists; each that fails makes what it says unknown, and nothing else."""
    machines, no_machines = _asked(lambda: cloud.listed("compute", "/os-hypervisors/detail", "hypervisors"))
    services, no_hosts = _asked(lambda: cloud.listed("compute", "/os-services", "services"))
    pools, no_pools = _asked(lambda: cloud.get("volume", "/scheduler-stats/get_pools", parameters={"detail": "True"})["pools"])
    backends, no_backends = _asked(lambda: cloud.get("volume", "/os-services")["services"])
    return Hardware(
        hypervisors=machines,
        zone_of_host={service["host"]: service["zone"] for service in services if service["binary"] == "nova-compute"},
        pools=pools,
        zone_of_backend={service["host"]: service["zone"] for service in backends if service["binary"] == "cinder-volume"},
        why_no_machines=no_machines or no_hosts,
        why_no_pools=no_pools or no_backends,
    )


def _asked(ask: Callable[[], list[Json]]) -> tuple[list[Json], str]:
    try:
        return ask(), ""
    except CloudError as error:
        return [], str(error.failure)
    except (KeyError, TypeError):
        return [], "the answer has no such list"
