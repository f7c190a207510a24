"""The page says what must be said, hides nothing, and nothing that a target sent becomes markup."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from tests.reports.report_samples import (
    ALL_POLICIES,
    HOSTS,
    ROOT,
    clean,
    content_of,
    federation,
    make_drift,
    make_finding,
    make_target,
    policy_set,
    realistic,
)

from luxops.model import Digest, DriftKind, Failure, FailureReason, Verdict
from luxops.model.scan import UnknownTarget
from luxops.reports import Report, build_report
from luxops.reports.formats import FORMATS
from luxops.store.views import ScanContent

pytestmark = pytest.mark.slow

VOID = {"meta", "br", "link", "hr", "img", "input"}
HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>\u202egnp.exe\x1b[2J\x00\ud800{{7*7}}'

MakeReport = Callable[[ScanContent], Report]


class Page(HTMLParser):
    """Checks nesting while reading; collects ids, tags, attributes, text by section."""

    def __init__(self, page: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: list[str] = []
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str]] = []
        self.sections: dict[str, str] = {}
        self._section = ""
        self.feed(page.decode())
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        for name, value in attrs:
            self.attributes.append((name, value or ""))
            if name == "id":
                self.ids.append(value or "")
                if tag == "section":
                    self._section = value or ""
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.sections[self._section] = self.sections.get(self._section, "") + data

    def said(self, section: str = "") -> str:
        text = self.sections.get(section, "") if section else "".join(self.sections.values())
        return " ".join(text.split())


def page_of(report: Report) -> Page:
    return Page(FORMATS["html"].render(report))


def test_the_page_is_well_formed_and_stands_alone(report: Report) -> None:
    rendered = FORMATS["html"].render(report)
    page = Page(rendered)
    assert rendered.startswith(b"<!doctype html>")
    assert len(page.ids) == len(set(page.ids))
    assert not page.tags.keys() & {"script", "link", "img", "iframe", "object", "form", "base"}
    names = {name for name, _ in page.attributes}
    assert not {n for n in names if n.startswith("on")} | (names & {"src", "srcset", "action"})
    links = [value for name, value in page.attributes if name == "href"]
    assert links
    assert all(link.startswith("#") and link[1:] in page.ids for link in links)
    assert b"url(" not in rendered
    assert b"@import" not in rendered
    assert not re.search(rb"https?://", rendered)


def test_landmarks_language_and_captions(report: Report) -> None:
    page = page_of(report)
    assert ("lang", "en") in page.attributes
    assert page.tags["main"] == page.tags["header"] == page.tags["nav"] == page.tags["footer"] == page.tags["h1"] == 1
    assert page.tags["caption"] == page.tags["table"] == page.tags["thead"]
    labelled = [value for name, value in page.attributes if name == "aria-labelledby"]
    assert set(labelled) <= set(page.ids)


def test_the_summary_has_coverage_beside_the_score_and_undermines_it(report: Report) -> None:
    summary = page_of(report).said("summary")
    assert "6 of 8 targets observed in full: 75 %" in summary
    assert "47.3 %" in summary
    assert "Do not rely on this score" in summary
    assert summary.index("Coverage") < summary.index("Score")
    assert "5 checks have no answer" in summary
    assert b"untrusted" in FORMATS["html"].render(report)


def test_good_is_said_only_of_a_clean_and_complete_scan(make_report: MakeReport) -> None:
    assert "Holds." in page_of(make_report(clean())).said("summary")
    target = HOSTS[0]
    gap = UnknownTarget(target=target.id, failure=Failure(reason=FailureReason.TIMEOUT, detail="no answer"))
    passing = make_finding(ROOT, target, Verdict.PASS)
    spoiled = [
        content_of([target], [make_finding(ROOT, target, Verdict.UNKNOWN, reason="sudo was refused")]),
        content_of([target], [make_finding(ROOT, target, Verdict.NOT_APPLICABLE)]),
        content_of([target], [passing], unknown=[gap]),
        content_of([target], [make_finding(ROOT, target, Verdict.FAIL, actual="yes")]),
        content_of([target], [passing], [make_drift(target, "p", DriftKind.UNMANAGED, None, "x")]),
    ]
    for content in spoiled:
        assert "Holds." not in page_of(make_report(content)).said("summary")
    for content in spoiled[:3]:
        assert "every check has an answer" not in page_of(make_report(content)).said("coverage")


def test_nothing_judged_is_not_good(make_report: MakeReport) -> None:
    page = page_of(make_report(content_of(HOSTS[:1], [make_finding(ROOT, HOSTS[0], Verdict.NOT_APPLICABLE)])))
    assert "Nothing judged." in page.said("summary")
    assert "No check fails." not in page.said("failures")


def test_a_failure_says_all_that_an_auditor_asks(report: Report) -> None:
    failures = page_of(report).said("failures")
    for words in (
        "Root cannot log in over SSH", "chl-pacs2", "prohibit-password", "failing since 2026-03-09 07:13 UTC",
        "Why it matters that root cannot log in", "Playbook role hardening, variable sshd_root_login",
        "Luxith and the hospital together", "NIS2 Implementing Regulation (EU) 2024/2690 11.3: Guard privileged accounts",
        'services.auditd.active = "inactive"', "Hôpitaux Robert Schuman",
    ):  # fmt: skip
        assert words in failures
    failed = [f.finding for f in report.findings if f.finding.verdict is Verdict.FAIL]
    assert all(f.evidence in failures for f in failed)


def test_unknown_and_waived_stand_with_their_reasons(report: Report) -> None:
    page = page_of(report)
    assert "connection refused on 10.16.0.21:22" in page.said("coverage")
    assert "may succeed" in page.said("coverage")
    assert "sudo was refused" in page.said("coverage")
    assert "The tracer needs it until its next release" in page.said("waivers")
    assert "2026-01-31 expired" in page.said("waivers")
    assert "hrs-mirth1sysctl-kptr02waived by kptr-mirth until 2026-06-30sha256:" in page.said("waivers")


def test_drift_is_side_by_side_with_its_kind_and_age(report: Report) -> None:
    rendered = FORMATS["html"].render(report).decode()
    drift = page_of(report).said("drift")
    assert "<del>" in rendered
    assert "<ins>any</ins>" in rendered
    for words in ("changed", "unmanaged", "missing", "not declared", "not there", "since 2026-03-06 07:15 UTC"):
        assert words in drift
    assert drift.count("not verified by this scan") == 1


def test_a_replayed_scan_says_so_at_the_top_in_the_title_and_on_every_printed_page(make_report: MakeReport) -> None:
    live, replayed = (FORMATS["html"].render(make_report(realistic(replayed=r))).decode() for r in (False, True))
    assert "REPLAYED" not in live
    assert "<title>REPLAYED: " in replayed
    assert replayed.index("replay-mark") < replayed.index("<h1>")
    assert "@top-center" in replayed


def test_words_from_another_time_are_marked(report: Report) -> None:
    assert "has changed since" not in page_of(report).said()
    later = report.model_copy(update={"policies_digest": Digest("sha256:" + "0" * 64)})
    assert "The policies have changed since this scan" in page_of(later).said()


def test_nothing_a_target_sent_becomes_markup() -> None:
    target = make_target("chl-pacs1").model_copy(update={"id": HOSTILE, "hospital": HOSTILE})
    failure = UnknownTarget(target=target.id, failure=Failure(reason=FailureReason.MALFORMED, detail=HOSTILE))
    content = content_of(
        [target],
        [
            make_finding(ROOT, target, Verdict.FAIL, actual={HOSTILE: [HOSTILE]}, expected=HOSTILE),
            make_finding(ALL_POLICIES[1], target, Verdict.UNKNOWN, reason=HOSTILE),
        ],
        [make_drift(target, HOSTILE, DriftKind.CHANGED, HOSTILE, HOSTILE + "x")],
        [failure],
    )
    rendered = FORMATS["html"].render(build_report(content, policy_set(), federation()))
    page = Page(rendered)
    assert not page.tags.keys() & {"script", "img"}
    assert "⟨U+202E⟩" in page.said()
    assert "{{7*7}}" in page.said()
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\x1b]", rendered.decode())


def test_a_very_long_value_is_cut_and_says_so(make_report: MakeReport) -> None:
    content = content_of(HOSTS[:1], [make_finding(ROOT, HOSTS[0], Verdict.FAIL, actual="A" * 1_000_000)])
    rendered = FORMATS["html"].render(make_report(content))
    assert len(rendered) < 100_000
    assert "1,000,000 characters in all" in rendered.decode()


def left_out(rendered: bytes, words: str) -> int:
    return sum(int(number.replace(",", "")) for number in re.findall(rf"([\d,]+) {words}", rendered.decode()))


@pytest.mark.parametrize("verdict", [Verdict.FAIL, Verdict.UNKNOWN])
def test_five_hundred_hosts_stay_small_and_what_is_left_out_is_counted(verdict: Verdict) -> None:
    policies = [ROOT.model_copy(update={"id": f"policy-{i}"}) for i in range(40)]
    targets = [make_target(f"h{i % 12:02}-host{i}") for i in range(500)]
    findings = [
        make_finding(p, t, verdict if i % 8 == 0 else Verdict.PASS, actual="yes", reason=f"reason {i}")
        for t in targets
        for i, p in enumerate(policies)
    ]
    drift = [make_drift(t, f"listener tcp/{i}", DriftKind.UNMANAGED, None, "x") for t in targets for i in range(6)]
    built = build_report(content_of(targets, findings, drift), policy_set(policies), federation())
    rendered = FORMATS["html"].render(built)
    assert len(rendered) < 8_000_000
    assert left_out(rendered, "more (?:target|row)s?(?: with this failure)? not shown here") == 500
    assert left_out(rendered, "differences? of this target not shown here") == 1000
    assert "3,000 differences from the declaration" in Page(rendered).said("summary")
