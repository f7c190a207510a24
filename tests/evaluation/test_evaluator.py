"""Verdicts: never better than their evidence."""

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime
from typing import Any

import cel
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ConfigDict

from luxops.errors import UsageError
from luxops.evaluation import Evaluator
from luxops.evaluation.actual import bounded, expected_of
from luxops.model import (
    FactName,
    FactValue,
    Failure,
    FailureReason,
    Finding,
    Observation,
    Policy,
    PolicyId,
    Severity,
    Target,
    TargetId,
    TargetKind,
    Unreadable,
    Verdict,
    digest_of,
)  # fmt: skip
from luxops.model.policy import Remediation
from luxops.policies import PolicySet, Waiver

AT = datetime(2026, 1, 15, 12, tzinfo=UTC)
HOST = Target(id=TargetId("chl-pacs1"), kind=TargetKind.HOST, hospital="chl", labels={"group": "pacs"})


class Fact(FactValue):
    model_config = ConfigDict(extra="allow")


def policy(check: str, *needs: str, **more: Any) -> Policy:  # noqa: ANN401 - any field
    fields: dict[str, Any] = {
        "id": PolicyId("p"),
        "title": "A policy",
        "applies_to": TargetKind.HOST,
        "needs": tuple(map(FactName, needs or ("f",))),
        "check": check,
        "severity": Severity.HIGH,
        "rationale": "because",
        "remediation": Remediation(text="do"),
        "mappings": {},
    }
    return Policy(**{**fields, **more})


def policy_set(*policies: Policy, waivers: tuple[Waiver, ...] = ()) -> PolicySet:
    return PolicySet(policies=policies, examples={}, mappings={}, waivers=waivers, digest=digest_of("x"))


def observed(target: TargetId = HOST.id, **facts: Any) -> list[Observation]:  # noqa: ANN401 - JSON or Failure
    outcomes = {name: value if isinstance(value, Failure) else Fact(**value) for name, value in facts.items()}
    return [Observation.of(target, FactName(name), outcome, AT) for name, outcome in outcomes.items()]


def judge(
    check: str,
    *,
    at: datetime = AT,
    waivers: tuple[Waiver, ...] = (),
    more: Any = None,  # noqa: ANN401 - any field
    **facts: Any,  # noqa: ANN401 - JSON
) -> Finding:
    needs = tuple(facts) or ("f",)
    evaluator = Evaluator(policy_set(policy(check, *needs, **(more or {})), waivers=waivers))
    (finding,) = evaluator.evaluate(HOST, observed(**facts), at)
    return finding


def test_pass_and_fail() -> None:
    assert judge('f.mode == "on"', f={"mode": "on"}).verdict is Verdict.PASS
    failed = judge('f.mode == "on"', f={"mode": "off"})
    assert (failed.verdict, failed.actual, failed.expected, failed.reason) == (Verdict.FAIL, "off", "on", "")
    validated = Finding.model_validate(failed.model_dump())
    assert validated == failed
    assert (validated.model_fields_set, repr(validated), hash(str(validated))) == (
        failed.model_fields_set,
        repr(failed),
        hash(str(failed)),
    )
    assert failed.model_copy(update={"reason": "x"}).reason == "x"
    assert pickle.loads(pickle.dumps(failed)) == failed  # noqa: S301 - our own


def test_show_and_expected() -> None:
    more = {"show": "f.l.filter(x, x.bad).map(x, x.name)", "expected": "none bad"}
    failed = judge("f.l.all(x, !x.bad)", f={"l": [{"bad": True, "name": "a"}, {"bad": False, "name": "b"}]}, more=more)
    assert (failed.actual, failed.expected) == (["a"], "none bad")


def test_several_paths_are_shown_by_name() -> None:
    failed = judge("f.a == 1 && f.l.all(x, x.n == 1)", f={"a": 1, "l": [{"n": 1}, {"n": 2}]})
    assert failed.actual == {"f.a": 1, "f.l[].n": [1, 2]}


def test_a_show_that_fails_changes_no_verdict() -> None:
    assert judge("f.a == 1", f={"a": 2}, more={"show": "f.l[9]"}).verdict is Verdict.FAIL


def test_when() -> None:
    more = {"when": 'f.kind == "x"', "not_applicable": "not an x"}
    finding = judge("f.a == 1", f={"kind": "y", "a": 2}, more=more)
    assert (finding.verdict, finding.reason) == (Verdict.NOT_APPLICABLE, "not an x")
    assert judge("f.a == 1", f={"kind": "x", "a": 2}, more=more).verdict is Verdict.FAIL
    assert judge("f.a == 1", f={"kind": Unreadable(reason="no"), "a": 1}, more=more).verdict is Verdict.UNKNOWN


def test_a_role_that_the_target_lacks_comes_before_what_was_observed() -> None:
    evaluator = Evaluator(policy_set(policy("f.a == 1", role="controller")))
    controller = HOST.model_copy(update={"labels": {"role": "controller"}})
    failed = Failure(reason=FailureReason.TIMEOUT, detail="after 30 s")
    for seen in ([], observed(f={"a": 1}), observed(f={"a": 2}), observed(f=failed)):
        (finding,) = evaluator.evaluate(HOST, seen, AT)
        assert (finding.verdict, finding.actual) == (Verdict.NOT_APPLICABLE, None)
        assert finding.reason == "not looked at: the inventory declares it no controller"
    verdicts = [
        evaluator.evaluate(controller, seen, AT)[0].verdict for seen in ([], observed(f={"a": 1}), observed(f={"a": 2}))
    ]
    assert verdicts == [Verdict.UNKNOWN, Verdict.PASS, Verdict.FAIL]


def test_a_failed_fact_is_unknown_with_its_reason() -> None:
    finding = judge("f.a == 1", f=Failure(reason=FailureReason.TIMEOUT, detail="after 30 s", retryable=True))
    assert (finding.verdict, finding.reason) == (Verdict.UNKNOWN, "f: timeout: after 30 s")


def test_a_missing_fact_is_unknown() -> None:
    evaluator = Evaluator(policy_set(policy("f.a == 1 || g.b == 1", "f", "g")))
    (finding,) = evaluator.evaluate(HOST, observed(f={"a": 1}), AT)
    assert (finding.verdict, finding.reason) == (Verdict.UNKNOWN, "g: was not observed")


def test_nothing_observed_is_unknown_for_every_policy() -> None:
    evaluator = Evaluator(policy_set(*(policy("true || f.a == 1", id=PolicyId(f"p{i}")) for i in range(3))))
    assert [f.verdict for f in evaluator.evaluate(HOST, [], AT)] == [Verdict.UNKNOWN] * 3


def test_another_targets_answer_counts_for_nothing() -> None:
    evaluator = Evaluator(policy_set(policy("f.a == 1")))
    (finding,) = evaluator.evaluate(HOST, observed(target=TargetId("chl-pacs2"), f={"a": 1}), AT)
    assert finding.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("order", [1, -1])
def test_two_different_answers_are_no_answer(order: int) -> None:
    evaluator = Evaluator(policy_set(policy("f.a == 1")))
    twice = [*observed(f={"a": 1}), *observed(f={"a": 2})][::order]
    (finding,) = evaluator.evaluate(HOST, twice, AT)
    assert finding.verdict is Verdict.UNKNOWN
    assert "twice" in finding.reason


@pytest.mark.parametrize(
    ("check", "facts"),
    [
        ("f.a == 1", {}),
        ("f.a == 1", {"b": 1}),
        ("f.a > 1", {"a": "text"}),
        ("f.a / f.b == 1", {"a": 1, "b": 0}),
        ("f.a", {"a": 1}),
        ("f.a", {"a": "yes"}),
        ("f.a", {"a": None}),
        ("f.l[3] == 1", {"l": [1]}),
        ("size(f.a) == 0", {"a": 1}),
        ("size(f.a) == 0", {}),
        ('"x" in f.a', {"a": "xyz"}),
        ("has(f.a.b)", {}),
        ("f.l.all(x, x.y == 1)", {"l": ["text"]}),
        ("f.l.all(x, x.y == 1)", {"l": {"k": 1}}),
        ("f.m.all(k, f.m[k].y == 1)", {"m": [1]}),
        ("f.m.all(k, f.m[k].y == 1)", {"m": {"k": {}}}),
        ("f.a + 1 > 0", {"a": 2**63 - 1}),
        ("int(f.a) == 1", {"a": "one"}),
        ("f.a.matches(f.b)", {"a": "x", "b": "["}),
    ],
)
def test_what_cannot_be_evaluated_is_unknown(check: str, facts: dict[str, Any]) -> None:
    finding = judge(check, f=facts)
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.reason


def test_a_missing_part_is_named() -> None:
    assert judge("f.a.b == 1", f={"a": {}}).reason == "the check could not be evaluated: there is no f.a.b"


def test_text_that_cel_cannot_hold_is_unknown_for_its_fact_alone() -> None:
    evaluator = Evaluator(policy_set(policy("f.a == f.b", id=PolicyId("p")), policy("g.a == 1", "g", id=PolicyId("q"))))
    spoilt = Observation.model_construct(
        target=HOST.id, fact=FactName("f"), taken_at=AT, value=Lone(), failure=None, digest=digest_of("f")
    )
    findings = evaluator.evaluate(HOST, [spoilt, *observed(g={"a": 1})], AT)
    assert [f.verdict for f in findings] == [Verdict.UNKNOWN, Verdict.PASS]


class Lone(FactValue):
    """Its dump holds half of a surrogate pair."""

    def model_dump(self, **_: Any) -> dict[str, Any]:  # noqa: ANN401 - as the base has it
        return {"a": "\ud800", "b": ""}


UNREAD = Unreadable(reason="sudo was refused")


@pytest.mark.parametrize(
    ("check", "facts"),
    [
        ('f.a != "yes"', {"a": UNREAD}),
        ('f.a.b != "yes"', {"a": UNREAD}),
        ("size(f.a) >= 0", {"a": UNREAD}),
        ("size(f.a) >= 0", {"a": [UNREAD]}),
        ('!("x" in f.a)', {"a": UNREAD}),
        ('!("x" in f.a)', {"a": [UNREAD]}),
        ('!("x" in f.a)', {"a": {"x": UNREAD}}),
        ("has(f.a.b)", {"a": {"b": UNREAD}}),
        ("!has(f.a.b)", {"a": UNREAD}),
        ("f.l.all(x, true)", {"l": [UNREAD]}),
        ("f.l.all(x, x.n != 2)", {"l": [{"n": 1}, UNREAD]}),
        ("f.l.all(x, x.n != 2)", {"l": [{"n": 1}, {"n": UNREAD}]}),
        ("f.l.exists(x, x.n == 1)", {"l": [{"n": 1}, {"n": UNREAD}]}),
        ("f.l.all(x, x != 2)", {"l": [{"deep": [UNREAD]}]}),
        ("f.m.all(k, f.m[k].n == 1)", {"m": {"a": {"n": 1}, "b": {"n": UNREAD}}}),
        ("f.m.all(k, f.m[k].n == 1)", {"m": {"a": {"n": 1}, "b": UNREAD}}),
        ('["a", "b"].all(k, f.m[k].n != 2)', {"m": {"a": {"n": 1}, "b": UNREAD}}),
        ("f.m == f.m", {"m": {"deep": {"deeper": [UNREAD]}}}),
        ("f.l.filter(x, x.n > 5).size() == 0", {"l": [{"n": UNREAD}]}),
        ("f.l.map(x, x.n) != [2]", {"l": [{"n": UNREAD}]}),
        ('(f.c == "a" ? f.a : f.b) != "yes"', {"c": "a", "a": "no", "b": UNREAD}),
        ('f.a == "no" || f.b != "yes"', {"a": "no", "b": UNREAD}),
    ],
)
def test_what_could_not_be_read_never_passes(check: str, facts: dict[str, Any]) -> None:
    finding = judge(check, f=facts)
    assert finding.verdict is Verdict.UNKNOWN
    assert "sudo was refused" in finding.reason


def test_an_unreadable_part_that_the_check_does_not_touch_does_not_matter() -> None:
    assert judge("f.a == 1", f={"a": 1, "b": UNREAD, "c": {"d": UNREAD}}).verdict is Verdict.PASS
    assert judge("f.l.all(x, x.n == 1)", f={"l": [{"n": 1, "other": UNREAD}]}).verdict is Verdict.PASS
    assert judge('["a"].all(k, f.m[k] == 1)', f={"m": {"a": 1, "b": UNREAD}}).verdict is Verdict.PASS


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "no", "yes"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "n"]), inner, max_size=3),
    max_leaves=12,
)
CHECKS = [
    'f.a != "yes"', "size(f.a) < 9", 'f.a.b != "yes"', '!("a" in f.a)', "has(f.a.b)", "f.a.all(x, x.n != 9)",
    "f.a.all(k, f.a[k].n != 9)", "f.a.all(k, f.a[k] != 9)", "f.a.exists(x, x != 9)", 'f.a == f.b || f.b != "x"',
    "f.a.filter(x, x.n == 1).size() < 9", '["a", "b"].all(k, f[k] != "yes")', "f.a.map(x, x.n) != [9]",
    "f.a.all(k, f.a[k].all(x, x.n != 9))", 'f.a.all(k, f.a[k].exists(x, x == "no"))', "size(f.a[f.b]) < 9",
    'f.a[f.b].all(x, x.n != "yes")', 'f.a.exists(x, x.matches("^y"))', "f[f.b].all(x, x.n != 9)",
]  # fmt: skip


@given(st.sampled_from(CHECKS), st.dictionaries(st.sampled_from(["a", "b"]), json_values, max_size=2), st.data())
def test_taking_evidence_away_never_makes_a_pass(check: str, facts: dict[str, Any], data: st.DataObject) -> None:
    """Once any part of what was seen is unreadable, the verdict is the same as before, or UNKNOWN."""
    before = judge(check, f=facts).verdict
    spoilt = data.draw(st.sampled_from(list(_spoilings(facts))) if facts else st.just(UNREAD))
    after = judge(check, f=spoilt if isinstance(spoilt, dict) else {"$unreadable": "all of it"}).verdict
    assert after in {before, Verdict.UNKNOWN}


def _spoilings(value: Any) -> Any:  # noqa: ANN401 - JSON
    yield UNREAD
    if isinstance(value, dict):
        for key in value:
            for inner in _spoilings(value[key]):
                yield {**value, key: inner}
    elif isinstance(value, list):
        for number, element in enumerate(value):
            for inner in _spoilings(element):
                yield [*value[:number], inner, *value[number + 1 :]]


def plain_cel(check: str, facts: dict[str, Any]) -> Verdict:
    """The verdict by the library's own call on whole facts."""
    try:
        answer = cel.evaluate(check, {"f": facts})
    except (LookupError, TypeError, ValueError, ArithmeticError, RuntimeError):
        return Verdict.UNKNOWN
    return (
        {True: Verdict.PASS, False: Verdict.FAIL}.get(answer, Verdict.UNKNOWN) if isinstance(answer, bool) else Verdict.UNKNOWN
    )


@given(st.sampled_from(CHECKS), st.dictionaries(st.sampled_from(["a", "b"]), json_values, max_size=2))
def test_on_facts_of_whatever_shape_the_answer_is_that_of_plain_cel(check: str, facts: dict[str, Any]) -> None:
    verdict = judge(check, f=facts).verdict
    # The library walks a map in an order drawn anew at each call, and what ends the walk first, an error or an answer, wins:
    # such a check has several plain answers. 200 draws over at most 3 keys meet each of them.
    assert verdict is plain_cel(check, facts) or verdict in {plain_cel(check, facts) for _ in range(200)}


items = st.lists(
    st.fixed_dictionaries(
        {
            "k": st.sampled_from(["p", "q"]),
            "t": st.lists(st.sampled_from(["u", "v"]), max_size=2),
            "o": st.just([{"z": 1, "y": 2}]),
            "m": st.sampled_from([0, 1, True, False, "1", None, [1], [True]]),
        }
    ),
    max_size=3,
)
rows = st.fixed_dictionaries(
    {
        "n": st.integers(0, 3), "s": st.sampled_from(["no", "yes"]), "l": st.lists(st.integers(0, 2), max_size=2), "i": items,
    }
)  # fmt: skip
SHAPED = st.fixed_dictionaries(
    {
        "rows": st.lists(rows, max_size=4),
        "by": st.dictionaries(st.sampled_from(["a", "b", "c"]), rows, max_size=3),
        "of": st.dictionaries(st.sampled_from(["no", "yes", "a"]), items, max_size=3),
        "x": rows,
    }
)
SHAPED_CHECKS = [
    "f.rows.all(r, r.n != 2)",
    'f.rows.exists(r, r.s == "yes" && r.n > 1)',
    "f.rows.exists_one(r, r.n == 1)",
    "f.rows.all(r, r.l.all(i, i != 1))",
    "f.rows.map(r, r.n) == [1]",
    "f.rows.filter(r, r.n == 1).size() == 1",
    "f.by.all(k, f.by[k].n != 2)",
    'f.by.all(k, k == "a" || f.by[k].s == "no")',
    "f.by.exists(k, 1 in f.by[k].l)",
    "f.by.filter(k, f.by[k].n > 1).size() == 0",
    '["a", "b"].exists(k, k in f.by && f.by[k].n == 1)',
    '"a" in f.by || f.x.n == 1',
    "size(f.by) == size(f.rows)",
    "f.by.all(k, f.rows.exists(r, r.n == f.by[k].n))",
    "f.rows.all(r, f.rows.exists(q, q.n > r.n) || r.n >= 2)",
    "f.by.all(k, f.by[k] == f.x || has(f.by[k].n))",
    'f.rows.all(f, f.s == "no")',
    "f.by.all(k, f.by.all(j, f.by[j].n > f.by[k].n) || f.by[k].n == 0)",
    'f.rows.all(r, r.i.all(i, i.k == "p"))',
    'f.rows.exists(r, r.i.exists(i, i.k == "q" && i.t.exists(t, t == "u")) && r.n > 0)',
    'f.rows.all(r, r.i.all(i, i.k != "q" || size(i.t) > 0))',
    'f.rows.all(r, r.i.filter(i, i.k == "p").size() < 2)',
    'f.rows.all(r, r.i.all(i, "u" in i.t || i.k.startsWith("p")))',
    'f.by.all(k, f.by[k].i.all(i, i.k == "p"))',
    'f.rows.all(r, r.i.map(i, i.k) != ["p"])',
    'f.rows.exists(r, r.s in ["yes"] && "no" != r.s)',
    'f.by.all(k, k in ["a", "b"] || f.by[k].s != "no")',
    'f.by.all(k, k.startsWith("a") || k == "b")',
    'f.x.s == "no" || "yes" == f.x.s',
    "f.rows.all(r, r.i.all(i, i.t.all(t, t != f.x.s && r.n < 3)))",
    "f.rows.all(r, r.i.all(i, i.o.filter(j, j.z == 1).size() == 1))",
    'f.of.all(k, f.of[k].all(i, i.k == "p"))',
    'f.of.all(k, k == f.x.s || f.of[k].exists(i, i.k == "q" && size(i.t) > 1))',
    'f.of.all(k, f.of[k].all(i, i.m != 1 || i.k == "p"))',
    "f.of.exists(k, f.of[k].exists(i, i.m == f.x.n))",
    "f.of.all(k, f.of[k].all(i, i.m == [1] || i.m == null || i.m != true))",
    'f.x.s in f.of && f.of[f.x.s].all(i, i.o[0].z == 1 && i.k == "p")',
    'f.of[f.x.s].exists(i, "u" in i.t) || f.x.s == "no"',
    "f.of.all(k, size(f.of[k]) < 2)",
    "f.x.s in f.of && size(f.of[f.x.s]) + f.x.n == 2",
    'f.of.all(k, f.of[k].exists_one(i, i.k == "p"))',
    'f.of.all(k, f.of[k].filter(i, i.k == "p").size() < 2)',
    'f.of.all(k, f.of[k].map(i, i.k) != ["p", "p"])',
    'f.of.all(k, f.of[k].all(i, i.k.matches("^[p-q]$") && i.t != ["u"] && f.by.all(j, f.by[j].s != i.k)))',
    'f.x.s.contains("e") == f.rows.exists(r, r.s.endsWith("s"))',
]  # fmt: skip


@pytest.mark.slow
@given(st.sampled_from(SHAPED_CHECKS), SHAPED)
def test_on_facts_of_the_right_shape_the_answer_is_that_of_plain_cel(check: str, facts: dict[str, Any]) -> None:
    assert judge(check, f=facts).verdict is plain_cel(check, facts)


@pytest.mark.parametrize(
    ("check", "elements"),
    [
        ('f.of[f.at].exists_one(e, e.k == "p")', [{"k": "p"}, {"k": "p"}]),
        ("f.of[f.at].exists(e, e.m == 1)", [{"m": 1}, {"m": True}]),
        ("f.of[f.at].exists(e, e.m == true)", [{"m": True}, {"m": 1}]),
        ("f.of[f.at].all(e, e.m == [1])", [{"m": [1]}, {"m": [True]}]),
        ('f.of[f.at].all(e, e.k == "p" || e.m == 1)', [{"k": "p", "m": 2}, {"k": "q", "m": 1}, {"k": "q", "m": 2}]),
        ("size(f.of[f.at]) == 1", [1, 2]),
        ('f.of[f.at].all(e, e == "p")', {"p": 1, "q": 2}),
        ("f.of[f.at].all(e, e.k == 1)", {"p": 1}),
        ("f.of[f.at].all(e, e.k == 1)", []),
    ],
)
def test_values_that_are_nearly_alike_are_told_apart_as_plain_cel_does(check: str, elements: object) -> None:
    facts = {"at": "here", "of": {"here": elements, "there": []}}
    assert judge(check, f=facts).verdict is plain_cel(check, facts)


def test_now_is_the_start_of_the_day() -> None:
    assert judge("f.a == 1 && now == 1768435200", f={"a": 1}).verdict is Verdict.PASS
    assert judge("f.a == 1 && now == 1768435200", f={"a": 1}, at=AT.replace(hour=23)).verdict is Verdict.PASS
    assert judge("f.a == 1 && now == 1768435200", f={"a": 1}, at=AT.replace(day=16)).verdict is Verdict.FAIL


def test_the_target_can_be_asked() -> None:
    assert judge('f.a == 1 && target.labels.group == "pacs" && target.hospital == "chl"', f={"a": 1}).verdict is Verdict.PASS
    assert judge('f.a == 1 && target.labels.nothing == "x"', f={"a": 1}).verdict is Verdict.UNKNOWN


def waiver(**more: Any) -> Waiver:  # noqa: ANN401 - any field
    fields = {
        "id": "w", "policy": "p", "selector": "chl-pacs1", "reason": "old", "approved_by": "officer",
        "expires": date(2026, 1, 15),
    }  # fmt: skip
    return Waiver.model_validate({**fields, **more})


def test_a_waiver_turns_a_failure_and_nothing_else() -> None:
    waived = judge("f.a == 1", f={"a": 2}, waivers=(waiver(),))
    assert (waived.verdict, waived.actual) == (Verdict.WAIVED, 2)
    assert waived.reason == "waived until 2026-01-15 by officer (w): old"
    assert judge("f.a == 1", f={"a": 1}, waivers=(waiver(),)).verdict is Verdict.PASS
    assert judge("f.a == 1", f={}, waivers=(waiver(),)).verdict is Verdict.UNKNOWN


def test_an_expired_waiver_no_longer_applies_and_says_so() -> None:
    failed = judge("f.a == 1", f={"a": 2}, waivers=(waiver(),), at=AT.replace(day=16))
    assert (failed.verdict, failed.reason) == (Verdict.FAIL, "its waiver w expired on 2026-01-15")
    renewed = judge("f.a == 1", f={"a": 2}, waivers=(waiver(), waiver(id="v", expires=date(2027, 1, 1))), at=AT.replace(day=16))
    assert renewed.verdict is Verdict.WAIVED


def test_a_waiver_covers_only_its_targets_and_policy() -> None:
    assert judge("f.a == 1", f={"a": 2}, waivers=(waiver(selector="hospital:hrs"),)).verdict is Verdict.FAIL
    assert judge("f.a == 1", f={"a": 2}, waivers=(waiver(policy="q"),)).verdict is Verdict.FAIL
    assert judge("f.a == 1", f={"a": 2}, waivers=(waiver(selector="hospital:chl,kind:host"),)).verdict is Verdict.WAIVED


def test_the_evidence_digest_follows_the_needed_facts_alone() -> None:
    evaluator = Evaluator(policy_set(policy("f.a == 1")))
    digests = {evaluator.evaluate(HOST, observed(f={"a": 1}, g={"x": n}), AT)[0].evidence for n in range(3)}
    assert len(digests) == 1
    assert evaluator.evaluate(HOST, observed(f={"a": 2}), AT)[0].evidence not in digests
    assert evaluator.evaluate(HOST, [], AT)[0].evidence not in digests


def test_only_policies_for_the_targets_kind() -> None:
    evaluator = Evaluator(policy_set(policy("f.a == 1"), policy("f.a == 1", id=PolicyId("r"), applies_to=TargetKind.ROUTER)))
    router = HOST.model_copy(update={"kind": TargetKind.ROUTER})
    assert [f.policy for f in evaluator.evaluate(HOST, observed(f={"a": 1}), AT)] == ["p"]
    assert [f.policy for f in evaluator.evaluate(router, observed(f={"a": 1}), AT)] == ["r"]


def test_no_policies_is_an_error() -> None:
    with pytest.raises(UsageError, match="There are no policies"):
        Evaluator(policy_set())


def test_what_is_shown_is_bounded() -> None:
    assert bounded(list(range(100)))[-1] == "… 80 more"
    assert bounded({str(i): i for i in range(100)})["…"] == "80 more"
    assert bounded("x" * 1000).endswith("… (1000 characters)")
    deep: Any = "end"
    for _ in range(50):
        deep = [deep]
    assert "end" not in str(bounded(deep))


def test_what_was_expected_is_read_off_a_simple_check() -> None:
    assert expected_of('sysctl.values["a.b"] == 0') == "0"
    assert expected_of('a.b == "no"') == "no"
    assert expected_of("a.b  >=\n 4") == "a.b >= 4"
