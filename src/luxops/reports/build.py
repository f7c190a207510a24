"""From what was recorded to a report: checked, narrowed, ordered, counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from luxops.errors import LuxopsError, UsageError
from luxops.model import Coverage, Policy, PolicyId, Scan, ScanState, Selection, Severity, Target, TargetId, Totals, Verdict
from luxops.policies.nouns import Framework, PolicySet
from luxops.reports.report import (
    DOMAINS,
    Report,
    ReportedFederation,
    ReportedWaiver,
    RequirementTally,
    SeverityTally,
    Tally,
)  # fmt: skip
from luxops.store.views import RecordedDrift, RecordedFinding, ScanContent

VERDICT_ORDER = (Verdict.FAIL, Verdict.UNKNOWN, Verdict.WAIVED, Verdict.PASS, Verdict.NOT_APPLICABLE)
"""What needs a reader first comes first."""


class ReportError(LuxopsError):
    """What was recorded cannot be reported truthfully."""


def build_report(
    content: ScanContent, policies: PolicySet, federation: ReportedFederation, selection: Selection | None = None
) -> Report:
    """A report over the scan's targets that `selection` names; none names all. `policies` and `federation` give the words.

    Raises ReportError where the scan did not finish or where its record does not agree with its totals: a report never
    shows less than was found. Raises UsageError where a selector matches nothing.
    """
    scan = content.scan
    _check(content)
    chosen = sorted(_chosen(content, selection or Selection()), key=lambda t: (t.hospital, t.kind, t.id))
    inside = {target.id: target for target in chosen}
    findings = _ordered([f for f in content.findings if f.finding.target in inside], inside)
    drift = sorted((d for d in content.drift if d.drift.target in inside), key=_drift_order(inside))
    coverage = _narrowed(scan.coverage, inside)
    known = {f.finding.policy for f in findings}
    used = tuple(sorted((p for p in policies.policies if p.id in known), key=lambda p: (p.severity.rank, p.id)))
    frameworks = tuple(policies.mappings[name] for name in sorted(policies.mappings))
    count = _Counter(coverage, findings, drift)
    return Report(
        scan=scan,
        selection=scan.selection if selection is None or not selection.selectors else str(selection),
        federation=federation,
        policies_digest=policies.digest,
        targets=tuple(chosen),
        policies=used,
        frameworks=frameworks,
        waivers=_waivers(scan, policies, chosen, findings),
        coverage=coverage,
        totals=_totals(findings),
        findings=tuple(findings),
        drift=tuple(drift),
        by_domain=tuple(count.of(d, [t for t in chosen if DOMAINS[t.kind] == d]) for d in _domains(chosen)),
        by_hospital=tuple(
            count.of(owner, [t for t in chosen if t.hospital == owner], federation.owners.get(owner, owner))
            for owner in sorted({t.hospital for t in chosen})
        ),
        by_target=tuple(count.of(t.id, [t]) for t in chosen),
        by_policy=count.by_policy(used),
        by_severity=count.by_severity(),
        by_requirement=_requirements(frameworks, used, findings),
    )


def _check(content: ScanContent) -> None:
    scan, findings, drift = content.scan, content.findings, content.drift
    if scan.state is not ScanState.FINISHED:
        raise ReportError(
            f"Scan {scan.id} is {scan.state}: there is nothing to report",
            why="only a scan that finished says anything about its targets",
            remedy="Scan again: luxops scan",
        )
    if not content.targets:
        raise ReportError(f"Scan {scan.id} looked at nothing", why="an empty report would look like a clean one")
    known = {t.id for t in content.targets}
    problems = []
    if (found := _totals(findings)) != scan.totals:
        problems.append(f"its totals are {_counts(scan.totals)}, its findings {_counts(found)}")
    if len(known) != scan.coverage.targets:
        problems.append(f"it looked at {scan.coverage.targets} targets, {len(known)} are recorded")
    if scan.coverage.observed + len({u.target for u in scan.coverage.unknown}) != scan.coverage.targets:
        problems.append("its coverage does not name every target that was not observed in full")
    if strangers := sorted({*(f.finding.target for f in findings), *(d.drift.target for d in drift)} - known):
        problems.append("findings or drift belong to targets it did not look at: " + ", ".join(strangers[:5]))
    if strangers := sorted({u.target for u in scan.coverage.unknown} - known):
        problems.append("its coverage names targets it did not look at: " + ", ".join(strangers[:5]))
    if problems:
        raise ReportError(
            f"The record of scan {scan.id} does not agree with itself",
            why="\n".join(problems),
            remedy="The store was changed by something else or is damaged: restore it, or scan again.",
        )


def _chosen(content: ScanContent, selection: Selection) -> list[Target]:
    for selector in selection.selectors:
        if not any(selector.matches(t) for t in content.targets):
            raise UsageError(
                f"Scan {content.scan.id} looked at no target that matches `{selector}`",
                why=f"it looked at {len(content.targets)} targets ({content.scan.selection})",
                remedy=f"Scan them: luxops scan {selector}",
            )
    return selection.of(content.targets)


def _totals(findings: Iterable[RecordedFinding]) -> Totals:
    return Totals.of(f.finding for f in findings)


def _counts(totals: Totals) -> str:
    return " ".join(f"{verdict} {count}" for verdict, count in totals.model_dump().items())


def _narrowed(coverage: Coverage, inside: Mapping[TargetId, Target]) -> Coverage:
    unknown = tuple(sorted((u for u in coverage.unknown if u.target in inside), key=lambda u: u.target))
    return Coverage(targets=len(inside), observed=len(inside) - len({u.target for u in unknown}), unknown=unknown)


def _ordered(findings: Iterable[RecordedFinding], inside: Mapping[TargetId, Target]) -> list[RecordedFinding]:
    def order(recorded: RecordedFinding) -> tuple[object, ...]:
        f = recorded.finding
        return VERDICT_ORDER.index(f.verdict), f.severity.rank, inside[f.target].hospital, f.policy, f.target

    return sorted(findings, key=order)


def _drift_order(inside: Mapping[TargetId, Target]) -> Callable[[RecordedDrift], tuple[object, ...]]:
    def order(recorded: RecordedDrift) -> tuple[object, ...]:
        d = recorded.drift
        return inside[d.target].hospital, d.target, d.severity.rank, d.domain, d.path, d.kind, d.desired or "", d.actual or ""

    return order


def _domains(targets: Sequence[Target]) -> list[str]:
    return [domain for domain in DOMAINS.values() if any(DOMAINS[t.kind] == domain for t in targets)]


def _waivers(
    scan: Scan, policies: PolicySet, targets: Sequence[Target], findings: Sequence[RecordedFinding]
) -> tuple[ReportedWaiver, ...]:
    """Those that cover a target of the report, by policy: in force or expired on the day on which the scan began."""
    reported = []
    for waiver in sorted(policies.waivers, key=lambda w: (w.policy, w.id)):
        covered = {t.id for t in targets if waiver.covers(t)}
        if covered:
            waived = sum(
                f.finding.verdict is Verdict.WAIVED and f.finding.policy == waiver.policy and f.finding.target in covered
                for f in findings
            )
            reported.append(ReportedWaiver(waiver=waiver, in_force=waiver.expires >= scan.started.date(), findings=waived))
    return tuple(reported)


class _Counter:
    """Counts findings and drift by any part of the targets, in one pass over each."""

    def __init__(
        self,
        coverage: Coverage,
        findings: Sequence[RecordedFinding],
        drift: Sequence[RecordedDrift],
    ) -> None:
        self._findings = findings
        self._drift = drift
        self._unobserved = {u.target for u in coverage.unknown}
        self._of_target: dict[TargetId, list[RecordedFinding]] = defaultdict(list)
        for finding in findings:
            self._of_target[finding.finding.target].append(finding)
        self._drift_of: dict[TargetId, int] = defaultdict(int)
        for difference in drift:
            self._drift_of[difference.drift.target] += 1

    def of(self, key: str, targets: Sequence[Target], title: str = "") -> Tally:
        inside = [t.id for t in targets]
        return Tally(
            key=key,
            title=title or key,
            targets=len(inside),
            observed=sum(t not in self._unobserved for t in inside),
            totals=_totals(f for t in inside for f in self._of_target[t]),
            drift=sum(self._drift_of[t] for t in inside),
        )

    def by_policy(self, policies: Sequence[Policy]) -> tuple[Tally, ...]:
        groups: dict[PolicyId, list[RecordedFinding]] = defaultdict(list)
        for finding in self._findings:
            groups[finding.finding.policy].append(finding)
        titles = {p.id: p.title for p in policies}
        order = [p.id for p in policies] + sorted(groups.keys() - titles.keys())
        return tuple(
            Tally(
                key=policy,
                title=titles.get(policy, policy),
                targets=len({f.finding.target for f in groups[policy]}),
                observed=len({f.finding.target for f in groups[policy] if f.finding.target not in self._unobserved}),
                totals=_totals(groups[policy]),
                drift=0,
            )
            for policy in order
        )

    def by_severity(self) -> tuple[SeverityTally, ...]:
        return tuple(
            SeverityTally(
                severity=severity,
                totals=_totals(f for f in self._findings if f.finding.severity is severity),
                drift=sum(d.drift.severity is severity for d in self._drift),
            )
            for severity in Severity
        )


def _requirements(
    frameworks: Sequence[Framework], policies: Sequence[Policy], findings: Sequence[RecordedFinding]
) -> tuple[RequirementTally, ...]:
    """Every requirement of every catalogue, also those that no policy addresses: a gap must show."""
    found: dict[PolicyId, list[RecordedFinding]] = defaultdict(list)
    for finding in findings:
        found[finding.finding.policy].append(finding)
    mapped: dict[tuple[str, str], list[PolicyId]] = defaultdict(list)
    for policy in policies:
        for framework, requirements in policy.mappings.items():
            for requirement in requirements:
                mapped[framework, requirement].append(policy.id)
    catalogue = [(f.id, r, words) for f in frameworks for r, words in f.requirements.items()]
    listed = {(framework, requirement) for framework, requirement, _ in catalogue}
    catalogue += [(framework, requirement, "") for framework, requirement in sorted(mapped.keys() - listed)]
    order = {framework: i for i, framework in enumerate(dict.fromkeys(sorted(f for f, _, _ in catalogue)))}
    return tuple(
        RequirementTally(
            framework=framework,
            requirement=requirement,
            words=words,
            policies=tuple(sorted(mapped[framework, requirement])),
            totals=_totals(f for p in mapped[framework, requirement] for f in found[p]),
        )
        for framework, requirement, words in sorted(catalogue, key=lambda c: order[c[0]])
    )
