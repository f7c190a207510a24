"""Plan of 100 routers from scratch: design, compare, steps, way back, digest; beside hier_config alone on the same texts.

"From scratch" is the most that can differ: the routers run nothing. The peer makes one direction's remediation of each router,
without phases, access lists, route filters, a way back, or anything that keeps the order safe.
"""

from __future__ import annotations

import time
from itertools import cycle, islice
from pathlib import Path

from bench.harness import Result
from hier_config import WorkflowRemediation

from luxops.domains.network.config import RouterConfig
from luxops.domains.network.drift import tree
from luxops.domains.network.planning.assembly import declared, plan_device, plan_digest, reread
from luxops.domains.network.platforms import PLATFORMS
from luxops.federation import load_federation
from luxops.model import TargetId

INVENTORY = Path(__file__).resolve().parent.parent / "inventory"
ROUTERS = 100


def run() -> list[Result]:
    federation = load_federation(INVENTORY)
    names = list(islice(cycle(TargetId(name) for name in federation.routers), ROUTERS))
    bare = {name: _bare(config) for name, config in declared(federation, dict.fromkeys(names)).items()}
    start = time.perf_counter()
    devices = []
    for name in names:  # each is designed anew, as often as it comes
        wanted = declared(federation, [name])[name]
        user = federation.file.management.user
        devices.append(plan_device(PLATFORMS[wanted.platform], name, bare[name].lines, wanted.lines, user))
    plan_digest(devices)
    ours = time.perf_counter() - start
    assert all(device.steps and device.rollback for device in devices)
    start = time.perf_counter()
    for device in devices:
        driver = PLATFORMS[bare[device.device].platform].driver
        remediation = WorkflowRemediation(tree(device.before, driver), tree(device.after, driver))
        assert list(remediation.remediation_config.all_children())
    peer = time.perf_counter() - start
    return [
        Result(
            f"plan of {ROUTERS} routers from scratch, there and back", ours, "s", budget=10,
            peer="hier_config alone, one direction", peer_value=peer,
        )
    ]  # fmt: skip


def _bare(config: RouterConfig) -> RouterConfig:
    """The router with its name and nothing else."""
    name = TargetId(config.hostname)
    start = [line for line in config.lines if line.startswith(("frr defaults ", "hostname "))]
    return reread(config.platform, start, name)
