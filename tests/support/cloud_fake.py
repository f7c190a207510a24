"""Kinds that make and delete in a cloud in memory: for tests of what an engine does in which order, and of how it ends."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

from tests.support.cloud_graph import small
from tests.support.cloud_world import CloudWorld, Thing

from luxops.cli.cloud_work import without_deletions
from luxops.domains.cloud.changes import CloudPlan, Effect
from luxops.domains.cloud.comparing import Comparison
from luxops.domains.cloud.engines.reconcile import ReconcileEngine
from luxops.domains.cloud.kinds import BY_NAME, BY_TYPE, KINDS
from luxops.domains.cloud.kinds.interface import Properties, ResourceKind
from luxops.domains.cloud.nouns import Graph, Live, StackId
from luxops.domains.cloud.planning import plan_of
from luxops.model import Failure, FailureReason
from luxops.progress import Silent
from luxops.transports.openstack import CloudError


class Killed(BaseException):
    """The process is no more."""


@dataclass
class FakeCloud:
    """Every call is written down; any can be made to fail."""

    world: CloudWorld
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    """Verb, kind, and what it is called."""
    dies_at: int | None = None
    """Number of the call during which the process is killed."""
    too_late: bool = False
    """Whether that call has its effect all the same."""
    refuses: Callable[[str, str, str], bool] = lambda *_: False
    lock: Any = field(default_factory=threading.Lock)

    def call(self, verb: str, kind: str, name: str, effect: Callable[[], str]) -> str:
        with self.lock:
            self.calls.append((verb, kind, name))
            if self.dies_at is not None and len(self.calls) >= self.dies_at:
                if self.too_late and len(self.calls) == self.dies_at:
                    effect()
                raise Killed
            if self.refuses(verb, kind, name):
                raise CloudError(f"{verb} {kind}", Failure(reason=FailureReason.REFUSED, detail="409: in use"), status=409)
            return effect()

    def create(self, kind: str, project: str, wanted: Properties) -> str:
        return self.call("create", kind, _called(wanted), lambda: self.world.make(kind, project, wanted).id)

    def change(self, live: Live, wanted: Properties) -> None:
        self.call("change", live.kind, _called(live.properties), lambda: self._set(live, wanted))

    def delete(self, live: Live) -> None:
        self.call("delete", live.kind, _called(live.properties), lambda: self._gone(live))

    def _set(self, live: Live, wanted: Properties) -> str:
        thing = self.world.things.get((live.kind, live.id)) or Thing(live.kind, live.id, live.project, {})
        self.world.things[live.kind, live.id] = thing
        thing.properties |= wanted
        return live.id

    def _gone(self, live: Live) -> str:
        if (thing := self.world.things.get((live.kind, live.id))) is not None:
            self.world.drop(thing)
        return live.id

    def comparison(self, graph: Graph) -> Comparison:
        return Comparison(small(), graph, self.world.sweep())

    def plan(self, graph: Graph) -> tuple[Comparison, CloudPlan]:
        """As `luxops cloud up --delete` would carry it out: a stack that is declared no more is left to `destroy`."""
        comparison = self.comparison(graph)
        plan = plan_of(comparison, graph.stacks, "reconcile")
        return comparison, without_deletions(plan, graph.stacks, keep=True)

    def up(self, graph: Graph, *, workers: int = 3, protected: bool = False) -> list[Effect]:
        comparison, plan = self.plan(graph)
        return list(self.engine(comparison, workers=workers, protected=protected).up(plan, Silent()))

    def destroy(self, graph: Graph, *stacks: StackId, workers: int = 3, protected: bool = False) -> list[Effect]:
        engine = self.engine(self.comparison(graph), workers=workers, protected=protected)
        return list(engine.destroy(stacks or graph.stacks, Silent()))

    def engine(self, comparison: Comparison, *, workers: int = 3, protected: bool = False) -> ReconcileEngine:
        return ReconcileEngine(cast("Any", self), comparison, workers, protected=protected)


def _called(properties: Properties) -> str:
    return str(properties.get("name") or next(iter(properties.values())))


@contextmanager
def kinds_in_memory() -> Iterator[None]:
    """Every kind makes, changes and deletes by the FakeCloud that it is given."""
    tables = (cast("dict[str, ResourceKind]", BY_TYPE), cast("dict[str, ResourceKind]", BY_NAME))
    kept = [dict(table) for table in tables]
    try:
        for kind in KINDS:
            faked = _faked(kind)
            tables[0][kind.type] = tables[1][kind.name] = faked
        yield
    finally:
        for table, before in zip(tables, kept, strict=True):
            table.update(before)


def _faked(kind: ResourceKind) -> ResourceKind:
    def create(cloud: Any, project: str, wanted: Properties) -> str:  # noqa: ANN401 - a FakeCloud
        return str(cloud.create(kind.name, project, wanted))

    def change(cloud: Any, live: Live, wanted: Properties) -> None:  # noqa: ANN401 - a FakeCloud
        cloud.change(live, wanted)

    def delete(cloud: Any, live: Live) -> None:  # noqa: ANN401 - a FakeCloud
        cloud.delete(live)

    return replace(kind, create=create, change=change, delete=delete)
