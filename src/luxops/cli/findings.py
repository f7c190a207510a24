"""`luxops findings`."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from luxops.cli.output import output_option, print_json, print_table

if TYPE_CHECKING:
    from luxops.cli.context import CliContext
    from luxops.errors import ExitCode
    from luxops.store.views import RecordedFinding

VERDICTS = ("FAIL", "UNKNOWN", "WAIVED", "NOT_APPLICABLE", "PASS")


@click.command()
@click.argument("selectors", nargs=-1, metavar="[SELECTOR]...")
@click.option("--verdict", "wanted", type=click.Choice(VERDICTS), multiple=True, help="[default: FAIL and UNKNOWN]")
@click.option("--policy", "policies", multiple=True, help="Only these policies.")
@click.option("--fixed", is_flag=True, help="What failed once and passes now, with when it was fixed.")
@output_option
@click.pass_obj
def findings(
    obj: CliContext,
    selectors: tuple[str, ...],
    wanted: tuple[str, ...],
    policies: tuple[str, ...],
    fixed: bool,
    output: str,
) -> ExitCode:
    """Show recorded verdicts with their history: failing since, fixed at. Nothing is contacted.

    A target that was not looked at for longer than the limit (watch.interval x watch.stale_after) is UNKNOWN here.

    \b
    Example:
      luxops findings hospital:chl
      luxops findings --policy sshd-root-login --verdict FAIL
      luxops findings --fixed
    """
    from luxops.cli.exit import exit_code
    from luxops.cli.recorded import recorded_coverage
    from luxops.cli.session import open_session
    from luxops.model import Selection, Verdict

    selection = Selection.parse(selectors)
    with open_session(obj.settings) as session:
        chosen = session.policies.select(policies)
        coverage = recorded_coverage(session, selection)
        watch = session.settings.watch
        found = session.store.findings(selection, stale_after=timedelta(seconds=watch.interval * watch.stale_after))
    names = {policy.id for policy in chosen.policies}
    found = [r for r in found if not policies or r.finding.policy in names]
    bad = any(r.finding.verdict is Verdict.FAIL for r in found)
    incomplete = not coverage.complete or any(r.finding.verdict is Verdict.UNKNOWN for r in found)
    kept = wanted or (("PASS", "NOT_APPLICABLE") if fixed else ("FAIL", "UNKNOWN"))
    shown = [r for r in found if r.finding.verdict.value in kept and (r.fixed_at is not None or not fixed)]
    if output == "json":
        print_json("luxops/findings/1", coverage=coverage, findings=shown)
    else:
        _print(shown)
        click.echo(f"\nCoverage   {coverage.observed} of {coverage.targets} targets observed, and not too long ago")
    return exit_code(bad=bad, incomplete=incomplete)


def _print(shown: list[RecordedFinding]) -> None:
    from luxops.cli.scan_view import moment

    columns = ("verdict", "severity", "target", "policy", "failing since", "fixed at", "actual or reason")
    rows = []
    for recorded in shown:
        finding = recorded.finding
        actual = finding.reason or ("" if finding.actual is None else json.dumps(finding.actual, ensure_ascii=False))
        rows.append(
            (finding.verdict, finding.severity, finding.target, finding.policy, moment(recorded.failing_since),
             moment(recorded.fixed_at), actual[:120])
        )  # fmt: skip
    print_table(columns, rows, empty="No recorded finding is of the kind asked for.")
