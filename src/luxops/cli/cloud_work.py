"""What the commands of `luxops cloud` decide between plan and effect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from luxops.domains.cloud.changes import CloudPlan, Effect, Operation, Outcome, PlannedChange
from luxops.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from luxops.domains.cloud.changes import Engine
    from luxops.domains.cloud.comparing import Comparison
    from luxops.domains.cloud.desk import CloudDesk
    from luxops.domains.cloud.nouns import StackId
    from luxops.model import Override
    from luxops.settings import Settings


def engine(desk: CloudDesk, comparison: Comparison, inventory: Path, *, protected: bool) -> Engine:
    """The engine that the settings name; the choice is told, and none stands in for the other."""
    click.echo(f"Engine: {desk.settings.engine}", err=True)
    if desk.settings.engine == "reconcile":
        from luxops.domains.cloud.engines.reconcile import ReconcileEngine

        return ReconcileEngine(desk.session, comparison, desk.settings.concurrency, protected=protected)
    from luxops.domains.cloud.engines.complete import CompletePulumi
    from luxops.domains.cloud.engines.pulumi import PulumiEngine

    return CompletePulumi(PulumiEngine(desk.settings, inventory, protected=protected), desk, comparison)


def allowed(settings: Settings, comparison: Comparison, plan: CloudPlan, reason: str | None) -> Override | None:
    """Judge what is planned. Raises UsageError where it would break a policy of high severity and no reason is given."""
    from luxops.domains.cloud.judging import judge_plan, refusals
    from luxops.evaluation import Evaluator
    from luxops.model import Override
    from luxops.policies import load_policies

    evaluator = Evaluator(load_policies(settings.policies))
    found = refusals(judge_plan(evaluator, comparison, comparison.federation, [stack.stack for stack in plan.stacks]))
    told = tuple(f"{finding.policy} on {finding.target}: {finding.actual}"[:500] for finding in found)
    if not told:
        return None
    if not reason:
        raise UsageError(
            f"The plan would break {len(told)} {'policy' if len(told) == 1 else 'policies'} of high severity",
            why="\n".join(told[:10]),
            remedy="Change the declaration, or give the reason why it must be so: --override REASON. It is recorded.",
        )
    return Override(reason=reason, refusals=told)


def without_deletions(plan: CloudPlan, declared: Sequence[StackId], *, keep: bool) -> CloudPlan:
    """Deleting waits until it is asked for, and a whole stack goes only by name. What stays is told."""

    def asked(change: PlannedChange) -> PlannedChange:
        if keep or change.op is not Operation.DELETE:
            return change
        return change.model_copy(update={"op": Operation.UNMANAGED})

    stacks = tuple(s.model_copy(update={"changes": tuple(map(asked, s.changes))}) for s in plan.stacks if s.stack in declared)
    for stack in plan.stacks:
        if stack.stack not in declared:
            click.echo(
                f"Stack {stack.stack} is declared no more, and {len(stack.changes)} objects carry its mark. They stay until it "
                f"is destroyed by name: luxops cloud destroy {stack.stack}",
                err=True,
            )
    return plan.model_copy(update={"stacks": stacks})


def only(plan: CloudPlan, targets: Sequence[str], *, remove: bool, missing_ok: bool = False) -> CloudPlan:
    """The part of a plan that is about the named objects. Raises UsageError for one that differs in nothing."""
    wanted = set(targets)

    def is_meant(change: PlannedChange) -> bool:
        return bool({change.name, change.live_id, change.urn, change.urn.rpartition("::")[2]} & wanted)

    def meant(change: PlannedChange) -> PlannedChange:
        undeclared = change.op in {Operation.UNMANAGED, Operation.DELETE}
        op = Operation.DELETE if remove else Operation.UNMANAGED
        return change.model_copy(update={"op": op}) if undeclared else change

    stacks = tuple(s.model_copy(update={"changes": tuple(meant(c) for c in s.changes if is_meant(c))}) for s in plan.stacks)
    found = [change for stack in stacks for change in stack.changes]
    for target in wanted:
        if not missing_ok and not any(target in {c.name, c.live_id, c.urn, c.urn.rpartition("::")[2]} for c in found):
            raise UsageError(
                f"Nothing called `{target}` differs from what is declared",
                remedy="`luxops cloud plan` shows names and ids of what does.",
            )
    return plan.model_copy(update={"stacks": tuple(stack for stack in stacks if stack.changes)})


def ended(after: CloudPlan, effects: Sequence[Effect]) -> ExitCode:
    """Proved by another sweep: the exit code says how the cloud is now, not how the work went."""
    from luxops.cli import cloud_view as view

    failed = [effect for effect in effects if effect.outcome is not Outcome.DONE]
    view.print_ended(after, effects)
    if failed or not after.empty:
        return ExitCode.FINDINGS
    if after.unknown:
        return ExitCode.INCOMPLETE
    return ExitCode.FINDINGS if any(stack.changes for stack in after.stacks) else ExitCode.GOOD


def to_destroy(comparison: Comparison, names: Sequence[str]) -> tuple[StackId, ...]:
    """The stacks that a user has named, those among them that nobody declares any more. Raises UsageError."""
    from luxops.domains.cloud.doom import abandoned
    from luxops.domains.cloud.planning import selected

    left = [stack for stack in abandoned(comparison) if {stack, stack.partition("/")[2]} & set(names)]
    declared = [name for name in names if not any(name in {stack, stack.partition("/")[2]} for stack in left)]
    return (*left, *(selected(comparison.graph, declared) if declared else ()))


def destroyed(after: Comparison, stacks: Sequence[StackId], effects: Sequence[Effect]) -> ExitCode:
    """Whether anything of the stacks is left."""
    left = [after.name_of(live) for urn, live in after.matched.live.items() if after.graph.resources[urn].stack in stacks]
    left += [after.name_of(live) for live in after.matched.extra if live.stack in stacks]
    done = sum(effect.outcome is Outcome.DONE for effect in effects)
    click.echo(f"{done} objects deleted; {len(left)} left" + (": " + ", ".join(left[:10]) if left else "."))
    return ExitCode.FINDINGS if left else ExitCode.INCOMPLETE if after.matched.unknown else ExitCode.GOOD
