"""`luxops show`."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from luxops.cli.output import output_option, print_json, print_table
from luxops.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

    from luxops.cli.context import CliContext
    from luxops.errors import ExitCode
    from luxops.model import Digest
    from luxops.store.views import TargetView


@click.command()
@click.argument("target_id", metavar="TARGET")
@click.option("--fact", help="Print this fact as it was last seen, whole.")
@output_option
@click.pass_obj
def show(obj: CliContext, target_id: str, fact: str | None, output: str) -> ExitCode:
    """Show everything known of one target: facts with their age, verdicts, drift. Nothing is contacted.

    \b
    Example:
      luxops show chl-pacs1
      luxops show chl-edge1 --fact config
    """
    from luxops.cli.exit import exit_code
    from luxops.cli.session import open_session
    from luxops.model import Selection, Selector, Verdict

    with open_session(obj.settings) as session:
        target = Selection(selectors=(Selector(terms=(("id", target_id),)),)).checked(session.targets())[0]
        watch = session.settings.watch
        limit = timedelta(seconds=watch.interval * watch.stale_after)
        view = session.store.target(target.id, stale_after=limit)
        if fact is not None:
            _print_fact(session.store.evidence, view, fact)
        elif output == "json":
            print_json("luxops/target/1", view=view)
        else:
            _print(view)
    verdicts = {r.finding.verdict for r in view.findings}
    return exit_code(bad=Verdict.FAIL in verdicts or bool(view.drift), incomplete=Verdict.UNKNOWN in verdicts)


def _print_fact(evidence: Callable[[Digest], Any], view: TargetView, fact: str) -> None:
    known = {str(o.fact): o for o in view.observations}
    if fact not in known:
        raise UsageError(f"`{fact}` was never observed of {view.target.id}{did_you_mean(fact, list(known))}")
    observation = known[fact]
    if observation.failure is not None:
        raise UsageError(f"`{fact}` could not be observed of {view.target.id}", why=str(observation.failure))
    click.echo(json.dumps(evidence(observation.digest), indent=2, ensure_ascii=False))


def _print(view: TargetView) -> None:
    from luxops.cli import scan_view
    from luxops.model import utc_now

    target, now = view.target, utc_now()
    labels = ", ".join(f"{k} {v}" for k, v in sorted(target.labels.items()))
    click.echo(f"{target.id}: {target.kind} of {target.hospital} ({labels})")
    click.echo(f"Last looked at {scan_view.ago(now - view.looked_at)} ago.\n")
    rows = [
        (o.fact, scan_view.moment(o.last_seen), scan_view.moment(o.since), f"UNKNOWN {o.failure}" if o.failure else o.digest)
        for o in view.observations
    ]
    print_table(("fact", "last seen", "unchanged since", "evidence or reason"), rows)
    history = {(r.finding.target, r.finding.policy): r for r in view.findings}
    findings = [r.finding for r in view.findings]
    scan_view.print_failures(findings, history, limit=len(findings))
    scan_view.print_drift(view.drift, limit=len(view.drift))
    scan_view.print_unknowns(findings, set(), limit=len(findings))
