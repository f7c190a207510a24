"""HTML for auditors: one file that needs no script, no network and no other file, on screen and on paper."""

from __future__ import annotations

import re
from collections.abc import Mapping

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from luxops.model import DriftKind, Totals, Verdict
from luxops.reports import html_views, text
from luxops.reports.difference import side_by_side
from luxops.reports.report import Report

ROW_LIMIT = 2000
"""Rows of one table; longer ones are cut, which the page says. The other formats are never cut."""

DRIFT_WORDS: Mapping[DriftKind, str] = {
    DriftKind.CHANGED: "declared, but otherwise",
    DriftKind.MISSING: "declared, but not there",
    DriftKind.UNMANAGED: "there, but not declared",
}


class HtmlPage:
    """Passing findings are counts here; everything else stands with its reason and the digest of its evidence."""

    name = "html"
    suffix = ".html"

    def __init__(self) -> None:
        environment = Environment(
            loader=PackageLoader("luxops.reports"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        environment.filters.update(
            visible=_visible, value=text.shown, moment=text.moment, short=text.short, one_line=_one_line, count=_count
        )
        environment.globals.update(
            share=text.share, score=text.score, best_score=text.best_score, plural=text.plural, remedy=text.remedy,
            responsible=text.responsible, side_by_side=side_by_side, drift_words=DRIFT_WORDS, bar_parts=_bar,
            row_limit=ROW_LIMIT,
        )  # fmt: skip
        self._environment = environment

    def render(self, report: Report) -> bytes:
        footer = _css_words(f"luxops scan {report.scan.id}")
        style = self._environment.get_template("report.css").render(footer=footer, replayed=report.replayed)
        page = self._environment.get_template("report.html").render(
            report=report,
            style=Markup(style),  # noqa: S704 - our own style sheet; the one value in it is reduced to plain words
            conclusion=html_views.conclusion(report),
            standing=html_views.standing(report),
            unknown=html_views.unknown_checks(report),
            failures=html_views.failures(report, ROW_LIMIT),
            drift=html_views.drift(report, ROW_LIMIT),
            frameworks=html_views.requirements(report),
            waived=[f for f in report.findings if f.finding.verdict is Verdict.WAIVED],
            orphans=html_views.without_policy(report),
        )
        return page.encode()


def _visible(value: object) -> str:
    return text.visible(text.bounded(str(value)))


def _one_line(value: str) -> str:
    """Words from a policy file, where lines are folded for its editor and mean nothing."""
    return text.visible(text.bounded(" ".join(value.split())))


def _count(value: int) -> str:
    return f"{value:,}" if value else "0"


def _css_words(value: str) -> str:
    return re.sub(r"[^A-Za-z0-9 ._:-]", "?", value)


def _bar(totals: Totals) -> list[tuple[str, str, int]]:
    """Parts of a bar: class, share of its length in percent, count. NOT_APPLICABLE is no part: nothing was to be judged."""
    parts = (("pass", totals.PASS), ("waived", totals.WAIVED), ("unknown", totals.UNKNOWN), ("fail", totals.FAIL))
    whole = sum(count for _, count in parts)
    return [(name, f"{100 * count / whole:.2f}", count) for name, count in parts if count]
