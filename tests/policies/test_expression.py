"""What expressions touch, what they need, and what is refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luxops.policies import ExpressionError, Touch, read_expression


def touched(text: str) -> set[tuple[str, bool]]:
    return {(".".join(touch.path), touch.deep) for touch in read_expression(text).touches}


def test_a_select_chain_touches_its_end() -> None:
    assert touched('sshd.effective.permitrootlogin == "no"') == {("sshd.effective.permitrootlogin", True)}


def test_a_literal_index_is_a_select() -> None:
    assert touched('sysctl.values["net.ipv4.ip_forward"] == 0') == {("sysctl.values.net.ipv4.ip_forward", True)}
    assert read_expression('sysctl.values["net.ipv4.ip_forward"] == 0').touches == (
        Touch(("sysctl", "values", "net.ipv4.ip_forward"), deep=True),
    )


def test_a_quote_or_backslash_in_a_key_may_be_escaped() -> None:
    assert touched(r'a["\"b\\"] == 1') == {('a."b\\', True)}
    assert touched(r"a['\''] == 1") == {("a.'", True)}
    assert touched(r'a["\x41"] == 1') == {("a.*", True)}


def test_a_computed_index_touches_every_element() -> None:
    assert ("a.m.*.x", True) in touched("a.list.all(k, a.m[k].x == 1)")


def test_a_loop_touches_what_its_body_takes_of_each_element() -> None:
    assert touched("a.l.all(x, x.mode == 1)") == {("a.l", False), ("a.l.*", False), ("a.l.*.mode", True)}


def test_a_loop_that_takes_the_whole_element_touches_all_beneath() -> None:
    assert ("a.l.*", True) in touched("a.l.exists(x, x == 1)")


def test_the_result_of_a_filter_is_still_the_list() -> None:
    assert ("a.l.*.port", True) in touched("a.l.filter(x, x.up).map(y, y.port) == [22]")


def test_both_branches_of_a_choice_are_touched() -> None:
    found = touched("(a.c ? a.left : a.right).name == 1")
    assert {("a.c", True), ("a.left.name", True), ("a.right.name", True)} <= found


def test_size_and_has_touch_no_deeper_than_needed() -> None:
    assert touched("size(a.l) > 0") == {("a.l", False), ("a.l.*", False)}
    assert touched("has(a.b.c)") == {("a.b.c", False)}


def test_a_method_ends_the_chain_and_uses_the_value() -> None:
    assert touched('a.b.startsWith("x")') == {("a.b", True)}


def test_a_loop_variable_hides_a_fact_of_the_same_name() -> None:
    assert read_expression("a.l.all(sshd, sshd.x == 1)").variables == ("a",)


def test_a_loop_over_literals_names_each_key() -> None:
    found = touched('["x", "y"].all(k, a.m[k].ok)')
    assert found == {("a.m.x.ok", True), ("a.m.y.ok", True)}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a.b == ", "expected a value"),
        ("a.b = 1", "unexpected `=`"),
        ("(a.b", "expected `)`"),
        ("a b", "expected an operator"),
        ("foo(a)", "there is no function `foo`"),
        ("a.b.lowerAscii()", "there is no method `lowerAscii`"),
        ("a.l.exists(x)", "expected `,`"),
        ("a.l.all(1, true)", "expected a variable's name"),
        ("a.l.all(x, x.m.all(x, x.n == 1))", "the loop around this one has a variable `x` too"),
        ('a.l["*"] == 1', "`*` cannot be a key"),
        ('a.b.matches("(?=x)")', "not a regular expression"),
        ("a.b.matches('[')", "not a regular expression"),
        ('"open', "unexpected"),
        ("has(a)", "invalid argument to has"),
        ("(" * 100 + "a" + ")" * 100, "nested deeper"),
        ("!" * 100 + "a.b", "too many signs"),
        ("a.b == " + "1" * 5000, "longer than"),
        ("", "expected a value"),
        ("a.?b", "expected a field's"),
        ("timestamp(a.b) > a.c", "there is no function"),
        ("a" + ".b" * 1900, "nested too deeply"),
    ],
)
def test_what_is_no_expression_is_refused_with_its_reason(text: str, why: str) -> None:
    with pytest.raises(ExpressionError, match=re.escape(why)):
        read_expression(text)


def test_the_column_of_a_mistake_is_told() -> None:
    with pytest.raises(ExpressionError) as caught:
        read_expression("a.b == 1 && foo(2)")
    assert caught.value.column == 13


@given(st.text(alphabet='ab.[]()"!&|=<>?:,x 1{}', max_size=40))
def test_any_text_is_an_expression_or_refused(text: str) -> None:
    try:
        expression = read_expression(text)
    except ExpressionError:
        return
    assert all(touch.path for touch in expression.touches)
