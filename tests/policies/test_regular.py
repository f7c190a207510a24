"""Patterns that are answered without CEL are answered as CEL answers them."""

from __future__ import annotations

import cel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from luxops.policies.regular import searched, simple

PATTERNS = ["^[a-z][a-z0-9-]*/[0-9]+$", "^a", "b$", "a?b+", "[a-c]x*", "^$|", "^[p-q]$", "a b", "/-",
    r"(?i)(ab|x[0-9]+\.c)", r"^(a\.|[b-c]x?)q$", "(?i)k+s", "(a|)", r"a\.b",
]  # fmt: skip


@given(st.sampled_from(PATTERNS), st.text(st.sampled_from("abcpqx/-09. \n\rAKSſKé²٣"), max_size=8))
def test_the_answer_is_that_of_cel(pattern: str, text: str) -> None:
    try:
        found = searched(pattern, text)
    except ValueError:
        return
    assert found is cel.evaluate("t.matches(p)", {"t": text, "p": pattern})


def test_what_has_more_than_two_cases_is_left_to_cel() -> None:
    assert searched("(?i)k", "K")
    with pytest.raises(ValueError, match="left to CEL"):
        searched("(?i)k", "\N{KELVIN SIGN}")


def test_the_end_is_the_end() -> None:
    found = simple("b$")
    assert found is not None
    assert (found.search("b") is None, found.search("b\n") is None) == (False, True)


def test_most_patterns_here_are_simple() -> None:
    assert [p for p in PATTERNS if simple(p) is None] == ["^$|", "(a|)"]


OTHERS = ["(a)+", "((a))", "(?:a)", "a|b", r"\d", ".", "a(?i)", "a{2}", "[^a]", "é", "[z-a]", "a**", "a*b*c*d*e*", "a$b",
          "[a&&b]", ""]  # fmt: skip


@pytest.mark.parametrize("pattern", OTHERS)
def test_others_are_left_to_cel(pattern: str) -> None:
    assert simple(pattern) is None
