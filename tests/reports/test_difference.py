"""What differs always shows, however long the texts and wherever in them it is."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from luxops.reports.difference import LINE_LIMIT, Row, side_by_side

LINES = st.lists(st.text(st.characters(codec="ascii", exclude_categories=["C"]), max_size=30), min_size=1, max_size=90).map(
    "\n".join
)


def marked(rows: list[Row]) -> tuple[str, str]:
    left = "".join(p.text for r in rows for p in r.desired or () if p.differs)
    right = "".join(p.text for r in rows for p in r.actual or () if p.differs)
    return left, right


def test_only_what_differs_inside_a_line_is_marked() -> None:
    rows = side_by_side("acl A\n permit tcp host 10.0.0.1 eq 443\n deny any", "acl A\n permit tcp any\n deny any")
    assert len(rows) == 3
    left, right = marked(rows)
    assert "443" in left
    assert right == "any"
    assert "permit" not in left + right


def test_a_side_that_is_not_there_is_none() -> None:
    assert [r.desired for r in side_by_side(None, "a\nb")] == [None, None]
    assert [r.actual for r in side_by_side("a", None)] == [None]


@pytest.mark.slow
@settings(deadline=None, max_examples=100)
@given(LINES, LINES)
def test_a_difference_is_never_shown_as_none(one: str, other: str) -> None:
    assume(one != other)
    rows = side_by_side(one, other)
    assert any(marked(rows)) or any(r.desired is None or r.actual is None for r in rows)
    assert len(rows) <= 2 * LINE_LIMIT + 2


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 5000))
def test_a_difference_deep_in_a_long_line_shows(at: int) -> None:
    base = "permit 10.0.0.1 " * 400
    assert any(marked(side_by_side(base, base[:at] + "X" + base[at:])))


def test_a_difference_below_many_equal_lines_shows_and_says_what_is_left_out() -> None:
    base = [f"line {i}" for i in range(500)]
    rows = side_by_side("\n".join(base), "\n".join([*base[:450], "inserted", *base[450:]]))
    assert "inserted" in marked(rows)[1]
    assert rows[0].desired is not None
    assert rows[0].desired[0].text == "… 447 equal lines above"


@settings(deadline=None, max_examples=100)
@given(LINES)
def test_equal_texts_have_nothing_marked(same: str) -> None:
    assert marked(side_by_side(same, same)) == ("", "")
