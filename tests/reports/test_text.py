"""Text of targets is visible and bounded; shares never round up to the whole."""

from __future__ import annotations

import unicodedata
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luxops.model import Totals
from luxops.reports import text

ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=60)  # surrogates and control characters too


@settings(deadline=None, max_examples=100)
@given(ANY_TEXT)
def test_visible_text_has_nothing_hidden_and_fits_xml_and_utf8(raw: str) -> None:
    seen = text.visible(raw)
    assert all(unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} for c in seen)
    element = ET.Element("a")
    element.text = seen
    assert ET.fromstring(ET.tostring(element, encoding="utf-8")).text == (seen or None)  # noqa: S314 - our own text


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        ("plain é ✓", "plain é ✓"),
        ("a\u202eb", "a⟨U+202E⟩b"),
        ("a\x1b[31mb", "a⟨U+001B⟩[31mb"),
        ("a\nb", "a⟨U+000A⟩b"),
        ("\ud800", "⟨U+D800⟩"),
        ("o" + "\u0301" * 5, "o" + "\u0301" * 3 + "⟨U+0301⟩" * 2),
    ],
)
def test_visible(raw: str, seen: str) -> None:
    assert text.visible(raw) == seen


def test_a_cut_is_said() -> None:
    assert text.bounded("x" * 5000, 10) == "xxxxxxxxxx… (cut: 5,000 characters in all)"
    assert "980 more of 1,000" in text.shown(list(range(1000)))
    assert len(text.shown(["y" * 100_000] * 1000)) < 2000


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ("yes", "yes"),
        (True, "true"),
        (None, "—"),
        ([], "[]"),
        ({"sshd.port": "22", "a": None}, 'a = null\nsshd.port = "22"'),
        ({"$unreadable": "sudo was refused"}, "unreadable: sudo was refused"),
        (["tcp 22", 5], "tcp 22\n5"),
    ],
)
def test_shown(value: object, seen: str) -> None:
    assert text.shown(value) == seen


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 10**7), st.integers(0, 10**7), st.integers(0, 10**7))
def test_a_score_is_the_whole_only_for_the_whole(passed: int, failed: int, unknown: int) -> None:
    score = text.score(Totals(PASS=passed, FAIL=failed, UNKNOWN=unknown))
    assert (score == "100\u00a0%") == (passed > 0 and failed == unknown == 0)
    assert (score == "—") == (passed + failed + unknown == 0)


def test_one_failure_in_a_million_is_not_the_whole() -> None:
    assert text.score(Totals(PASS=10**6, FAIL=1)) == "99.9\u00a0%"
    assert text.score(Totals(PASS=10**6, UNKNOWN=1)) == "99.9\u00a0%"


def test_score_counts_unknown_against() -> None:
    assert text.score(Totals(PASS=1206, FAIL=31, UNKNOWN=152)) == "86.8\u00a0%"
    assert text.best_score(Totals(PASS=1206, FAIL=31, UNKNOWN=152)) == "97.7\u00a0%"
