"""The `pulumi` engine: the real CLI on the projects in `stacks/`, one process a stack, with a state."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from luxops.domains.cloud.changes import CloudPlan, Effect, Operation, Outcome, PlannedChange, StackPlan
from luxops.domains.cloud.engines.pulumi import protocol, state
from luxops.domains.cloud.engines.pulumi.crew import OWN_TYPES, Crew, Start, untried
from luxops.domains.cloud.engines.pulumi.environment import require_cli, surroundings
from luxops.domains.cloud.engines.pulumi.events import planned_resources, stack_plan
from luxops.domains.cloud.engines.pulumi.locks import Lock, locks_of
from luxops.domains.cloud.engines.pulumi.process import StackProcess
from luxops.domains.cloud.engines.pulumi.protocol import Request, Step, Trouble
from luxops.domains.cloud.engines.pulumi.troubles import PulumiError
from luxops.domains.cloud.nouns import StackId, Urn
from luxops.errors import UsageError
from luxops.model import TargetId

if TYPE_CHECKING:
    from luxops.domains.cloud.nouns import Declared, Graph
    from luxops.progress import Progress
    from luxops.settings import CloudSettings

WAVES: Final = (("platform",), ("tenant", "services"), ("fibre",))
"""Projects, those first that others read."""
HELD: Final = 2
"""Requests at once of one stack. Its processes take 65 to 200 MiB, so there are no more of them than that keeps busy."""


class Preview(NamedTuple):
    """What `up` would do to a stack, and what there would be then."""

    plan: StackPlan
    resources: Mapping[Urn, Declared]
    """In the captured graph's terms, for policies."""


class PulumiEngine:
    """Carries plans out with the Pulumi CLI."""

    name = "pulumi"

    def __init__(
        self, settings: CloudSettings, inventory: Path, *, protected: bool = False, start: Start = StackProcess
    ) -> None:
        """Nothing is started yet.

        `inventory`: the folder that the programs read. `protected`: whether protected objects may be deleted and replaced.
        """
        self._settings = settings
        self._inventory = inventory
        self._protected = protected
        self._start = start

    @cached_property
    def _archive(self) -> Crew:
        """For work on the state alone. Raises LuxopsError where CLI or passphrase are missing."""
        require_cli()
        return Crew(surroundings(self._settings, self._inventory), self._start, 1)

    @cached_property
    def _crew(self) -> Crew:
        """For work on the cloud. Raises what `preflight` raises."""
        require_cli()
        around = surroundings(self._settings, self._inventory, self.preflight()["project_id"])
        return Crew(around, self._start, self._settings.concurrency // HELD)

    # What people ask before anything is changed

    def preflight(self) -> Mapping[str, str]:
        """Log in to the cloud, which a preview alone would not.

        Raises CloudError, or LuxopsError where CLI or passphrase are missing.
        """
        from luxops.transports.openstack import CloudSession  # noqa: PLC0415 - half a second that other work need not pay

        assert self._archive  # noqa: S101 - raises where something is missing
        return CloudSession(self._settings).identity()

    def preview(self, stacks: Sequence[StackId], progress: Progress, graph: Graph) -> tuple[Preview, ...]:
        """What `up` would do, stack by stack. Raises PulumiError, also for one that reads another that is not made yet."""
        progress.started(self.name, len(stacks))

        def look(stack: StackId) -> Preview:
            progress.observing(TargetId(stack))
            steps = self._previewed(stack)
            progress.observed(TargetId(stack), 0.0, None)
            return Preview(stack_plan(stack, steps), planned_resources(stack, steps, graph))

        with ThreadPoolExecutor(max(1, self._settings.concurrency // HELD)) as pool:
            found = tuple(pool.map(look, stacks))
        progress.finished(self.name)
        return found

    def interrupted(self, stack: StackId) -> tuple[state.Pending, ...]:
        """What a run that was killed has left open; nothing of a stack that is not there yet. Raises PulumiError."""
        exported = self._exported(stack)
        return () if exported is None else state.pending(exported)

    def settle(self, stack: StackId, adopted: Mapping[Urn, str]) -> None:
        """Take what was left open out of the state. Raises PulumiError.

        `adopted`: what a sweep has found made, URN → id in the cloud. It becomes the stack's own.
        """
        exported = self._exported(stack)
        if exported is not None and state.pending(exported):
            self._import(stack, state.settled(exported, adopted))

    def locks(self, stack: StackId) -> tuple[Lock, ...]:
        """Who says to be at work on a stack. Raises LuxopsError where the state cannot be read."""
        return locks_of(self._settings.state, stack)

    def unlock(self, stack: StackId) -> tuple[Lock, ...]:
        """Take a stack's locks away, whoever holds them, and tell whose they were. Raises PulumiError."""
        held = self.locks(stack)
        if held:
            self._archive.work(self._request(stack, protocol.Operation.CANCEL))
        return held

    # What changes something

    def up(self, plan: CloudPlan, progress: Progress) -> Iterator[Effect]:
        """Make the planned stacks as declared. Deletes only what the plan deletes. Raises UsageError for protected objects."""
        self._refuse([c for s in plan.stacks for c in s.changes if c.op in {Operation.REPLACE, Operation.DELETE}])
        planned = {stack.stack: stack for stack in plan.stacks if any(_is_work(change) for change in stack.changes)}
        yield from self._in_waves(planned, WAVES, lambda stack: (self._up_request(planned[stack]), planned[stack]), progress)

    def destroy(self, stacks: Sequence[StackId], progress: Progress) -> Iterator[Effect]:
        """Take away what the stacks own, last made first. Raises UsageError where something of it is protected."""
        exported = {stack: found for stack in stacks if (found := self._exported(stack)) is not None}
        self._refuse_names([name for found in exported.values() for name in state.protected(found)])
        doomed: dict[StackId, StackPlan | None] = {}
        for stack, found in exported.items():
            doomed[stack] = _doomed(stack, found)
            if state.protected(found):
                self._import(stack, state.unprotected(found))
        work = lambda stack: (self._request(stack, protocol.Operation.DESTROY), doomed[stack])  # noqa: E731 - one line
        yield from self._in_waves(doomed, tuple(reversed(WAVES)), work, progress)

    def _in_waves(
        self,
        planned: Mapping[StackId, StackPlan | None],
        waves: Sequence[tuple[str, ...]],
        request_of: Callable[[StackId], tuple[Request, StackPlan | None]],
        progress: Progress,
    ) -> Iterator[Effect]:
        """A stack of a later wave reads those of the earlier ones: where one of these has failed, it is not tried."""
        crew = self._crew  # raises before anything is told or begun
        progress.started(self.name, len(planned))
        failed: list[StackId] = []
        for wave in waves:
            members = [stack for stack in planned if stack.partition("/")[0] in wave]
            if failed:
                why = f"{', '.join(dict.fromkeys(failed))} has failed, which comes before it"
                for stack in members:
                    yield from untried(planned[stack], set(), why)
                continue
            for effect in crew.effects(members, request_of, progress):
                yield effect
                if effect.outcome is Outcome.FAILED:
                    failed.append(effect.stack)
        progress.finished(self.name)

    def _up_request(self, planned: StackPlan) -> Request:
        """What nobody declares any more stays, unless the plan deletes it. Raises PulumiError, UsageError."""
        steps = self._previewed(planned.stack)
        meant = {change.live_id for change in planned.changes if change.op is Operation.DELETE}
        kept = tuple(s.urn for s in steps if s.stage == "planned" and s.op == "delete" and s.custom and s.id not in meant)
        doomed = [c for c in stack_plan(planned.stack, steps).changes if c.protected and _takes_away(c, meant)]
        self._refuse(doomed)
        if doomed and (exported := self._exported(planned.stack)) is not None:
            self._import(planned.stack, state.unprotected(exported))
        return self._request(planned.stack, protocol.Operation.UP, excluded=kept)

    def _refuse(self, changes: Sequence[PlannedChange]) -> None:
        self._refuse_names([change.name for change in changes if change.protected])

    def _refuse_names(self, names: Sequence[str]) -> None:
        if names and not self._protected:
            shown = ", ".join(sorted(names)[:6])
            raise UsageError(
                f"{len(names)} protected objects would be deleted: {shown}{' …' if len(names) > 6 else ''}",  # noqa: PLR2004 - a line's worth
                why="data or the way to it would be lost",
                remedy="Where that is meant, say so: --protected.",
            )

    # One process

    def _previewed(self, stack: StackId) -> list[Step]:
        return self._crew.work(self._request(stack, protocol.Operation.PREVIEW))[0]

    def _exported(self, stack: StackId) -> state.Deployment | None:
        """None of a stack that is not there."""
        try:
            return self._archive.work(self._request(stack, protocol.Operation.EXPORT))[1].deployment
        except PulumiError as error:
            if error.trouble is Trouble.MISSING:
                return None
            raise

    def _import(self, stack: StackId, deployment: state.Deployment) -> None:
        self._archive.work(self._request(stack, protocol.Operation.IMPORT, deployment=dict(deployment)))

    def _request(self, stack: StackId, operation: protocol.Operation, **more: Any) -> Request:  # noqa: ANN401 - of a Request
        folder = (self._settings.stacks.expanduser() / stack.partition("/")[0]).absolute()
        if not (folder / "Pulumi.yaml").is_file():
            raise PulumiError(f"There is no Pulumi project at `{folder}`", remedy="Name the folder with LUXOPS_CLOUD__STACKS.")
        return Request(operation=operation, folder=folder, stack=stack, parallel=min(HELD, self._settings.concurrency), **more)


def _is_work(change: PlannedChange) -> bool:
    return change.op is not Operation.UNMANAGED and not change.type.startswith(OWN_TYPES)


def _takes_away(change: PlannedChange, meant: set[str]) -> bool:
    return change.op is Operation.REPLACE or (change.op is Operation.DELETE and change.live_id in meant)


def _doomed(stack: StackId, exported: state.Deployment) -> StackPlan:
    """What there is to delete, so that what is not tried can be told."""
    changes = tuple(
        PlannedChange(op=Operation.DELETE, urn=urn, type=type_, name=urn.rpartition("::")[2])
        for urn, type_ in state.owned(exported)
    )
    return StackPlan(stack=stack, changes=changes)
