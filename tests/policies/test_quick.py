"""Python answers as CEL does, or leaves the answer to CEL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import to_jsonable_python
from tests.support.answers import ordered

from luxops.evaluation.answering import CEL_ERRORS, by_cel, verdict_of
from luxops.policies import Expression, load_policies, read_expression
from luxops.policies.quick import DOUBTS

FOLDER = Path(__file__).resolve().parents[2] / "policies"
LEFT_TO_CEL = {
    "cloud-capacity-host",
    "cloud-capacity-storage",
    "cloud-management-ports",
    "cloud-quota-headroom-compute",
    "cloud-quota-headroom-network",
    "cloud-quota-headroom-volumes",
    "cloud-router-foreign-network",
    "cloud-share-of-hub",
    "services-no-remote-shells",
    "sshd-idle-sessions",
    "sshd-match-blocks",
}
"""Policies with a pattern that is not simple, a multiplication, or a text that is looked for and not written out."""


def quick_answer(expression: Expression, facts: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """`DOUBTS` where it is left to CEL."""
    if expression.quick is None:
        return DOUBTS
    try:
        return expression.quick(facts)
    except DOUBTS:
        return DOUBTS


def cel_answer(text: str, facts: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """`CEL_ERRORS` where it fails."""
    try:
        return cel.evaluate(text, facts)
    except CEL_ERRORS:
        return CEL_ERRORS


def check(text: str, facts: dict[str, Any]) -> bool:
    """Holds both against each other. Whether Python answered."""
    expression = read_expression(text)
    whole = cel_answer(text, facts)
    try:
        parts = by_cel(expression, facts)
    except CEL_ERRORS:
        parts = CEL_ERRORS
    assert ordered(parts) == ordered(whole), "CEL itself answers otherwise on only the touched parts"
    answer = quick_answer(expression, facts)
    assert answer is DOUBTS or ordered(answer) == ordered(whole)
    assert verdict_of(expression, facts) is whole if isinstance(whole, bool) else isinstance(verdict_of(expression, facts), str)
    return answer is not DOUBTS


values = st.recursive(
    st.none() | st.booleans() | st.sampled_from([0, 1, 2, -1, 22, 2**62, 2**63 - 1, 1.0, 0.5])
    | st.sampled_from(["", "a", "b", "n", "no", "aa", "B", "é", "10/8", "\n"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "n"]), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
rows = st.fixed_dictionaries(
    {
        "n": st.integers(-1, 3) | st.none() | st.booleans(), "s": st.sampled_from(["a", "b", "aa", "no"]), "t": st.booleans(),
        "l": st.lists(st.sampled_from(["a", "b"]), max_size=2), "p": st.none() | st.lists(st.integers(0, 3), max_size=2),
    }
)  # fmt: skip
facts_of_f = st.fixed_dictionaries(
    {},
    optional={
        "a": values, "b": values, "n": values, "s": st.sampled_from(["a", "b", "no"]), "l": st.lists(rows, max_size=3),
        "m": st.dictionaries(st.sampled_from(["a", "b", "aa"]), rows, max_size=3),
        "of": st.dictionaries(st.sampled_from(["a", "b"]), st.lists(rows, max_size=2), max_size=2),
    },
)  # fmt: skip
ATOMS = ["f.a", "f.b", "f.n", "f.s", "f.l", "f.m", "f.of", "f.a.b", "f.b.n", 'f.a["a"]', "f.a[0]", "f.m.a.n", "f.m[f.s].n",
         "f.of[f.s]", "f.l[0].p[1]", "now", "target.labels.a"]  # fmt: skip
LITERALS = ['"a"', '"no"', '""', '"a\\\\b"', "0", "1", "22", "-1", "1.0", "true", "false", "null", "[]", '["a", "b"]',
            "[1, 22]"]  # fmt: skip
INNER = ["x", "x.n", "x.s", "x.t", "x.l", "x.p", "x.p[0]", "f.m[x]", "f.m[x].n", "f.m[x].t", "f.of[x]", "f.a[x]"]


def operations(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Larger expressions of smaller ones."""
    binary = st.sampled_from(["&&", "||", "==", "!=", "<", "<=", ">", ">=", "in", "+", "-"])
    loops = st.sampled_from(["all", "exists", "exists_one", "filter", "map"])
    return st.one_of(
        st.builds("({} {} {})".format, inner, binary, inner),
        st.builds("({} {} {})".format, inner, st.sampled_from(["&&", "||"]), inner),
        st.builds("!{}".format, inner),
        st.builds("size({})".format, inner),
        st.builds("({} ? {} : {})".format, inner, inner, inner),
        st.builds("{}.{}({})".format, inner, st.sampled_from(["startsWith", "endsWith", "contains"]), inner),
        st.builds("{}.matches({})".format, inner, st.sampled_from(['"^[a-b]+$"', '"(?i)(b|no)"', "'a\\\\.'", '"a|b"'])),
        st.builds("{}.{}(x, {})".format, inner, loops, inner),
        st.builds("{}.map(x, {}, {})".format, inner, inner, inner),
        st.builds("[0, 2].{}(x, {})".format, loops, inner),
    )


def refused(text: str) -> bool:
    try:
        read_expression(text)
    except ValueError:
        return True
    return False


leaves = st.sampled_from([*ATOMS, *LITERALS, *INNER, "has(f.a.b)", "has(f.m.a)", "string(f.n)"])
expressions = st.recursive(leaves, operations, max_leaves=7).filter(lambda text: not refused(text))
BUILT_IN = {"now": 1768435200, "target": {"id": "x", "labels": {"a": "b"}}, "x": {"n": 1}}


@pytest.mark.slow
@settings(max_examples=1000, deadline=None)
@given(expressions, facts_of_f)
def test_any_expression_on_any_facts(text: str, facts: dict[str, Any]) -> None:
    check(text, {"f": facts, **BUILT_IN})


@pytest.mark.parametrize(
    ("text", "fact", "answered"),
    [
        ('f.a == "x"', {"a": 1}, True),
        ("f.a == 1", {"a": True}, False),
        ("f.a == true", {"a": 1}, True),
        ("1 in f.a", {"a": [True, 2]}, False),
        ('"1" in f.a', {"a": {"1": 0}}, True),
        ("f.a[0] == 1", {"a": [1]}, True),
        ("f.a[0] > 1", {"a": "xyz"}, False),
        ("f.a[f.b] == 1", {"a": [1, 2], "b": -1}, False),
        ("f.a[f.b] == 1", {"a": [1, 2], "b": True}, False),
        ("f.a[0] - f.a[1] < 2", {"a": "xyz"}, False),
        ("f.a[0] - f.a[1] < 2", {"a": [5, 4]}, True),
        ("f.a + f.b > 0", {"a": 2**63 - 1, "b": 1}, False),
        ("size(f.a) == 2", {"a": "é"}, False),
        ("f.a.all(x, x > 0)", {"a": "text"}, False),
        ("f.a.all(x, x > 0)", {"a": [1, 2]}, True),
        ("f.a || f.b", {"a": 1, "b": True}, False),
        ("f.b || f.a", {"a": 1, "b": True}, True),
        ("f.a.b.c == 1 || f.b", {"a": {}, "b": True}, False),
        ("f.a.exists(x, x.n == 1)", {"a": [{}, {"n": 1}]}, False),
        ("f.a.exists(x, x.n == 1)", {"a": [{"n": 1}, {}]}, True),
        ("f.a < 1.5", {"a": 1}, False),
        ('f.a.matches("(a|b)*")', {"a": "b"}, False),
        ("f.a * 2 == 2", {"a": 1}, False),
    ],
)
def test_where_python_knows_and_where_it_leaves_the_answer_to_cel(text: str, fact: dict[str, Any], answered: bool) -> None:  # noqa: FBT001 - a table
    assert check(text, {"f": fact}) is answered


def test_what_nests_too_deeply_for_python_is_left_to_cel() -> None:
    text = "f.a" + " + 1" * 300
    assert read_expression(text).quick is None
    assert check(f"{text} == 301", {"f": {"a": 1}}) is False


def test_every_policy_on_its_examples() -> None:
    """Nearly always by Python; CEL answers where an example lacks something, and for few policies altogether."""
    policies = load_policies(FOLDER)
    answered = 0
    for policy in policies.policies:
        examples = policies.examples[policy.id]
        for example in (*examples.pass_, *examples.fail, *examples.not_applicable):
            target = {"id": "x", "hospital": "x", "labels": {}, **example.get("target", {})}
            facts = to_jsonable_python({**example, "target": target, "now": 1})
            for text in filter(None, (policy.check, policy.when, policy.show)):
                answered += check(text, facts)
    left = {p.id for p in policies.policies for t in (p.check, p.when, p.show) if t and read_expression(t).quick is None}
    assert left == LEFT_TO_CEL
    assert answered > 4 * len(policies.policies)
