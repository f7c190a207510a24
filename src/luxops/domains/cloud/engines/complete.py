"""The `pulumi` engine with what Pulumi cannot do: see to what a killed run left open, and to projects' default groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from luxops.domains.cloud.changes import CloudPlan, Effect, Operation, Outcome
from luxops.domains.cloud.engines.reconcile import ReconcileEngine
from luxops.domains.cloud.kinds import BY_NAME, default_group
from luxops.domains.cloud.nouns import StackId, Urn
from luxops.domains.cloud.planning import plan_of
from luxops.transports.openstack import CloudError

if TYPE_CHECKING:
    from luxops.domains.cloud.comparing import Comparison
    from luxops.domains.cloud.desk import CloudDesk
    from luxops.domains.cloud.engines.pulumi import PulumiEngine
    from luxops.progress import Progress


class CompletePulumi:
    """Works on one comparison: what the plan was made from."""

    name = "pulumi"

    def __init__(self, engine: PulumiEngine, desk: CloudDesk, comparison: Comparison) -> None:
        self._engine, self._desk, self._comparison = engine, desk, comparison

    def up(self, plan: CloudPlan, progress: Progress) -> Iterator[Effect]:
        """As `PulumiEngine.up`. What an interrupted run has made and not noted is taken over, not made a second time."""
        for stack in plan.stacks:
            if pending := self._engine.interrupted(stack.stack):
                self._engine.settle(stack.stack, {p.urn: self._id_of(p.urn) for p in pending if self._is_there(p.urn)})
        yield from self._engine.up(plan, progress)
        after = self._desk.look(progress)
        groups = _only_default_groups(plan_of(after, [stack.stack for stack in plan.stacks], self.name))
        if not groups.empty:
            yield from ReconcileEngine(self._desk.session, after, self._desk.settings.concurrency).up(groups, progress)

    def _is_there(self, urn: Urn) -> bool:
        return urn in self._comparison.matched.live

    def _id_of(self, urn: Urn) -> str:
        """As Pulumi's provider writes it, which is not always the API's own."""
        live = self._comparison.matched.live[urn]
        region = self._comparison.federation.file.cloud.region
        return BY_NAME[live.kind].import_id(live).replace("{region}", region)

    def destroy(self, stacks: Sequence[StackId], progress: Progress) -> Iterator[Effect]:
        """As `PulumiEngine.destroy`; Keystone leaves a deleted project's default group behind."""
        left = [
            (urn, self._comparison.graph.resources[urn].stack, live)
            for urn, live in self._comparison.matched.live.items()
            if live.kind == default_group.KIND.name and self._comparison.graph.resources[urn].stack in stacks
        ]
        yield from self._engine.destroy(stacks, progress)
        for urn, stack, live in left:
            outcome, detail = Outcome.DONE, ""
            try:
                default_group.KIND.delete(self._desk.session, live)
            except CloudError as error:
                outcome, detail = Outcome.FAILED, error.diagnosis()
            yield Effect(stack=stack, op=Operation.DELETE, urn=Urn(urn), outcome=outcome, detail=detail)


def _only_default_groups(plan: CloudPlan) -> CloudPlan:
    stacks = tuple(
        stack.model_copy(update={"changes": tuple(c for c in stack.changes if c.type == default_group.KIND.type)})
        for stack in plan.stacks
    )
    return plan.model_copy(update={"stacks": stacks})
