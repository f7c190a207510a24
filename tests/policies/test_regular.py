"""Patterns that are answered without CEL are answered as CEL answers them."""

from __future__ import annotations

import cel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from luxops.policies.regular import simple

PATTERNS = ["^[a-z][a-z0-9-]*/[0-9]+$", "^a", "b$", "a?b+", "[a-c]x*", "^$|", "^[p-q]$", "a b", "/-"]


@given(st.sampled_from(PATTERNS), st.text(st.sampled_from("abcpqx/-09 \n\rAé²٣"), max_size=8))
def test_the_answer_is_that_of_cel(pattern: str, text: str) -> None:
    if (found := simple(pattern)) is not None:
        assert (found.search(text) is not None) is cel.evaluate("t.matches(p)", {"t": text, "p": pattern})


def test_the_end_is_the_end() -> None:
    found = simple("b$")
    assert found is not None
    assert (found.search("b") is None, found.search("b\n") is None) == (False, True)


def test_most_patterns_here_are_simple() -> None:
    assert [p for p in PATTERNS if simple(p) is None] == ["^$|"]


@pytest.mark.parametrize(
    "pattern", ["(a)", "a|b", r"\d", ".", "(?i)a", "a{2}", "[^a]", "é", "[z-a]", "a**", "a*b*c*d*e*", "a$b", "[a&&b]", ""]
)
def test_others_are_left_to_cel(pattern: str) -> None:
    assert simple(pattern) is None
