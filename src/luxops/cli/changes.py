"""`luxops changes`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from luxops.cli.output import output_option, print_json, print_table, printable

if TYPE_CHECKING:
    from luxops.cli.context import CliContext
    from luxops.model import Change


@click.command()
@click.argument("change", required=False, metavar="[CHANGE]")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many of the newest.")
@output_option
@click.pass_obj
def changes(obj: CliContext, change: str | None, limit: int, output: str) -> None:
    """Show the journal of changes, or one CHANGE with all its effects.

    \b
    Example:
      luxops changes
      luxops changes 20260115T120000Z-1a2b3c4d --output json
    """
    from luxops.store import ChangeLog, open_store

    with open_store(obj.settings.store.url) as store:
        log = ChangeLog(store)
        found = log.changes(limit) if change is None else [log.change(change)]
    if output == "json":
        print_json("luxops/changes/1", changes=found)
    elif change is None:
        print_table(["change", "began", "by", "domain", "state", "what"], map(_row, found), empty="Nothing was changed yet.")
    else:
        _print_one(found[0])


def _row(change: Change) -> list[str]:
    overridden = "  OVERRIDDEN" if change.override else ""
    began = f"{change.began:%Y-%m-%d %H:%M:%S}"
    return [change.id, began, change.requested_by, change.domain, change.state, f"{change.title}{overridden}"]


def _print_one(change: Change) -> None:
    click.echo(
        f"{change.title}\n{change.domain}, {change.state}, by {change.requested_by} at {change.began:%Y-%m-%d %H:%M:%S} UTC"
    )
    click.echo(f"plan {change.plan}")
    if change.override:
        click.echo(f"OVERRIDDEN: {printable(change.override.reason)}")
        for refusal in change.override.refusals:
            click.echo(f"  {printable(refusal)}")
    print_table(
        ["action", "outcome", "subject", "detail"], [(e.action, e.outcome, e.subject, e.detail) for e in change.effects]
    )
