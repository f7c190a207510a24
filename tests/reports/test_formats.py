"""JSON, CSV, JUnit and SARIF: whole, valid, and never presenting UNKNOWN as fine."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.reports.report_samples import (
    HOSTS,
    ROOT,
    clean,
    content_of,
    federation,
    make_drift,
    make_finding,
    policy_set,
    realistic,
)

from luxops.model import DriftKind, Failure, FailureReason, Verdict
from luxops.model.scan import UnknownTarget
from luxops.reports import Report, build_report
from luxops.reports.formats import FORMATS
from luxops.store.views import ScanContent

MakeReport = Callable[[ScanContent], Report]
ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=40)


def one(
    verdict: Verdict, *, reason: str = "", actual: object = None, unknown: bool = False, drift: str | None = None
) -> Report:
    target = HOSTS[0]
    gaps = [UnknownTarget(target=target.id, failure=Failure(reason=FailureReason.TIMEOUT, detail=reason))] if unknown else []
    differences = [make_drift(target, drift, DriftKind.UNMANAGED, None, drift)] if drift is not None else []
    content = content_of([target], [make_finding(ROOT, target, verdict, reason=reason, actual=actual)], differences, gaps)
    return build_report(content, policy_set(), federation())


def as_json(report: Report) -> Any:  # noqa: ANN401 - JSON
    return json.loads(FORMATS["json"].render(report))


def rows(report: Report) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(FORMATS["csv"].render(report).decode(), newline="")))


def junit(report: Report) -> ET.Element:
    return ET.fromstring(FORMATS["junit"].render(report))  # noqa: S314 - our own text


def sarif(report: Report) -> Any:  # noqa: ANN401 - JSON
    return json.loads(FORMATS["sarif"].render(report))["runs"][0]


# JSON


def test_json_has_the_nouns_whole(report: Report) -> None:
    document = as_json(report)
    assert document["schema"] == "luxops/report/1"
    assert document["coverage"]["observed"] == 6
    assert [u["target"] for u in document["coverage"]["unknown"]] == ["chl-mirth1", "hrs-mirth1"]
    assert document["totals"] == {"PASS": 9, "FAIL": 5, "UNKNOWN": 5, "NOT_APPLICABLE": 3, "WAIVED": 1}
    assert Counter(f["verdict"] for f in document["findings"]) == document["totals"]
    failed = next(f for f in document["findings"] if f["target"] == "chl-pacs2" and f["verdict"] == "FAIL")
    assert (failed["actual"], failed["expected"], failed["failing_since"]) == ("yes", "no", "2026-03-09T07:13:04Z")
    assert Counter(d["verified"] for d in document["drift"]) == {True: 4, False: 1}
    assert not document["complete"]


def test_json_is_complete_only_when_everything_was_seen_and_judged(make_report: MakeReport) -> None:
    assert as_json(make_report(clean()))["complete"]
    assert not as_json(one(Verdict.PASS, unknown=True))["complete"]
    assert not as_json(one(Verdict.NOT_APPLICABLE))["complete"]


@settings(deadline=None, max_examples=60)
@given(ANY_TEXT)
def test_json_carries_every_value_uncut_in_ascii(value: str) -> None:
    rendered = FORMATS["json"].render(one(Verdict.FAIL, actual=value))
    assert rendered.isascii()
    assert json.loads(rendered)["findings"][0]["actual"] == value


# CSV


def test_csv_has_one_row_for_each_gap_finding_and_difference(report: Report) -> None:
    table = rows(report)
    assert Counter(row["record"] for row in table) == {"coverage": 3, "finding": 23, "drift": 5}
    assert table[0]["title"] == "6 of 8 targets observed in full"
    assert {row["verdict"] for row in table if row["record"] == "coverage"} == {"UNKNOWN"}
    acl = next(row for row in table if row["subject"] == "acl-only-declared" and row["verdict"] == "FAIL")
    assert acl["requirements"] == "iso-27001-2022 A.8.22; nis2-cir-2024-2690 6.8"
    assert acl["evidence"].startswith("sha256:")
    assert {row["scan"] for row in table} == {report.scan.id}


def test_csv_lines_end_as_the_rfc_says(report: Report) -> None:
    assert FORMATS["csv"].render(report).startswith(b"record,scan,")
    assert b"\r\n" in FORMATS["csv"].render(report)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(["=", "+", "-", "@", "\t", "\r", "\n", " =", "＝"]), ANY_TEXT)
def test_no_csv_cell_is_a_formula_and_every_row_keeps_its_shape(first: str, rest: str) -> None:
    value = first + rest
    table = rows(one(Verdict.FAIL, reason=value, actual=value, drift=value))
    assert len(table) == 3
    for row in table:
        assert None not in row
        assert not [cell for cell in row.values() if cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝"))]


# JUnit


def test_junit_counts(report: Report) -> None:
    root = junit(report)
    outcomes = Counter(child.tag for case in root.iter("testcase") for child in case)
    assert outcomes == {"failure": 5 + 5, "error": 3 + 5, "skipped": 1 + 3}
    assert (root.get("failures"), root.get("errors")) == ("10", "8")
    names = [suite.get("name") for suite in root]
    assert names[:2] == ["coverage", "network.chl-edge1"] or names[0] == "coverage"
    assert "network.chl-edge1" in names
    assert "hosts.chl-pacs1" in names


@pytest.mark.parametrize(
    "report_",
    [
        one(Verdict.UNKNOWN, reason="sudo was refused"),
        one(Verdict.PASS, unknown=True),
        one(Verdict.NOT_APPLICABLE),
        one(Verdict.WAIVED),
        one(Verdict.PASS, drift="listener"),
        one(Verdict.FAIL),
    ],
    ids=["unknown", "not observed", "nothing applies", "only waived", "drift", "failed"],
)
def test_junit_is_never_green_without_reason(report_: Report) -> None:
    root = junit(report_)
    assert int(root.get("failures", "0")) + int(root.get("errors", "0")) > 0


def test_junit_of_a_clean_scan_is_green(make_report: MakeReport) -> None:
    root = junit(make_report(clean()))
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("3", "0", "0")


@settings(deadline=None, max_examples=60)
@given(ANY_TEXT)
def test_junit_is_xml_whatever_a_target_sends(value: str) -> None:
    root = junit(one(Verdict.FAIL, actual=value, drift=value, unknown=True, reason=value))
    assert root.get("failures") == "2"


# SARIF


def test_sarif_results(report: Report) -> None:
    run = sarif(report)
    assert Counter((r["kind"], bool(r["suppressions"])) for r in run["results"]) == {
        ("fail", False): 5 + 5,
        ("open", False): 5,
        ("fail", True): 1,
    }
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert (result["level"] == "none") == (result["kind"] != "fail")
        assert result["message"]["text"]
        assert result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"].count("/") == 1
    prints = [tuple(result["partialFingerprints"].items()) for result in run["results"]]
    assert len(prints) == len(set(prints))


def test_sarif_levels_follow_severity(report: Report) -> None:
    levels = {r["ruleId"]: r["level"] for r in sarif(report)["results"] if r["kind"] == "fail"}
    assert levels["acl-only-declared"] == levels["sshd-root-login"] == "error"
    assert levels["sockets-declared"] == "warning"
    assert levels["sysctl-kptr"] == "note"


def test_sarif_says_what_was_not_observed(report: Report, make_report: MakeReport) -> None:
    (invocation,) = sarif(report)["invocations"]
    assert not invocation["executionSuccessful"]
    assert len(invocation["toolExecutionNotifications"]) == 2
    assert sarif(make_report(clean()))["invocations"][0]["executionSuccessful"]
    assert not sarif(one(Verdict.NOT_APPLICABLE))["invocations"][0]["executionSuccessful"]


def test_sarif_rules_refer_to_requirements_that_are_there(report: Report) -> None:
    run = sarif(report)
    taxa = {t["name"]: {x["id"] for x in t["taxa"]} for t in run["taxonomies"]}
    referred = [r["target"] for rule in run["tool"]["driver"]["rules"] for r in rule.get("relationships", [])]
    assert len(referred) == 9
    for target in referred:
        assert target["id"] in taxa[target["toolComponent"]["name"]]
        assert run["taxonomies"][target["toolComponent"]["index"]]["name"] == target["toolComponent"]["name"]


def test_sarif_messages_escape_placeholders_and_links() -> None:
    run = sarif(one(Verdict.FAIL, actual={"a": ["[x](http://evil.example)", "{0}"]}))
    text = run["results"][0]["message"]["text"]
    assert "{{0}}" in text
    assert "\\[x\\](" in text


def test_sarif_knows_policies_that_are_gone() -> None:
    run = sarif(build_report(realistic(), policy_set([ROOT]), federation()))
    rules = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert {r["ruleId"] for r in run["results"]} <= rules


# All of them


@pytest.mark.parametrize("name", list(FORMATS))
def test_every_format_marks_a_replayed_scan(name: str, make_report: MakeReport) -> None:
    live, replayed = (FORMATS[name].render(make_report(realistic(replayed=r))).decode() for r in (False, True))
    marks = {"html": "REPLAYED", "json": '"replayed": true', "csv": ",replayed,", "junit": "REPLAYED", "sarif": "REPLAYED"}
    assert marks[name] in replayed
    assert marks[name] not in live.replace("record,scan,replayed", "")


@pytest.mark.parametrize("name", list(FORMATS))
@settings(deadline=None, max_examples=60)
@given(ANY_TEXT)
def test_every_format_renders_whatever_a_target_sends(name: str, value: str) -> None:
    FORMATS[name].render(one(Verdict.UNKNOWN, reason=value, drift=value)).decode()
