"""A host is off."""

from __future__ import annotations

from luxops.lab import cgroups, instance, reach
from luxops.lab.breaks.interface import Bench, BreakBase, Cause


class HostDown(BreakBase):
    def apply(self, bench: Bench) -> None:
        cgroups.stop([bench.target])

    def heal(self, bench: Bench) -> None:
        if bench.runs():
            return
        cgroups.stop([bench.target])
        cgroups.remove(bench.target)
        instance.boot(bench.state, bench.target)
        reach.wait_for({bench.target: bench.is_up}, 60, lambda _: None)

    def in_force(self, bench: Bench) -> bool:
        return not bench.runs()


BREAK = HostDown(
    name="host-down",
    title="a host is off",
    domain="hosts",
    target="chl-pacs1",
    causes=(Cause(kind="unknown", target="chl-pacs1", reason="unreachable"),),
)
