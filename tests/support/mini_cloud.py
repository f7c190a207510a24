"""The tiny tenant on the lab's cloud: looked at, made and taken away, as a process that can be killed.

python -m tests.support.mini_cloud NAME up|destroy
"""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

import pytest
from tests.support.mini_graph import mini

from luxops.domains.cloud.changes import CloudPlan, Effect
from luxops.domains.cloud.comparing import Comparison
from luxops.domains.cloud.engines.reconcile import ReconcileEngine
from luxops.domains.cloud.kinds import BY_NAME, BY_TYPE, KINDS
from luxops.domains.cloud.nouns import Graph, Live
from luxops.domains.cloud.planning import plan_of
from luxops.domains.cloud.sweep import sweep
from luxops.federation import load_federation
from luxops.lab.running import active
from luxops.progress import Silent
from luxops.settings import CloudSettings, Settings
from luxops.transports.openstack import CloudSession


def lab_settings() -> CloudSettings:
    """Of the lab's cloud; skips where there is none."""
    lab = active(Settings())
    if lab is None or lab.cloud.clouds_file is None or not lab.cloud.clouds_file.exists():
        pytest.skip("the lab's cloud is not up: luxops lab up cloud")
    return lab.cloud


class MiniCloud:
    """One tenant's, by its name."""

    def __init__(self, name: str, settings: CloudSettings) -> None:
        self.name, self.settings = name, settings
        self.graph = mini(name)
        self.projects: set[str] = set()
        kinds = {BY_TYPE[resource.type].name for resource in self.graph.resources.values()}
        # With all that Neutron may have left in it.
        self.kinds = [kind for kind in KINDS if kind.name in kinds | {"share", "floating_ip"}]
        self.federation = load_federation(Settings().inventory)

    def look(self, graph: Graph | None = None) -> Comparison:
        seen = sweep(CloudSession(self.settings), self.kinds)
        whole: dict[str, list[Any]] = {name: [] for kind in KINDS for name in kind.reads} | dict(seen.seen)
        return Comparison(self.federation, graph or self.graph, seen._replace(seen=whole))

    def plan(self, comparison: Comparison) -> CloudPlan:
        """Of this stack alone: what others have left is no affair of it."""
        plan = plan_of(comparison, self.graph.stacks, "reconcile")
        return plan.model_copy(update={"stacks": tuple(s for s in plan.stacks if s.stack in self.graph.stacks)})

    def up(self) -> list[Effect]:
        comparison = self.look()
        plan = self.plan(comparison)
        own = {change.urn for stack in plan.stacks for change in stack.changes if change.urn in self.graph.resources}
        changes = tuple(s.model_copy(update={"changes": tuple(c for c in s.changes if c.urn in own)}) for s in plan.stacks)
        engine = ReconcileEngine(CloudSession(self.settings), comparison)
        return list(engine.up(plan.model_copy(update={"stacks": changes}), Silent()))

    def destroy(self) -> list[Effect]:
        return list(ReconcileEngine(CloudSession(self.settings), self.look()).destroy(self.graph.stacks, Silent()))

    def own(self, comparison: Comparison) -> list[Live]:
        """What is there, declared or not, in any project that ever was its own, or with its mark."""
        self.projects |= {p["id"] for p in comparison.sweep.seen["projects"] if p["name"] == self.name}
        found = [*comparison.matched.live.values(), *comparison.matched.extra, *comparison.matched.untold]
        return [o for o in found if o.project in self.projects or o.stack in self.graph.stacks]

    def assert_whole(self) -> None:
        """The cloud equals the graph: nothing missing or different, nothing twice, nothing that nobody declared."""
        comparison = self.look()
        assert not comparison.matched.unknown
        ours = [d for d in comparison.differences if d.stack in self.graph.stacks and d.declared is not None]
        assert ours == []
        made = Counter(live.kind for live in self.own(comparison) if BY_NAME[live.kind].belongs and not _own_port(live))
        declared = Counter(BY_TYPE[r.type].name for r in self.graph.resources.values())
        assert made == Counter({kind: n for kind, n in declared.items() if BY_NAME[kind].belongs})

    def assert_gone(self) -> None:
        """Nothing of it is left."""
        comparison = self.look()
        assert not comparison.matched.unknown
        assert [(live.kind, live.name, live.project) for live in self.own(comparison)] == []


def _own_port(live: Live) -> bool:
    return live.kind == "port" and str(live.properties.get("deviceOwner", "")).startswith("network:")


if __name__ == "__main__":
    cloud = MiniCloud(sys.argv[1], lab_settings())
    effects = cloud.up() if sys.argv[2] == "up" else cloud.destroy()
    print("\n".join(f"{effect.outcome} {effect.urn} {effect.detail}" for effect in effects))  # noqa: T201 - for whoever watches
