"""A report's counts agree with its findings, and a record that does not agree with itself is refused."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.reports.report_samples import ACL, HOSTS, ROOT, clean, content_of, federation, make_finding, policy_set, realistic

from luxops.errors import UsageError
from luxops.model import ScanState, Selection, Severity, Totals, Verdict
from luxops.reports import Report, ReportError, build_report
from luxops.reports.formats import FORMATS
from luxops.reports.report import RequirementState


def build(content, *selectors: str) -> Report:  # type: ignore[no-untyped-def] # noqa: ANN001
    return build_report(content, policy_set(), federation(), Selection.parse(selectors))


def test_counts_are_the_same_however_they_are_cut(report: Report) -> None:
    for tallies in (report.by_domain, report.by_hospital, report.by_target, report.by_policy, report.by_severity):
        assert sum((t.totals.FAIL for t in tallies), 0) == report.totals.FAIL == 5
        assert sum((t.totals.UNKNOWN for t in tallies), 0) == report.totals.UNKNOWN == 5
        assert sum((t.totals.PASS for t in tallies), 0) == report.totals.PASS == 9
    assert [t.key for t in report.by_domain] == ["hosts", "network"]
    assert sum(t.drift for t in report.by_hospital) == len(report.drift) == 5


def test_requirements_show_the_worst_of_their_checks_and_the_gaps(report: Report) -> None:
    states = {(t.framework, t.requirement): t.state for t in report.by_requirement}
    assert states["nis2-cir-2024-2690", "11.3"] is RequirementState.FAILS
    assert states["anssi-bp-028", "R9"] is RequirementState.UNKNOWN
    assert states["nis2-cir-2024-2690", "12.1"] is RequirementState.NOT_ASSESSED


def test_requirements_keep_the_catalogue_order(report: Report) -> None:
    nis2 = [t.requirement for t in report.by_requirement if t.framework == "nis2-cir-2024-2690"]
    assert nis2 == ["3.2", "6.7", "6.8", "11.3", "12.1"]


def test_a_mapping_outside_the_catalogue_still_counts() -> None:
    stray = ROOT.model_copy(update={"mappings": {"house-rules": ("H1",)}})
    content = content_of(HOSTS[:1], [make_finding(stray, HOSTS[0], Verdict.FAIL)])
    built = build_report(content, policy_set([stray]), federation())
    (tally,) = [t for t in built.by_requirement if t.framework == "house-rules"]
    assert (tally.requirement, tally.totals.FAIL) == ("H1", 1)


def test_a_narrower_report_keeps_its_own_coverage() -> None:
    built = build(realistic(), "hospital:chl")
    assert (built.coverage.targets, built.coverage.observed) == (5, 4)
    assert [u.target for u in built.coverage.unknown] == ["chl-mirth1"]
    assert {f.finding.target.partition("-")[0] for f in built.findings} == {"chl"}
    assert built.selection == "hospital:chl"


def test_a_selector_without_a_target_is_an_error() -> None:
    with pytest.raises(UsageError, match="looked at no target that matches `hospital:chdn`"):
        build(realistic(), "hospital:chl", "hospital:chdn")


@pytest.mark.parametrize("state", [ScanState.RUNNING, ScanState.INTERRUPTED])
def test_an_unfinished_scan_is_refused(state: ScanState) -> None:
    content = content_of(HOSTS[:1], [make_finding(ROOT, HOSTS[0], Verdict.PASS)], state=state)
    with pytest.raises(ReportError, match=state.value):
        build(content)


def test_a_scan_of_nothing_is_refused() -> None:
    with pytest.raises(ReportError, match="looked at nothing"):
        build(content_of([], []))


def test_a_lost_finding_is_noticed() -> None:
    content = realistic()
    with pytest.raises(ReportError) as caught:
        build(content.model_copy(update={"findings": content.findings[:-1]}))
    assert "PASS 9" in caught.value.why
    assert "PASS 8" in caught.value.why


def test_a_lost_target_is_noticed() -> None:
    content = realistic()
    with pytest.raises(ReportError, match="does not agree with itself"):
        build(content.model_copy(update={"targets": content.targets[1:]}))


def test_a_target_that_nothing_is_recorded_of_is_noticed() -> None:
    content = realistic()
    coverage = content.scan.coverage.model_copy(update={"targets": 9, "observed": 7})
    with pytest.raises(ReportError) as caught:
        build(content.model_copy(update={"scan": content.scan.model_copy(update={"coverage": coverage})}))
    assert caught.value.why == "it looked at 9 targets, 8 are recorded"


def test_a_gap_in_coverage_without_a_name_is_noticed() -> None:
    content = realistic()
    coverage = content.scan.coverage.model_copy(update={"unknown": content.scan.coverage.unknown[:1]})
    with pytest.raises(ReportError) as caught:
        build(content.model_copy(update={"scan": content.scan.model_copy(update={"coverage": coverage})}))
    assert "does not name every target" in caught.value.why


def test_a_policy_that_is_gone_still_has_its_findings() -> None:
    built = build_report(realistic(), policy_set([ROOT]), federation())
    assert ACL.id not in built.policy_of
    assert any(f.finding.policy == ACL.id for f in built.findings)
    assert {t.key for t in built.by_policy} >= {ACL.id, ROOT.id}


def test_only_waivers_that_cover_the_report_are_in_it() -> None:
    assert [w.waiver.id for w in build(realistic(), "kind:router").waivers] == ["audit-old"]
    waivers = {w.waiver.id: w for w in build(realistic()).waivers}
    assert (waivers["kptr-mirth"].in_force, waivers["kptr-mirth"].findings) == (True, 1)
    assert not waivers["audit-old"].in_force


def test_what_fails_comes_first_and_the_worst_of_it_before_the_rest(report: Report) -> None:
    verdicts = [f.finding.verdict for f in report.findings]
    assert verdicts[:5] == [Verdict.FAIL] * 5
    assert report.findings[0].finding.severity is Severity.CRITICAL


@pytest.mark.parametrize("name", list(FORMATS))
@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 2**32))
def test_the_same_scan_gives_the_same_bytes_in_whatever_order_it_is_read(name: str, seed: int) -> None:
    content = realistic()
    shuffled = {}
    for part in ("targets", "findings", "drift"):
        items = list(getattr(content, part))
        random.Random(seed).shuffle(items)  # noqa: S311 - an order, no secret
        shuffled[part] = tuple(items)
    other = content.model_copy(update=shuffled)
    assert FORMATS[name].render(build(content)) == FORMATS[name].render(build(other))


def test_complete_is_said_of_nothing_judged_by_nobody() -> None:
    assert build(clean()).complete
    assert not build(realistic()).complete
    nothing = content_of(HOSTS[:1], [make_finding(ROOT, HOSTS[0], Verdict.NOT_APPLICABLE)])
    assert build(nothing).totals == Totals(NOT_APPLICABLE=1)
    assert not build(nothing).complete
