"""A scan on a terminal: coverage first, a table of domains, then what is wrong, worst first."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from luxops.cli.output import print_table, printable
from luxops.domains.hosts.answer import Collection
from luxops.model import Coverage, Drift, Finding, Observation, PolicyId, Scan, TargetId, Totals, Verdict, utc_now
from luxops.reports.text import score as shown_score

if TYPE_CHECKING:
    from luxops.pipeline import Outcome
    from luxops.store.views import DomainChange, RecordedDrift, RecordedFinding

SHOWN = 20
"""Lines of each sort; the rest is named by count and by the command that shows it."""
ACTUAL_WIDTH = 90

FindingKey = tuple[TargetId, PolicyId]


def print_banner(scan: Scan) -> None:
    """What a reader must know before any figure."""
    if scan.replayed:
        click.secho("REPLAYED: recorded answers, not the present state of any target.", fg="yellow", bold=True)


def print_coverage(coverage: Coverage) -> None:
    """How much was looked at, and why the rest was not."""
    click.echo(f"\nCoverage   {coverage.observed} of {coverage.targets} targets observed")
    for unknown in coverage.unknown:
        click.echo(f"           {unknown.target}: ", nl=False)
        click.secho("UNKNOWN", fg="yellow", nl=False)
        retry = "yes" if unknown.failure.retryable else "no"
        click.echo(f"  {printable(str(unknown.failure))} (retry: {retry})")


def print_domains(outcome: Outcome, domain_of: Mapping[str, str], changes: Mapping[str, DomainChange]) -> None:
    """One line a domain: targets, verdicts, score, drift, and what moved since these targets were last scanned."""
    rows = []
    for domain in sorted(set(domain_of.values())):
        totals = Totals.of(f for f in outcome.findings if domain_of[f.target] == domain)
        drift = sum(1 for d in outcome.drift if d.domain == domain)
        score = shown_score(totals).replace("\N{NO-BREAK SPACE}", " ")
        targets = sum(1 for d in domain_of.values() if d == domain)
        rows.append(
            (domain, targets, totals.PASS, totals.FAIL, totals.UNKNOWN, totals.NOT_APPLICABLE, totals.WAIVED, drift, score,
             _moved(changes.get(domain)))
        )  # fmt: skip
    columns = ("domain", "targets", "pass", "fail", "unknown", "n/a", "waived", "drift", "score", "since last scan")
    click.echo()
    print_table(columns, rows, right=columns[1:9])


def _moved(change: DomainChange | None) -> str:
    if change is None or change.new_targets == change.targets:
        return "first scan"
    parts = [f"{n:+d} {what}" for n, what in ((change.fail, "fail"), (change.unknown, "unknown"), (change.drift, "drift")) if n]
    return " ".join(parts) or "="


def print_failures(findings: Sequence[Finding], history: Mapping[FindingKey, RecordedFinding], limit: int = SHOWN) -> int:
    """FAIL lines, worst and newest first. Returns how many more there are."""
    now = utc_now()
    failures = [f for f in findings if f.verdict is Verdict.FAIL]
    failures.sort(key=lambda f: (f.severity.rank, -_since(history, f, now).timestamp(), f.target, f.policy))
    if failures:
        click.echo()
    for finding in failures[:limit]:
        click.secho("FAIL     ", fg="red", nl=False)
        since = ago(now - _since(history, finding, now))
        click.echo(f" {finding.severity:8} {finding.target:14} {finding.policy:34} {_actual(finding)}; failing since {since}")
    return max(0, len(failures) - limit)


def print_drift(drift: Sequence[Drift | RecordedDrift], limit: int = SHOWN) -> int:
    """DRIFT lines. Returns how many more there are."""
    if drift:
        click.echo()
    for entry in drift[:limit]:
        one = entry if isinstance(entry, Drift) else entry.drift
        click.secho("DRIFT    ", fg="magenta", nl=False)
        click.echo(f" {one.severity:8} {one.target:14} {printable(one.path)}")
        for sign, text in (("-", one.desired), ("+", one.actual)):
            if text is not None:
                lines = printable(text).splitlines() or [""]
                click.echo("\n".join(f"{'':26}{sign} {line}" for line in lines[:6]))
        click.echo(
            f"{'':26}{one.kind}" + ("" if isinstance(entry, Drift) else f" since {ago(utc_now() - entry.drifting_since)}")
        )
    return max(0, len(drift) - limit)


def print_unknowns(findings: Iterable[Finding], unobserved: set[str], limit: int = SHOWN) -> None:
    """UNKNOWN findings of targets that were otherwise observed, by reason; whole targets are in the coverage already."""
    reasons = Counter(
        (f.target, f.reason) for f in findings if f.verdict is Verdict.UNKNOWN and f.target not in unobserved
    ).most_common(limit)
    if reasons:
        click.echo()
    for (target, reason), count in reasons:
        click.secho("UNKNOWN  ", fg="yellow", nl=False)
        click.echo(f" {target:14} {count} checks: {printable(reason)}")


def print_cost(measured: Sequence[Observation]) -> None:
    """What the look cost the hosts themselves, where they told."""
    costs = [o.value for o in measured if isinstance(o.value, Collection)]
    if costs:
        cpu, size = max(c.cpu_seconds for c in costs), max(c.bytes for c in costs)
        click.echo(f"\nCost to a host at most {cpu:.2f} s of processor time and {size / 1000:.0f} kB of answer")


def _since(history: Mapping[FindingKey, RecordedFinding], finding: Finding, now: datetime) -> datetime:
    recorded = history.get((finding.target, finding.policy))
    return recorded.failing_since or now if recorded else now


def _actual(finding: Finding) -> str:
    text = finding.actual if isinstance(finding.actual, str) else json.dumps(finding.actual, ensure_ascii=False)
    shown = printable(text).replace("\n", " ")
    shown = shown if len(shown) <= ACTUAL_WIDTH else shown[: ACTUAL_WIDTH - 1] + "…"
    return f"{shown}, expected {printable(finding.expected)}" if finding.expected else shown


def ago(span: timedelta) -> str:
    """`12 s`, `5 min`, `3 h`, `9 days`: how long, to the unit that matters."""
    seconds = max(0, int(span.total_seconds()))
    for limit, size, unit in ((120, 1, "s"), (7200, 60, "min"), (172800, 3600, "h")):
        if seconds < limit:
            return f"{seconds // size} {unit}"
    return f"{seconds // 86400} days"


def moment(at: datetime | None) -> str:
    """A time as people read it, in UTC; nothing for none."""
    return "" if at is None else f"{at:%Y-%m-%d %H:%M:%S}"
