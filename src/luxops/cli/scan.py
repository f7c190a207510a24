"""`luxops scan`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from luxops.cli.output import output_option, print_json

if TYPE_CHECKING:
    from luxops.cli.context import CliContext
    from luxops.cli.session import Session
    from luxops.errors import ExitCode
    from luxops.pipeline import Outcome


@click.command()
@click.argument("selectors", nargs=-1, metavar="[SELECTOR]...")
@output_option
@click.pass_obj
def scan(obj: CliContext, selectors: tuple[str, ...], output: str) -> ExitCode:
    """Observe targets, judge them by the policies, compare them with the declaration, and record all three.

    A SELECTOR is a target's id or terms like hospital:chl,kind:router (a comma means and, several selectors mean or).

    \b
    Example:
      luxops scan
      luxops scan hospital:chl kind:router
      luxops scan chl-pacs1 --output json
    """
    from luxops.cli.exit import exit_code
    from luxops.cli.session import open_session
    from luxops.model import Selection

    selection = Selection.parse(selectors)
    with open_session(obj.settings) as session:
        outcome = session.scan(selection)
        if output == "json":
            print_json(
                "luxops/scan/1",
                scan=outcome.scan,
                coverage=outcome.scan.coverage,
                totals=outcome.scan.totals,
                findings=outcome.findings,
                drift=outcome.drift,
            )
        else:
            _print(session, outcome)
    totals = outcome.scan.totals
    return exit_code(
        bad=bool(totals.FAIL or outcome.drift), incomplete=bool(totals.UNKNOWN) or not outcome.scan.coverage.complete
    )


def _print(session: Session, outcome: Outcome) -> None:
    from luxops.cli import scan_view as view

    chosen = {t.id for t in outcome.targets}
    recorded = session.store.scan_content(outcome.scan.id).findings
    history = {(r.finding.target, r.finding.policy): r for r in recorded}
    domain_of = {str(t.id): d.name for d in session.domains for t in d.targets(session.federation) if t.id in chosen}
    view.print_banner(outcome.scan)
    view.print_coverage(outcome.scan.coverage)
    view.print_domains(outcome, domain_of, session.store.changes_since_previous(outcome.scan.id))
    more = view.print_failures(outcome.findings, history)
    more_drift = view.print_drift(outcome.drift)
    view.print_unknowns(outcome.findings, {str(u.target) for u in outcome.scan.coverage.unknown})
    view.print_cost(outcome.measured)
    hints = [f"{more} more failures: luxops findings"] if more else []
    hints += [f"{more_drift} more differences: luxops drift --recorded"] if more_drift else []
    click.echo("\n" + "    ".join([*hints, f"scan {outcome.scan.id}", "report: luxops report"]))
