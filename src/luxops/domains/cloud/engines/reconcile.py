"""The `reconcile` engine: the declared graph against the live cloud, without a state file.

It looks before it acts, so it can be killed anywhere and run again: what an interrupted run has made is found by its name, in
its project, and is the one that was meant. It deletes what carries its own mark, and only what the plan says.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any, NamedTuple

from luxops.domains.cloud.changes import CloudPlan, Effect, Operation, Outcome, PlannedChange
from luxops.domains.cloud.comparing import Comparison
from luxops.domains.cloud.doom import doomed_with, order_of
from luxops.domains.cloud.kinds import BY_TYPE
from luxops.domains.cloud.kinds.interface import ResourceKind
from luxops.domains.cloud.matching import in_order, kind_of
from luxops.domains.cloud.nouns import Declared, Live, Lookup, Ref, StackId, Urn, references
from luxops.errors import UsageError
from luxops.model import TargetId
from luxops.transports.openstack import CloudError

if TYPE_CHECKING:
    from luxops.progress import Progress
    from luxops.transports.openstack import CloudSession

Work = Callable[[], object]
Key = tuple[Urn, str]
"""Of a replacement there are two: `delete` and `make`."""


Done = tuple[Outcome, str, float]
"""What came of it, why, and after how many seconds."""


class Task(NamedTuple):
    """One thing to do, once others are done."""

    key: Key
    stack: StackId
    op: Operation
    needs: frozenset[Key]
    """Where one of these fails, it is not tried."""
    work: Work
    after: frozenset[Key] = frozenset()
    """It waits for these, whatever comes of them."""


class Queue:
    """Tasks in the order of what waits for what."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self.waiting = {task.key: task for task in tasks}
        self._ahead = {t.key: {key for key in t.needs | t.after if key in self.waiting} for t in tasks}
        self._behind: dict[Key, list[Key]] = {}
        for key, ahead in self._ahead.items():
            for other in ahead:
                self._behind.setdefault(other, []).append(key)
        self._ready = deque(key for key, ahead in self._ahead.items() if not ahead)
        self._failed: dict[Key, Urn] = {}

    def next(self, *, idle: bool) -> Task | None:
        """One that can begin. `idle`: nothing is under way, so what is left then waits for itself, and is let go."""
        if self._ready:
            return self.waiting.pop(self._ready.popleft())
        if not (idle and self.waiting):
            return None
        key, task = self.waiting.popitem()
        self._failed[key] = key[0]
        return task._replace(needs=frozenset({key}))

    def lost(self, task: Task) -> Urn | None:
        """What has failed of what it needs."""
        return next((self._failed[need] for need in task.needs if need in self._failed), None)

    def ended(self, task: Task, failed: Urn | None) -> None:
        """It is over; `failed`: what was to blame, where it did not succeed."""
        if failed is not None:
            self._failed[task.key] = failed
        for key in self._behind.get(task.key, ()):
            self._ahead[key].discard(task.key)
            if not self._ahead[key] and key in self.waiting:
                self._ready.append(key)


class ReconcileEngine:
    """Works on one comparison: what the plan was made from."""

    name = "reconcile"

    def __init__(self, cloud: CloudSession, comparison: Comparison, workers: int = 4, *, protected: bool = False) -> None:
        """`protected`: whether protected objects may be deleted and replaced."""
        self._cloud = cloud
        self._comparison = comparison
        self._workers = workers
        self._protected = protected
        self._ids: dict[Urn, str] = dict(comparison.matched.ids)

    def up(self, plan: CloudPlan, progress: Progress) -> Iterator[Effect]:
        """Make the planned stacks as declared. Raises UsageError for a plan of another declaration, or of protected objects."""
        if plan.graph != self._comparison.graph.digest:
            raise UsageError("The plan is of another declaration", why="the inventory has changed since", remedy="Plan again.")
        changes = {c.urn: (stack.stack, c) for stack in plan.stacks for c in stack.changes if c.op is not Operation.UNMANAGED}
        self._refuse_protected(change for _, change in changes.values() if change.op in {Operation.REPLACE, Operation.DELETE})
        yield from self._carried_out(list(self._tasks(changes)), progress)

    def destroy(self, stacks: Sequence[StackId], progress: Progress) -> Iterator[Effect]:
        """Take away what these stacks own, last made first. Raises UsageError where others stand on it."""
        doomed = doomed_with(self._comparison, stacks)
        self._refuse(sorted(found.live.name for found in doomed.values() if found.protected))
        order = order_of(self._comparison.graph, {urn: found.kind.name for urn, found in doomed.items()})
        tasks = [self._going(urn, f.stack, Operation.DELETE, order[urn], f.kind, f.live) for urn, f in doomed.items()]
        yield from self._carried_out(tasks, progress)

    # What is to be done

    def _tasks(self, changes: Mapping[Urn, tuple[StackId, PlannedChange]]) -> Iterator[Task]:
        graph = self._comparison.graph
        going = {Operation.REPLACE, Operation.DELETE}
        deletes = {urn: BY_TYPE[change.type].name for urn, (_, change) in changes.items() if change.op in going}
        order = order_of(graph, deletes)
        updates = self._free_updates({urn: change.op for urn, (_, change) in changes.items()})
        for urn, (stack, change) in changes.items():
            if urn in deletes:
                task = self._going(urn, stack, change.op, order[urn], BY_TYPE[change.type], self._live(urn, change))
                # A route leads through an interface that goes: the declared objects let go first.
                yield task if urn in graph.resources else task._replace(after=task.after | updates)
            if change.op is not Operation.DELETE:
                declared = graph.resources[urn]
                needs = {(other, "make") for other in declared.depends_on if other in changes}
                needs |= {(urn, "delete")} if urn in deletes else set()
                work = self._changing(declared) if change.op is Operation.UPDATE else self._making(declared)
                yield Task((urn, "make"), stack, change.op, frozenset(needs), work)

    def _free_updates(self, ops: Mapping[Urn, Operation]) -> frozenset[Key]:
        """Updates that wait for no deletion themselves."""
        bound: set[Urn] = set()
        for urn in in_order(self._comparison.graph):
            needs = self._comparison.graph.resources[urn].depends_on
            if urn in ops and (ops[urn] is Operation.REPLACE or any(need in bound for need in needs)):
                bound.add(urn)
        return frozenset((urn, "make") for urn, op in ops.items() if op is Operation.UPDATE and urn not in bound)

    def _going(self, urn: Urn, stack: StackId, op: Operation, before: frozenset[Urn], kind: ResourceKind, live: Live) -> Task:
        """What is known to stand on it must be gone; of what nobody declared, nobody knows: the cloud refuses if it does."""
        declared = self._comparison.graph.resources
        keys = {other: (other, "delete") for other in before}
        needs = frozenset(key for other, key in keys.items() if other in declared)
        after = frozenset(keys.values()) - needs
        return Task((urn, "delete"), stack, op, needs, lambda: kind.delete(self._cloud, live), after)

    def _live(self, urn: Urn, change: PlannedChange) -> Live:
        """A declared object, or one that is no longer declared."""
        matched, kind = self._comparison.matched, BY_TYPE[change.type]
        found = matched.live.get(urn)
        return found or next(other for other in matched.extra if other.kind == kind.name and other.id == change.live_id)

    # What may not be done

    def _refuse_protected(self, changes: Iterable[PlannedChange]) -> None:
        names = sorted(change.name for change in changes if change.protected)
        self._refuse(names)

    def _refuse(self, names: Sequence[str]) -> None:
        if names and not self._protected:
            raise UsageError(
                f"{len(names)} protected objects would be deleted: {', '.join(names[:6])}{' …' if len(names) > 6 else ''}",  # noqa: PLR2004 - a line's worth
                why="data or the way to it would be lost",
                remedy="Where that is meant, say so: --protected.",
            )

    # Doing it

    def _carried_out(self, tasks: Sequence[Task], progress: Progress) -> Iterator[Effect]:
        """In the order of what needs what, several at once. Where it is stopped, what is under way ends and is told."""
        queue = Queue(tasks)
        running: dict[Future[Done], Task] = {}
        progress.started(self.name, len(tasks))
        with ThreadPoolExecutor(self._workers) as pool:
            try:
                while queue.waiting or running:
                    yield from self._started(queue, running, pool, progress)
                    done, _ = wait(running, return_when=FIRST_COMPLETED)
                    yield from self._told(done, queue, running, progress)
            except BaseException as stop:
                if not isinstance(stop, GeneratorExit):
                    yield from self._told(wait(running).done, queue, running, progress)
                raise
        progress.finished(self.name)

    def _started(
        self, queue: Queue, running: dict[Future[Done], Task], pool: ThreadPoolExecutor, progress: Progress
    ) -> Iterator[Effect]:
        """As many as there are hands for: none is begun after a stop."""
        while len(running) < self._workers and (task := queue.next(idle=not running)) is not None:
            if (lost := queue.lost(task)) is not None:
                queue.ended(task, lost)
                yield self._effect(task, Outcome.SKIPPED, f"it needs {lost}", 0.0)
            else:
                progress.observing(TargetId(task.key[0].rpartition("::")[2]))
                running[pool.submit(_timed, task.work)] = task

    def _told(
        self, done: Iterable[Future[Done]], queue: Queue, running: dict[Future[Done], Task], progress: Progress
    ) -> Iterator[Effect]:
        """Raises a defect of ours, once everything that ended with it has been told."""
        defects = []
        for future in done:
            task = running.pop(future)
            defect = future.exception()
            outcome, detail, seconds = (Outcome.FAILED, f"a defect: {defect!r}", 0.0) if defect else future.result()
            queue.ended(task, task.key[0] if outcome is Outcome.FAILED else None)
            progress.observed(TargetId(task.key[0].rpartition("::")[2]), seconds, None)
            yield self._effect(task, outcome, detail, seconds)
            defects += [defect] if defect else []
        if defects:
            raise defects[0]

    @staticmethod
    def _effect(task: Task, outcome: Outcome, detail: str, seconds: float) -> Effect:
        return Effect(stack=task.stack, op=task.op, urn=task.key[0], outcome=outcome, detail=detail, seconds=seconds)

    def _making(self, declared: Declared) -> Work:
        kind = kind_of(declared)

        def work() -> None:
            project, wanted = self._filled(declared)
            self._ids[declared.urn] = kind.create(self._cloud, project, wanted)

        return work

    def _changing(self, declared: Declared) -> Work:
        def work() -> None:
            _, wanted = self._filled(declared)
            kind_of(declared).change(self._cloud, self._comparison.matched.live[declared.urn], wanted)

        return work

    def _filled(self, declared: Declared) -> tuple[str, dict[str, Any]]:
        properties = {name: self._value(value) for name, value in declared.properties.items()}
        lost = [str(reference) for reference in references(properties)]
        if lost:
            raise UsageError(f"{declared.name} needs {', '.join(lost)}, which the cloud does not have")
        return "" if declared.project is None else str(self._value(declared.project)), properties

    def _value(self, value: Any) -> Any:  # noqa: ANN401 - any declared value
        if isinstance(value, Ref):
            return self._ids.get(value.urn, value)
        if isinstance(value, Lookup):
            return self._comparison.matched.answer(value) or value
        if isinstance(value, Mapping):
            return {key: self._value(inner) for key, inner in value.items()}
        return [self._value(inner) for inner in value] if isinstance(value, list | tuple) else value


def _timed(work: Work) -> Done:
    """A failure is a value: it stops only what needs it."""
    began = time.monotonic()
    try:
        work()
    except (CloudError, UsageError) as error:
        return Outcome.FAILED, error.diagnosis(), time.monotonic() - began
    return Outcome.DONE, "", time.monotonic() - began
