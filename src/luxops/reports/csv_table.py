"""CSV after RFC 4180 for spreadsheets: one row for each gap in coverage, each finding and each difference."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping

from luxops.model import TargetId
from luxops.reports.report import Report
from luxops.reports.text import bounded, moment, shown, visible
from luxops.store.views import RecordedDrift, RecordedFinding

COLUMNS = (
    "record", "scan", "replayed", "hospital", "target", "kind", "domain", "subject", "title", "verdict", "severity",
    "reason", "expected", "actual", "since", "responsibility", "requirements", "evidence",
)  # fmt: skip
"""`record` is coverage, finding or drift; `subject` a policy's id or a difference's path."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_CELL_LIMIT = 8000
"""Spreadsheets cut cells at 32,767 characters without a word."""


class CsvTable:
    """Cells that a spreadsheet would take for a formula begin with an apostrophe."""

    name = "csv"
    suffix = ".csv"

    def render(self, report: Report) -> bytes:
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\r\n")
        writer.writeheader()
        for row in _rows(report):
            common = {"scan": report.scan.id, "replayed": "replayed" if report.replayed else "live"}
            writer.writerow({name: safe_cell(value) for name, value in {**common, **row}.items()})
        return text.getvalue().encode()


def _rows(report: Report) -> Iterator[Mapping[str, str]]:
    coverage = report.coverage
    yield {
        "record": "coverage",
        "subject": "coverage",
        "title": f"{coverage.observed} of {coverage.targets} targets observed in full",
        "verdict": "COMPLETE" if report.complete else "UNKNOWN",
        "reason": "" if report.complete else "not every target was observed in full, or nothing was judged",
    }
    for unknown in coverage.unknown:
        yield {
            "record": "coverage",
            **_target(report, unknown.target),
            "subject": "observation",
            "title": "Not observed in full",
            "verdict": "UNKNOWN",
            "reason": str(unknown.failure),
        }
    for finding in report.findings:
        yield _finding(report, finding)
    for drift in report.drift:
        yield _drift(report, drift)


def _target(report: Report, target_id: TargetId) -> dict[str, str]:
    target = report.target_of[target_id]
    return {
        "hospital": target.hospital, "target": target_id, "kind": target.kind, "domain": report.domain(target_id)
    }  # fmt: skip


def _finding(report: Report, recorded: RecordedFinding) -> dict[str, str]:
    finding = recorded.finding
    policy = report.policy_of.get(finding.policy)
    requirements = [f"{framework} {r}" for framework, ids in sorted(policy.mappings.items()) for r in ids] if policy else []
    return {
        "record": "finding",
        **_target(report, finding.target),
        "subject": finding.policy,
        "title": policy.title if policy else "",
        "verdict": finding.verdict,
        "severity": finding.severity,
        "reason": finding.reason,
        "expected": finding.expected,
        "actual": "" if finding.actual is None else shown(finding.actual),
        "since": (recorded.failing_since or recorded.since).isoformat(),
        "responsibility": policy.responsibility if policy else "",
        "requirements": "; ".join(requirements),
        "evidence": finding.evidence,
    }


def _drift(report: Report, recorded: RecordedDrift) -> dict[str, str]:
    drift = recorded.drift
    return {
        "record": "drift",
        **_target(report, drift.target),
        "domain": drift.domain,
        "subject": drift.path,
        "title": f"Differs from the declaration: {drift.kind}",
        "verdict": drift.kind.upper(),
        "severity": drift.severity,
        "reason": "" if report.verified(recorded) else f"not verified by this scan; last seen {moment(recorded.verified_at)}",
        "expected": drift.desired or "",
        "actual": drift.actual or "",
        "since": recorded.drifting_since.isoformat(),
    }


def safe_cell(value: str) -> str:
    """As text that no spreadsheet takes for a formula, bounded, with everything hidden made visible."""
    text = bounded(visible(value, lines=True), _CELL_LIMIT)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
