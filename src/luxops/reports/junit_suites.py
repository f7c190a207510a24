"""JUnit XML for build servers. What is UNKNOWN is an error there, and an empty or incomplete scan is never green."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterable

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite
from junitparser.junitparser import FinalResult

from luxops.model import Drift, Finding, Target, TargetId, Verdict
from luxops.reports.report import Report
from luxops.reports.text import bounded, remedy, shown, visible


class JunitSuites:
    """A suite `coverage`, then one for each target, named `DOMAIN.TARGET`."""

    name = "junit"
    suffix = ".xml"

    def render(self, report: Report) -> bytes:
        mark = " (REPLAYED: recorded answers, not live targets)" if report.replayed else ""
        root = JUnitXml(_safe(f"luxops scan {report.scan.id}{mark}"))
        findings: dict[TargetId, list[Finding]] = defaultdict(list)
        drift: dict[TargetId, list[Drift]] = defaultdict(list)
        for verdict in report.findings:
            findings[verdict.finding.target].append(verdict.finding)
        for difference in report.drift:
            drift[difference.drift.target].append(difference.drift)
        of_targets = [_of_target(report, target, findings[target.id], drift[target.id]) for target in report.targets]
        root.extend([_coverage(report), *of_targets])  # type: ignore[no-untyped-call] # the library has hints in part
        root.update_statistics()  # type: ignore[no-untyped-call]
        file = io.BytesIO()
        root.write(file)
        return file.getvalue() + b"\n"


def _suite(report: Report, name: str, cases: Iterable[TestCase]) -> TestSuite:
    suite = TestSuite(_safe(name))
    suite.timestamp = report.scan.started.strftime("%Y-%m-%dT%H:%M:%S")
    for key, value in (
        ("scan", report.scan.id),
        ("replayed", str(report.replayed).lower()),
        ("inventory", report.scan.inventory_digest),
        ("policies", report.scan.policy_digest),
    ):
        suite.add_property(key, _safe(value))
    suite.add_testcases(list(cases))
    return suite


def _coverage(report: Report) -> TestSuite:
    coverage = report.coverage
    cases = [_case("coverage", f"{coverage.observed} of {coverage.targets} targets observed in full")]
    if report.totals.score is None:
        cases[0].result = Error("Nothing was judged: an empty scan shows nothing")
    elif not coverage.complete:
        cases[0].result = Error(f"Only {coverage.observed} of {coverage.targets} targets were observed in full")
    for unknown in coverage.unknown:
        case = _case("coverage", f"{unknown.target} is observed in full")
        case.result = Error(_safe(f"UNKNOWN {unknown.failure}"), "UNKNOWN")
        cases.append(case)
    return _suite(report, "coverage", cases)


def _of_target(report: Report, target: Target, findings: Iterable[Finding], drift: Iterable[Drift]) -> TestSuite:
    name = f"{report.domain(target.id)}.{target.id}"
    cases = [_judged(report, name, finding) for finding in findings]
    cases += [_differs(name, difference) for difference in drift]
    if not cases:
        cases = [_case(name, "is addressed by a policy")]
        cases[0].result = Skipped("No policy addresses this target: nothing is known of it")
    suite = _suite(report, name, cases)
    suite.hostname = _safe(target.id)
    suite.add_property("hospital", _safe(target.hospital))
    return suite


def _judged(report: Report, name: str, finding: Finding) -> TestCase:
    policy = report.policy_of.get(finding.policy)
    case = _case(name, f"{finding.policy}: {policy.title}" if policy else finding.policy)
    result: FinalResult
    match finding.verdict:
        case Verdict.PASS:
            return case
        case Verdict.FAIL:
            expected = f": expected {finding.expected}" if finding.expected else ""
            result = Failure(_safe(f"{finding.severity}{expected}"), finding.severity)
            detail = [f"actual: {shown(finding.actual)}", f"evidence: {finding.evidence}"]
            if policy:
                detail += [policy.rationale, remedy(policy.remediation)]
            result.text = _safe("\n".join(detail), lines=True)
        case Verdict.UNKNOWN:
            result = Error(_safe(f"UNKNOWN {finding.reason}"), "UNKNOWN")
        case Verdict.WAIVED:
            result = Skipped(_safe(f"WAIVED {finding.reason}"))
        case Verdict.NOT_APPLICABLE:
            result = Skipped(_safe(f"NOT APPLICABLE {finding.reason}"))
    case.result = result
    return case


def _differs(name: str, drift: Drift) -> TestCase:
    case = _case(name, f"drift {drift.path}")
    failure = Failure(_safe(f"{drift.severity}: {drift.kind}"), f"drift-{drift.kind}")
    failure.text = _safe(f"desired: {shown(drift.desired)}\nactual: {shown(drift.actual)}", lines=True)
    case.result = failure
    return case


def _case(suite: str, name: str) -> TestCase:
    return TestCase(_safe(name), f"luxops.{_safe(suite)}", 0.0)


def _safe(text: str, *, lines: bool = False) -> str:
    return bounded(visible(text, lines=lines))
