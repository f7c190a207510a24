"""`luxops drift`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from luxops.cli.output import output_option, print_json

if TYPE_CHECKING:
    from luxops.cli.context import CliContext
    from luxops.cli.session import Session
    from luxops.errors import ExitCode
    from luxops.model import Selection


@click.command()
@click.argument("selectors", nargs=-1, metavar="[SELECTOR]...")
@click.option("--recorded", is_flag=True, help="What earlier scans found, with its age; nothing is contacted.")
@output_option
@click.pass_obj
def drift(obj: CliContext, selectors: tuple[str, ...], recorded: bool, output: str) -> ExitCode:
    """Look at targets now and show what differs from the declaration. The look is recorded as a scan.

    \b
    Example:
      luxops drift
      luxops drift kind:router --output json
      luxops drift chl-edge1 --recorded
    """
    from luxops.cli.session import open_session
    from luxops.model import Selection

    selection = Selection.parse(selectors)
    with open_session(obj.settings) as session:
        return _recorded(session, selection, output) if recorded else _now(session, selection, output)


def _now(session: Session, selection: Selection, output: str) -> ExitCode:
    from luxops.cli import scan_view as view
    from luxops.cli.exit import exit_code

    outcome = session.scan(selection)
    coverage = outcome.scan.coverage
    if output == "json":
        print_json("luxops/drift/1", coverage=coverage, drift=outcome.drift)
    else:
        view.print_banner(outcome.scan)
        view.print_coverage(coverage)
        view.print_drift(outcome.drift, limit=len(outcome.drift))
        _conclude(len(outcome.drift), complete=coverage.complete)
    return exit_code(bad=bool(outcome.drift), incomplete=not coverage.complete)


def _recorded(session: Session, selection: Selection, output: str) -> ExitCode:
    from luxops.cli import scan_view as view
    from luxops.cli.exit import exit_code
    from luxops.cli.recorded import recorded_coverage

    coverage = recorded_coverage(session, selection)
    found = session.store.drift(selection)
    if output == "json":
        print_json("luxops/drift/1", coverage=coverage, drift=[entry.drift for entry in found], history=found)
    else:
        view.print_coverage(coverage)
        view.print_drift(found, limit=len(found))
        _conclude(len(found), complete=coverage.complete)
    return exit_code(bad=bool(found), incomplete=not coverage.complete)


def _conclude(count: int, *, complete: bool) -> None:
    if count:
        click.echo(f"\n{count} differences from the declaration.")
    elif complete:
        click.echo("\nNo drift: everything selected was looked at and is as declared.")
    else:
        click.echo("\nNo drift was seen, but not everything could be looked at: that is not the same as none.")
