"""SARIF 2.1.0 for code-scanning and vulnerability tools.

FAIL is a result of kind `fail`, UNKNOWN one of kind `open`, WAIVED a suppressed one; passes are counts in the run's
properties. Whatever was not observed is also a notification of the invocation, which then was not successful.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from sarif_pydantic.sarif import (  # type: ignore[import-untyped]
    Invocation,
    Level,
    Location,
    LogicalLocation,
    Message,
    Notification,
    ReportingConfiguration,
    ReportingDescriptor,
    ReportingDescriptorReference,
    ReportingDescriptorRelationship,
    Result,
    Run,
    RunAutomationDetails,
    Sarif,
    Suppression,
    Tool,
    ToolComponent,
    ToolComponentReference,
    ToolDriver,
)

from luxops import __version__
from luxops.model import Drift, DriftKind, Finding, Policy, PolicyId, Severity, TargetId, Verdict, digest_of
from luxops.reports.report import Report
from luxops.reports.text import bounded, moment, remedy, shown, visible
from luxops.store.views import RecordedDrift, RecordedFinding

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_LEVELS = {
    Severity.CRITICAL: Level.ERROR, Severity.HIGH: Level.ERROR, Severity.MEDIUM: Level.WARNING, Severity.LOW: Level.NOTE
}  # fmt: skip
_RANKS = {Severity.CRITICAL: 95.0, Severity.HIGH: 75.0, Severity.MEDIUM: 50.0, Severity.LOW: 25.0}
_DRIFT_WORDS = {
    DriftKind.CHANGED: "Something declared is otherwise on the target",
    DriftKind.MISSING: "Something declared is not on the target",
    DriftKind.UNMANAGED: "Something on the target is not declared",
}
_NOT_OBSERVED = "not-observed"


class SarifLog:
    """One run, with the policies as rules and the frameworks as taxonomies."""

    name = "sarif"
    suffix = ".sarif"

    def render(self, report: Report) -> bytes:
        rules = [*_policy_rules(report), *_drift_rules(report)]
        index = {rule.id: i for i, rule in enumerate(rules)}
        results = [*(_judged(report, f, index) for f in report.findings if f.finding.verdict in _REPORTED)]
        results += [_differs(report, d, index) for d in report.drift]
        driver = ToolDriver(
            name="luxops",
            full_name="luxops" + (" (REPLAYED: recorded answers, not live targets)" if report.replayed else ""),
            version=__version__,
            rules=rules,
            notifications=[
                ReportingDescriptor(id=_NOT_OBSERVED, short_description=_text("A target could not be observed in full"))
            ],
        )
        run = Run(
            tool=Tool(driver=driver),
            automation_details=RunAutomationDetails(id=f"luxops/{_safe(report.scan.id)}"),
            invocations=[_invocation(report)],
            results=results,
            properties=_properties(report),
            **({"taxonomies": taxonomies} if (taxonomies := list(_taxonomies(report))) else {}),
        )
        log = Sarif.model_validate({"$schema": SCHEMA, "runs": [run]})
        document = log.model_dump(mode="json", by_alias=True, exclude_none=True)
        return (json.dumps(document, indent=1) + "\n").encode("ascii")


_REPORTED = {Verdict.FAIL, Verdict.UNKNOWN, Verdict.WAIVED}


def _safe(text: str, *, lines: bool = False) -> str:
    return bounded(visible(text, lines=lines))


def _fingerprint(*parts: str) -> str:
    """The same for the same thing in every scan. Of the visible text: what a target sent may not be UTF-8."""
    return digest_of([visible(part) for part in parts])


def _text(text: str) -> Message:
    """A literal message: braces are placeholders in SARIF and square brackets links, unless they are escaped."""
    escaped = _safe(text, lines=True).replace("{", "{{").replace("}", "}}")
    return Message(text=escaped.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]"))


def _policy_rules(report: Report) -> Iterator[ReportingDescriptor]:
    known = set()
    for policy in report.policies:
        known.add(policy.id)
        yield _rule(report, policy)
    severities = {f.finding.policy: f.finding.severity for f in report.findings if f.finding.verdict in _REPORTED}
    for gone in sorted(severities.keys() - known):
        yield ReportingDescriptor(
            id=_safe(gone),
            short_description=_text("A policy that is no longer among the policies"),
            default_configuration=ReportingConfiguration(level=_LEVELS[severities[gone]]),
        )


def _rule(report: Report, policy: Policy) -> ReportingDescriptor:
    catalogues = [f.id for f in report.frameworks]
    return ReportingDescriptor(
        id=_safe(policy.id),
        short_description=_text(policy.title),
        full_description=_text(policy.rationale),
        help=_text(remedy(policy.remediation) or policy.rationale),
        default_configuration=ReportingConfiguration(level=_LEVELS[policy.severity], rank=_RANKS[policy.severity]),
        relationships=[
            ReportingDescriptorRelationship(
                target=ReportingDescriptorReference(
                    id=requirement, tool_component=ToolComponentReference(name=framework, index=catalogues.index(framework))
                ),
                kinds=["relevant"],
            )
            for framework, requirements in sorted(policy.mappings.items())
            if framework in catalogues
            for requirement in requirements
            if requirement in report.framework_of[framework].requirements
        ],
        properties={
            "tags": sorted(policy.mappings), "severity": policy.severity, "responsibility": policy.responsibility
        },
    )  # fmt: skip


def _drift_rules(report: Report) -> Iterator[ReportingDescriptor]:
    for domain, kind in sorted({(d.drift.domain, d.drift.kind) for d in report.drift}):
        yield ReportingDescriptor(
            id=_drift_rule(domain, kind),
            short_description=_text(_DRIFT_WORDS[kind]),
            default_configuration=ReportingConfiguration(level=Level.WARNING),
        )


def _drift_rule(domain: str, kind: DriftKind) -> str:
    return f"drift/{_safe(domain)}/{kind}"


def _taxonomies(report: Report) -> Iterator[ToolComponent]:
    for framework in report.frameworks:
        yield ToolComponent(
            name=framework.id,
            full_name=_safe(framework.title),
            taxa=[
                ReportingDescriptor(id=requirement, **({"short_description": _text(words)} if words else {}))
                for requirement, words in framework.requirements.items()
            ],
        )


def _where(report: Report, target_id: TargetId) -> list[Location]:
    target = report.target_of[target_id]
    name = _safe(target_id)
    return [
        Location(
            logical_locations=[
                LogicalLocation(name=name, fully_qualified_name=f"{_safe(target.hospital)}/{name}", kind="resource")
            ]
        )
    ]


def _judged(report: Report, recorded: RecordedFinding, index: dict[str, int]) -> Result:
    finding = recorded.finding
    failed = finding.verdict is not Verdict.UNKNOWN
    return Result(
        rule_id=_safe(finding.policy),
        rule_index=index[_safe(finding.policy)],
        kind="fail" if failed else "open",
        level=_LEVELS[finding.severity] if failed else Level.NONE,
        rank=_RANKS[finding.severity],
        message=_text(_said(report, finding)),
        locations=_where(report, finding.target),
        partial_fingerprints={"policyAndTarget/v1": _fingerprint(finding.policy, finding.target)},
        properties={
            "verdict": finding.verdict,
            "severity": finding.severity,
            "hospital": _safe(report.target_of[finding.target].hospital),
            "since": (recorded.failing_since or recorded.since).isoformat(),
            "evidence": finding.evidence,
        },
        suppressions=[Suppression(kind="external", status="accepted", justification=_safe(finding.reason))]
        if finding.verdict is Verdict.WAIVED
        else [],
    )


def _said(report: Report, finding: Finding) -> str:
    policy = report.policy_of.get(PolicyId(finding.policy))
    title = policy.title if policy else finding.policy
    if finding.verdict is Verdict.UNKNOWN:
        return f"{finding.target}: UNKNOWN whether this holds: {title}. {finding.reason}"
    return f"{finding.target}: does not hold: {title}. Actual: {shown(finding.actual)}. Expected: {finding.expected}"


def _differs(report: Report, recorded: RecordedDrift, index: dict[str, int]) -> Result:
    drift = recorded.drift
    rule = _drift_rule(drift.domain, drift.kind)
    stale = "" if report.verified(recorded) else f" Not verified by this scan; last seen {moment(recorded.verified_at)}."
    return Result(
        rule_id=rule,
        rule_index=index[rule],
        kind="fail",
        level=_LEVELS[drift.severity],
        rank=_RANKS[drift.severity],
        message=_text(f"{drift.target}: {drift.path}: {_drift_said(drift)}.{stale}"),
        locations=_where(report, drift.target),
        partial_fingerprints={"driftPath/v1": _fingerprint(drift.target, drift.domain, drift.path)},
        properties={
            "verdict": drift.kind.upper(),
            "severity": drift.severity,
            "hospital": _safe(report.target_of[drift.target].hospital),
            "since": recorded.drifting_since.isoformat(),
        },
        suppressions=[],
    )


def _drift_said(drift: Drift) -> str:
    return f"{drift.kind}. Declared: {shown(drift.desired)}. Actual: {shown(drift.actual)}"


def _invocation(report: Report) -> Invocation:
    return Invocation(
        execution_successful=report.complete,
        start_time_utc=report.scan.started,
        end_time_utc=report.scan.finished,
        toolExecutionNotifications=list(_notifications(report)),
    )


def _notifications(report: Report) -> Iterable[Notification]:
    descriptor = ReportingDescriptorReference(id=_NOT_OBSERVED, index=0)
    if report.totals.score is None:
        yield Notification(
            descriptor=descriptor, level=Level.ERROR, message=_text("Nothing was judged: an empty scan shows nothing")
        )
    for unknown in report.coverage.unknown:
        yield Notification(
            descriptor=descriptor,
            level=Level.ERROR,
            message=_text(f"{unknown.target}: UNKNOWN: {unknown.failure}"),
            locations=_where(report, unknown.target),
        )


def _properties(report: Report) -> dict[str, object]:
    return {
        "scan": report.scan.id,
        "replayed": report.replayed,
        "complete": report.complete,
        "selection": _safe(report.selection),
        "coverage": {"targets": report.coverage.targets, "observed": report.coverage.observed},
        "totals": report.totals.model_dump(),
        "inventoryDigest": report.scan.inventory_digest,
        "policyDigest": report.scan.policy_digest,
    }
