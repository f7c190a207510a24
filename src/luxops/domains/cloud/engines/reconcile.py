"""The `reconcile` engine: the declared graph against the live cloud, without a state file.

It looks before it acts, so it can be killed anywhere and run again: what an interrupted run has made is found by its name, in
its project, and is the one that was meant. It deletes what carries its own mark, and only what the plan says.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any, NamedTuple

from luxops.domains.cloud.changes import CloudPlan, Effect, Operation, Outcome, PlannedChange
from luxops.domains.cloud.comparing import Comparison
from luxops.domains.cloud.doom import before, doomed_with
from luxops.domains.cloud.kinds import BY_TYPE
from luxops.domains.cloud.kinds.interface import ResourceKind
from luxops.domains.cloud.matching import kind_of
from luxops.domains.cloud.nouns import Declared, Live, Lookup, Ref, StackId, Urn, references
from luxops.errors import UsageError
from luxops.model import TargetId
from luxops.transports.openstack import CloudError

if TYPE_CHECKING:
    from luxops.progress import Progress
    from luxops.transports.openstack import CloudSession

Work = Callable[[], object]


class Task(NamedTuple):
    """One thing to do, once others are done."""

    key: tuple[Urn, str]
    """Of a replacement there are two: `delete` and `make`."""
    stack: StackId
    op: Operation
    needs: frozenset[tuple[Urn, str]]
    work: Work


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
        kinds = {urn: found.kind.name for urn, found in doomed.items()}
        tasks = []
        for urn, found in doomed.items():
            needs = frozenset((other, "delete") for other in before(self._comparison, urn, kinds))
            tasks.append(Task((urn, "delete"), found.stack, Operation.DELETE, needs, self._deleting(found.kind, found.live)))
        yield from self._carried_out(tasks, progress)

    # What is to be done

    def _tasks(self, changes: Mapping[Urn, tuple[StackId, PlannedChange]]) -> Iterator[Task]:
        resources = self._comparison.graph.resources
        going = {Operation.REPLACE, Operation.DELETE}
        deletes = {urn: BY_TYPE[change.type].name for urn, (_, change) in changes.items() if change.op in going}
        updates = [(urn, "make") for urn, (_, change) in changes.items() if change.op is Operation.UPDATE]
        for urn, (stack, change) in changes.items():
            if urn in deletes:
                needs = {(other, "delete") for other in before(self._comparison, urn, deletes)}
                # A route leads through an interface that goes: the declared objects let go first.
                needs |= set() if urn in resources else set(updates)
                yield Task((urn, "delete"), stack, change.op, frozenset(needs), self._gone(urn, change))
            if change.op is not Operation.DELETE:
                declared = resources[urn]
                needs = {(other, "make") for other in declared.depends_on if other in changes}
                needs |= {(urn, "delete")} if urn in deletes else set()
                work = self._changing(declared) if change.op is Operation.UPDATE else self._making(declared)
                yield Task((urn, "make"), stack, change.op, frozenset(needs), work)

    def _gone(self, urn: Urn, change: PlannedChange) -> Work:
        """Deletes a declared object, or one that is no longer declared."""
        matched, kind = self._comparison.matched, BY_TYPE[change.type]
        live = matched.live.get(urn)
        found = live or next(other for other in matched.extra if other.kind == kind.name and other.id == change.live_id)
        return self._deleting(kind, found)

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
        """In the order of what needs what, several at once. Ends after what is under way where the caller stops."""
        open_ = {task.key: task for task in tasks}
        running: dict[Future[tuple[Outcome, str, float]], Task] = {}
        failed: dict[tuple[Urn, str], str] = {}
        progress.started(self.name, len(tasks))
        with ThreadPoolExecutor(self._workers) as pool:
            while open_ or running:
                for task in self._startable(open_, running, failed):
                    del open_[task.key]
                    if broken := next((need for need in task.needs if need in failed), None):
                        failed[task.key] = failed[broken]
                        yield self._effect(task, Outcome.SKIPPED, f"it needs {failed[broken]}", 0.0)
                        break
                    progress.observing(TargetId(task.key[0].rpartition("::")[2]))
                    running[pool.submit(_timed, task.work)] = task
                else:
                    done, _ = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        task = running.pop(future)
                        outcome, detail, seconds = future.result()
                        if outcome is Outcome.FAILED:
                            failed[task.key] = task.key[0]
                        progress.observed(TargetId(task.key[0].rpartition("::")[2]), seconds, None)
                        yield self._effect(task, outcome, detail, seconds)
        progress.finished(self.name)

    def _startable(
        self, open_: Mapping[tuple[Urn, str], Task], running: Mapping[Any, Task], failed: Mapping[tuple[Urn, str], str]
    ) -> list[Task]:
        under_way = {task.key for task in running.values()}
        free = [
            t
            for t in open_.values()
            if not any(need in open_ or need in under_way for need in t.needs) or t.needs & failed.keys()
        ]
        return free[: max(0, 2 * self._workers - len(running))]

    @staticmethod
    def _effect(task: Task, outcome: Outcome, detail: str, seconds: float) -> Effect:
        return Effect(stack=task.stack, op=task.op, urn=task.key[0], outcome=outcome, detail=detail, seconds=seconds)

    def _making(self, declared: Declared) -> Work:
        kind = kind_of(declared)

        def work() -> None:
            project, wanted = self._filled(declared)
            try:
                made = kind.create(self._cloud, project, wanted)
            except CloudError as error:
                # The request may have arrived all the same; then what it made is there under its name.
                found = kind.find(self._cloud, project, wanted) if error.uncertain and kind.find is not None else None
                if found is None:
                    raise
                made = found
            self._ids[declared.urn] = made

        return work

    def _changing(self, declared: Declared) -> Work:
        def work() -> None:
            _, wanted = self._filled(declared)
            kind_of(declared).change(self._cloud, self._comparison.matched.live[declared.urn], wanted)

        return work

    def _deleting(self, kind: ResourceKind, live: Live) -> Work:
        return lambda: kind.delete(self._cloud, live)

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


def _timed(work: Work) -> tuple[Outcome, str, float]:
    """A failure is a value: it stops only what needs it."""
    began = time.monotonic()
    try:
        work()
    except (CloudError, UsageError) as error:
        return Outcome.FAILED, error.diagnosis(), time.monotonic() - began
    return Outcome.DONE, "", time.monotonic() - began
