"""What people see of `luxops cloud`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import click

from luxops.cli.output import print_table, printable
from luxops.domains.cloud.changes import CloudPlan, Effect, Operation, Outcome, PlannedChange
from luxops.domains.cloud.kinds import BY_TYPE

_SIGNS: Final = {
    Operation.CREATE: "+",
    Operation.UPDATE: "~",
    Operation.REPLACE: "±",
    Operation.DELETE: "-",
    Operation.UNMANAGED: "?",
}
_ROWS: Final = 40
"""Lines of one stack; a whole new tenant has hundreds."""
_WIDTH: Final = 60


def print_plan(plan: CloudPlan, cloud: str) -> None:
    """Counts by stack, then each change with its properties."""
    click.echo(f"Engine {plan.engine}, cloud {cloud}, declaration {plan.graph[:19]}\n")
    print_table(["stack", *(op.value for op in Operation)], _counts(plan), right=[op.value for op in Operation])
    for stack in plan.stacks:
        if stack.changes:
            click.echo(f"\n{stack.stack}")
        for change in stack.changes[:_ROWS]:
            _print_change(change)
        if len(stack.changes) > _ROWS:
            click.echo(f"  … and {len(stack.changes) - _ROWS} more: --output json lists all of them")
    if plan.unknown:
        click.echo(f"\nUNKNOWN: {len(plan.unknown)} declared objects could not be looked at")
        for line in plan.unknown[:10]:
            click.echo(f"  {printable(line)}")
    click.echo()


def _counts(plan: CloudPlan) -> list[list[Any]]:
    rows = []
    for stack in plan.stacks:
        counts = Counter(change.op for change in stack.changes)
        rows.append([stack.stack, *(counts[op] or "" for op in Operation)])
    return rows


def _print_change(change: PlannedChange) -> None:
    kind = BY_TYPE[change.type]
    identifier = f"  {change.live_id}" if change.op in {Operation.UNMANAGED, Operation.DELETE} else ""
    click.echo(f"  {_SIGNS[change.op]} {kind.title or kind.name.replace('_', ' ')} {printable(change.name)}{identifier}")
    for path in change.paths:
        click.echo(f"      {path.path}: {_short(path.actual)} → {_short(path.desired)}")


def _short(value: Any) -> str:  # noqa: ANN401 - any property value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return printable(text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…")


def print_effect(effect: Effect) -> None:
    """One line; a failure with its reason."""
    word = {Outcome.DONE: "", Outcome.FAILED: "  FAILED", Outcome.SKIPPED: "  not tried"}[effect.outcome]
    detail = "".join(f"\n      {line}" for line in effect.detail.splitlines())
    _, _, rest = effect.urn.partition("::")
    click.echo(f"  {_SIGNS[effect.op]} {effect.stack:22} {printable(rest.rpartition('::')[2])}{word}{printable(detail)}")


def print_ended(after: CloudPlan, effects: Sequence[Effect]) -> None:
    """How the work went, and how another sweep found the cloud afterwards."""
    outcomes = Counter(effect.outcome for effect in effects)
    if effects:
        click.echo(
            f"\n{outcomes[Outcome.DONE]} done, {outcomes[Outcome.FAILED]} failed, {outcomes[Outcome.SKIPPED]} not tried."
        )
    left = [change for stack in after.stacks for change in stack.changes]
    undone = [change for change in left if change.op is not Operation.UNMANAGED]
    if undone:
        click.echo(f"A new sweep still finds {len(undone)} differences: luxops cloud plan")
    elif not after.unknown:
        click.echo("A new sweep finds everything as declared.")
    if len(left) > len(undone):
        click.echo(f"{len(left) - len(undone)} objects are there that nobody declared: luxops cloud plan")
    if after.unknown:
        click.echo(f"UNKNOWN: {len(after.unknown)} declared objects could not be looked at: {printable(after.unknown[0])}")
