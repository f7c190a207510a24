"""What one look changes: which intervals end, which begin. Pure: rows in, rows out.

A verdict is compared by verdict, severity, reason, actual and expected; a drift by path, kind, severity, desired and actual.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from luxops.model import Digest, Drift, FactName, Failure, Finding, Verdict
from luxops.model.base import canonical_json

Row = Mapping[Any, Any]
"""Column name → value."""


class Ended(StrEnum):
    """Why an interval ended."""

    CHANGED = "changed"
    EVIDENCE = "evidence"
    """The same verdict, on other evidence."""
    FIXED = "fixed"
    WITHDRAWN = "withdrawn"
    """The policy, the target or the reason to judge went away: nothing was fixed."""


@dataclass(frozen=True)
class Look:
    """One target seen by one scan."""

    target: int
    scan: int
    at: datetime
    previous: datetime | None
    """When open observations and findings were last confirmed."""
    previous_compared: datetime | None
    """When open drift was last confirmed."""
    policies: Digest
    previous_policies: Digest | None
    """The policies under which open findings were last confirmed."""
    same_declaration: bool
    """Whether the declaration is the one that open drift was last compared with."""


@dataclass
class Changes:
    """Rows to end (as parameters of an update) and rows to add."""

    ended: list[dict[str, Any]] = field(default_factory=list)
    begun: list[dict[str, Any]] = field(default_factory=list)

    def end(self, row: Row, look: Look, ended: Ended, confirmed: datetime | None) -> None:
        self.ended.append(
            {"row": row["number"], "until_scan": look.scan, "until": look.at, "confirmed": confirmed, "ended": ended.value}
        )

    def begin(self, look: Look, **columns: Any) -> None:  # noqa: ANN401 - columns of the table
        place = {"since_scan": look.scan, "since": look.at, "until_scan": None, "until": None, "ended": None}
        self.begun.append({"target": look.target, **place, **columns})


@dataclass(frozen=True)
class SeenFact:
    """An observation without its value, for which the digest stands: values of hundreds of targets would fill the memory."""

    fact: FactName
    digest: Digest
    failure: Failure | None


def observation_changes(opened: Sequence[Row], facts: Sequence[SeenFact], look: Look) -> Changes:
    """An interval is a run of equal digests."""
    changes = Changes()
    before = {row["fact"]: row for row in opened}
    for seen in facts:
        row = before.pop(seen.fact, None)
        if row is not None and row["digest"] == seen.digest:
            continue
        if row is not None:
            changes.end(row, look, Ended.CHANGED, look.previous)
        failure = None if seen.failure is None else canonical_json(seen.failure)
        changes.begin(look, fact=seen.fact, digest=seen.digest, failure=failure)
    for row in before.values():
        changes.end(row, look, Ended.WITHDRAWN, look.previous)
    return changes


_GOOD = {Verdict.PASS, Verdict.NOT_APPLICABLE}
_FAILING = {Verdict.FAIL, Verdict.WAIVED}


def finding_changes(opened: Sequence[Row], findings: Sequence[Finding], look: Look) -> Changes:
    """A failure that is gone is fixed only where the policies that saw it are those that no longer do."""
    changes = Changes()
    before = {row["policy"]: row for row in opened}
    for finding in findings:
        row = before.pop(finding.policy, None)
        content = canonical_json({"reason": finding.reason, "actual": finding.actual, "expected": finding.expected})
        seen = (finding.verdict.value, finding.severity.value, content)
        same = row is not None and seen == (row["verdict"], row["severity"], row["content"])
        if same and row is not None and row["evidence"] == finding.evidence:
            continue
        run = _run(row, finding.verdict, look)
        if row is not None:
            changes.end(row, look, _ended(row, finding.verdict, same=same, fixed=run["fixed_at"] == look.at), look.previous)
        changes.begin(
            look, policy=finding.policy, verdict=finding.verdict.value, severity=finding.severity.value, content=content,
            evidence=finding.evidence, same_since=row["same_since"] if same and row is not None else look.at, **run,
        )  # fmt: skip
    for row in before.values():
        changes.end(row, look, Ended.WITHDRAWN, look.previous)
    return changes


def _run(row: Row | None, verdict: Verdict, look: Look) -> dict[str, Any]:
    """How the run of failures goes on from the interval before. UNKNOWN carries it on: it shows neither more nor less."""
    failing = row["failing_since"] if row is not None else None
    fixed = row["fixed_at"] if row is not None else None
    if verdict in _FAILING:
        return {"failing_since": failing or look.at, "fixed_at": None, "failed_under": None}
    under = None
    if row is not None and failing is not None:
        under = row["failed_under"] if row["verdict"] == Verdict.UNKNOWN else look.previous_policies
    if verdict not in _GOOD:
        return {"failing_since": failing, "fixed_at": fixed, "failed_under": under}
    if failing is not None:
        fixed = look.at if under == look.policies else None
    return {"failing_since": None, "fixed_at": fixed, "failed_under": None}


def _ended(row: Row, verdict: Verdict, *, same: bool, fixed: bool) -> Ended:
    if same:
        return Ended.EVIDENCE
    if fixed:
        return Ended.FIXED
    return Ended.WITHDRAWN if row["failing_since"] is not None and verdict in _GOOD else Ended.CHANGED


def drift_changes(opened: Sequence[Row], drift: Sequence[Drift], look: Look, *, compared: bool) -> Changes:
    """`compared` false: this look could not have shown every difference, so none of the known ones ends by its absence."""
    changes = Changes()
    waiting: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in opened:
        waiting[row["kind"], row["severity"], row["content"]].append(row)
    fresh = []
    for difference in drift:
        same = waiting[_drift_key(difference)]
        if same:
            same.pop()
        else:
            fresh.append(difference)
    gone: dict[str, list[Row]] = defaultdict(list)
    for row in sorted((r for rows in waiting.values() for r in rows), key=lambda r: (r["drifting_since"], r["number"])):
        gone[json.loads(row["content"])["path"]].append(row)
    for difference in fresh:
        replaced = gone[difference.path].pop(0) if gone[difference.path] else None
        if replaced is not None:
            changes.end(replaced, look, Ended.CHANGED, look.previous_compared)
        kind, severity, content = _drift_key(difference)
        since = replaced["drifting_since"] if replaced is not None else look.at
        changes.begin(look, kind=kind, severity=severity, content=content, drifting_since=since)
    if compared:
        for row in (r for rows in gone.values() for r in rows):
            ended = Ended.FIXED if look.same_declaration else Ended.WITHDRAWN
            changes.end(row, look, ended, look.previous_compared)
    return changes


def _drift_key(drift: Drift) -> tuple[str, str, str]:
    content = canonical_json({"path": drift.path, "desired": drift.desired, "actual": drift.actual})
    return drift.kind.value, drift.severity.value, content
