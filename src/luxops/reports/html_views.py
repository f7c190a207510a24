"""What the page says, in the order in which it says it. Pure: from a report to plain values for the template."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from luxops.model import Policy, PolicyId, Severity, TargetId, Totals, Verdict
from luxops.reports.report import Report, RequirementState, RequirementTally
from luxops.reports.text import plural, visible
from luxops.store.views import RecordedDrift, RecordedFinding

NAMED_TARGETS = 4
"""Targets that a heading names before it counts the rest."""


class Sentence(NamedTuple):
    """One thing that a reader must know first."""

    tone: str
    """`bad`, `unknown`, `waived` or `good`."""
    mark: str
    """The tone in a word: colour is not its only sign."""
    text: str


def conclusion(report: Report) -> list[Sentence]:
    """What was found, worst first. Good is said only of a complete look without failure, gap or difference."""
    totals, coverage = report.totals, report.coverage
    said = []
    if totals.FAIL:
        worst = [f"{t.totals.FAIL:,} {t.severity}" for t in report.by_severity if t.totals.FAIL]
        where = len({f.finding.target for f in report.findings if f.finding.verdict is Verdict.FAIL})
        said.append(
            Sentence(
                "bad",
                "Fails",
                f"{plural(totals.FAIL, 'check')} on {plural(where, 'target')} {_do(totals.FAIL)} not hold: {', '.join(worst)}.",
            )
        )
    if report.drift:
        where = len({d.drift.target for d in report.drift})
        said.append(
            Sentence("bad", "Drift", f"{plural(len(report.drift), 'difference')} from the declaration on "
                     f"{plural(where, 'target')}.")
        )  # fmt: skip
    if missing := coverage.targets - coverage.observed:
        said.append(
            Sentence(
                "unknown",
                "Incomplete",
                f"{missing:,} of {plural(coverage.targets, 'target')} could not be observed in full. "
                "Nothing here speaks for what was not seen.",
            )
        )
    if totals.UNKNOWN:
        said.append(
            Sentence(
                "unknown",
                "Unknown",
                f"{plural(totals.UNKNOWN, 'check')} {'has' if totals.UNKNOWN == 1 else 'have'} no answer. "
                "Unknown counts against the score; it is never taken for a pass.",
            )
        )
    if totals.score is None:
        said.append(Sentence("unknown", "Nothing judged", "No check gave an answer: this report shows nothing."))
    if not said:
        said.append(
            Sentence(
                "good",
                "Holds",
                f"All {coverage.targets:,} targets were observed in full, every check that applies holds or is waived, "
                "and nothing differs from the declaration.",
            )
        )
    if totals.WAIVED:
        said.append(Sentence("waived", "Waived", f"{plural(totals.WAIVED, 'failure')} accepted for a time: see Waivers."))
    return said


def _do(count: int) -> str:
    return "does" if count == 1 else "do"


class Standing(NamedTuple):
    """How far the score may be trusted."""

    trusted: bool
    words: str


WEAK_COVERAGE = 0.9
"""Below this share of targets the score is struck through: it describes too little of what it seems to describe."""


def standing(report: Report) -> Standing:
    """What coverage and UNKNOWN leave of the score, in one sentence."""
    coverage, totals = report.coverage, report.totals
    if not coverage.targets or totals.score is None:
        return Standing(trusted=False, words="Nothing was judged, so there is no score.")
    gap = coverage.targets - coverage.observed
    if coverage.observed < WEAK_COVERAGE * coverage.targets:
        return Standing(
            trusted=False,
            words=f"Do not rely on this score: {gap:,} of {plural(coverage.targets, 'target')} were not observed in full.",
        )
    if gap:
        return Standing(trusted=True, words=f"Read it with its gap: {plural(gap, 'target')} not observed in full.")
    if totals.UNKNOWN:
        return Standing(trusted=True, words=f"{plural(totals.UNKNOWN, 'check')} without an answer count against it.")
    return Standing(trusted=True, words="Every target was observed and every check answered.")


class UnknownChecks(NamedTuple):
    """Checks of one target that have no answer for one reason."""

    target: TargetId
    reason: str
    policies: tuple[PolicyId, ...]


def unknown_checks(report: Report) -> list[UnknownChecks]:
    """By target, then reason; the reasons with most checks first."""
    groups: dict[tuple[TargetId, str], list[PolicyId]] = defaultdict(list)
    for recorded in report.findings:
        if recorded.finding.verdict is Verdict.UNKNOWN:
            groups[recorded.finding.target, recorded.finding.reason].append(recorded.finding.policy)
    order = {t.id: i for i, t in enumerate(report.targets)}
    rows = [UnknownChecks(target, reason, tuple(sorted(found))) for (target, reason), found in groups.items()]
    return sorted(rows, key=lambda row: (order[row.target], -len(row.policies), row.reason))


class FailedPolicy(NamedTuple):
    """One policy that fails on targets of one hospital."""

    policy_id: PolicyId
    policy: Policy | None
    """None where it is no longer among the policies."""
    named: str
    """A few targets by id, and how many more."""
    oldest: RecordedFinding
    findings: tuple[RecordedFinding, ...]
    left_out: int


class FailedHospital(NamedTuple):
    hospital: str
    title: str
    total: int
    policies: tuple[FailedPolicy, ...]


class FailedSeverity(NamedTuple):
    severity: Severity
    total: int
    hospitals: tuple[FailedHospital, ...]


def failures(report: Report, limit: int) -> list[FailedSeverity]:
    """By severity, hospital and policy. At most `limit` findings, the worst; what is left out is counted where it belongs."""
    groups: dict[Severity, dict[str, dict[PolicyId, list[RecordedFinding]]]] = {}
    for recorded in report.findings:
        finding = recorded.finding
        if finding.verdict is Verdict.FAIL:
            hospital = report.target_of[finding.target].hospital
            groups.setdefault(finding.severity, {}).setdefault(hospital, {}).setdefault(finding.policy, []).append(recorded)
    room = limit
    sections = []
    for severity in (s for s in Severity if s in groups):
        hospitals = []
        for hospital, policies in groups[severity].items():
            failed = []
            for policy_id, found in policies.items():
                failed.append(_failed(report, policy_id, found, room))
                room = max(0, room - len(found))
            hospitals.append(FailedHospital(hospital, report.owner(hospital), _sum(policies), tuple(failed)))
        sections.append(FailedSeverity(severity, sum(h.total for h in hospitals), tuple(hospitals)))
    return sections


def _sum(groups: Mapping[PolicyId, Sequence[RecordedFinding]]) -> int:
    return sum(map(len, groups.values()))


def _failed(report: Report, policy_id: PolicyId, found: Sequence[RecordedFinding], room: int) -> FailedPolicy:
    shown = tuple(found[:room])
    oldest = min(found, key=lambda r: (r.failing_since or r.since, r.finding.target))
    return FailedPolicy(
        policy_id, report.policy_of.get(policy_id), named(f.finding.target for f in found), oldest, shown,
        len(found) - len(shown),
    )  # fmt: skip


def named(targets: Iterable[TargetId]) -> str:
    """`chl-pacs1, chl-pacs2 and 3 more`."""
    ids = list(targets)
    rest = len(ids) - NAMED_TARGETS
    return ", ".join(visible(i) for i in ids[:NAMED_TARGETS]) + (f" and {rest:,} more" if rest > 0 else "")


class DriftOfTarget(NamedTuple):
    target: TargetId
    hospital: str
    shown: tuple[RecordedDrift, ...]
    left_out: int


def drift(report: Report, limit: int) -> list[DriftOfTarget]:
    """By target, at most `limit` in all; what is left out is counted."""
    groups: dict[TargetId, list[RecordedDrift]] = {}
    for recorded in report.drift:
        groups.setdefault(recorded.drift.target, []).append(recorded)
    room = limit
    rows = []
    for target, found in groups.items():
        rows.append(
            DriftOfTarget(
                target, report.owner(report.target_of[target].hospital), tuple(found[:room]), max(0, len(found) - room)
            )
        )
        room = max(0, room - len(found))
    return rows


class FrameworkView(NamedTuple):
    id: str
    title: str
    source: str
    counts: Mapping[RequirementState, int]
    rows: tuple[RequirementTally, ...]
    """Requirements that a check says something of."""
    not_assessed: tuple[RequirementTally, ...]


def requirements(report: Report) -> list[FrameworkView]:
    """By framework; what no check speaks of stands apart, so that a gap in the policies shows too."""
    groups: dict[str, list[RequirementTally]] = {}
    for tally in report.by_requirement:
        groups.setdefault(tally.framework, []).append(tally)
    views = []
    for framework, tallies in groups.items():
        catalogue = report.framework_of.get(framework)
        counts = {state: sum(t.state is state for t in tallies) for state in RequirementState}
        views.append(
            FrameworkView(
                framework,
                catalogue.title if catalogue else framework,
                catalogue.source if catalogue else "",
                counts,
                tuple(t for t in tallies if t.state is not RequirementState.NOT_ASSESSED),
                tuple(t for t in tallies if t.state is RequirementState.NOT_ASSESSED),
            )
        )
    return views


def without_policy(report: Report) -> Totals:
    """Findings whose policies are gone from the policies: no requirement counts them, and the page says so."""
    return Totals.of(f.finding for f in report.findings if f.finding.policy not in report.policy_of)
