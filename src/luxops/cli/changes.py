"""`luxops changes`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from luxops.cli.output import output_option, print_json, print_table, printable

if TYPE_CHECKING:
    from datetime import datetime

    from luxops.cli.context import CliContext
    from luxops.model import Change, ChangeIntent


@click.command()
@click.argument("change", required=False, metavar="[CHANGE]")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many of the newest.")
@output_option
@click.pass_obj
def changes(obj: CliContext, change: str | None, limit: int, output: str) -> None:
    """Show the journal of changes, or one CHANGE with its approvals and all its effects. Those that wait are among them.

    \b
    Example:
      luxops changes
      luxops changes 20260115T120000Z-1a2b3c4d --output json
    """
    from luxops.cli.book import open_book

    with open_book(obj.settings) as book:
        found = book.changes(limit) if change is None else [book.change(change)]
    if output == "json":
        print_json("luxops/changes/1", changes=found)
    elif change is None:
        print_table(["change", "began", "by", "domain", "state", "what"], map(_row, found), empty="Nothing was changed yet.")
    else:
        print_change(found[0])


def _row(change: Change) -> list[str]:
    began = _moment(change.began) if change.began else "-"
    return [
        change.id,
        began,
        change.person or change.requested_by,
        change.domain,
        change.state,
        f"{_marks(change)}{change.title}",
    ]


def _marks(change: Change) -> str:
    marks = [word for word, holds in (("EMERGENCY", change.emergency), ("OVERRIDDEN", change.override is not None)) if holds]
    return f"{' '.join(marks)}  " if marks else ""


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"


def print_change(change: Change) -> None:
    """One change for people: who asked, who agreed, what was done, and what nobody knows."""
    if change.emergency:
        click.echo("EMERGENCY CHANGE")
    by = f"{change.person} ({change.requested_by})" if change.person else change.requested_by
    click.echo(f"{printable(change.title)}\n{change.domain}, {change.state}, by {by}")
    moments = [
        (word, at) for word, at in (("planned", change.proposed), ("began", change.began), ("ended", change.ended)) if at
    ]
    click.echo(", ".join(f"{word} {_moment(at)}" for word, at in moments) + " UTC")
    click.echo(f"plan {change.plan}")
    if change.override:
        click.echo(f"OVERRIDDEN: {printable(change.override.reason)}")
        for refusal in change.override.refusals:
            click.echo(f"  {printable(refusal)}")
    for approval in change.approvals:
        roles = ", ".join(approval.roles)
        click.echo(f"approved by {approval.person} ({roles}) at {_moment(approval.approved)} UTC, key {approval.key}")
    if change.effects:
        rows = [(e.action, e.outcome, e.subject, e.detail) for e in change.effects]
        print_table(["action", "outcome", "subject", "detail"], rows)
    for intent in change.intents:
        if intent.open:
            click.echo(_open(intent, change))


def _open(intent: ChangeIntent, change: Change) -> str:
    at = f"{intent.action} of {printable(intent.subject)}, begun at {_moment(intent.at)} UTC"
    if change.state == "running":
        return f"under way: {at}"
    return (
        f"UNKNOWN outcome: {at}: luxops ended before it wrote down what came of it. Look at {printable(intent.subject)} itself."
    )
