"""The corpus is there, and there is something in it to hide."""

from __future__ import annotations

import pytest
from tests.corpus.corpus import HostAnswer, Reference, RouterAnswer

from luxops.lab.inventory import HOSTS, ROUTERS
from luxops.model import FailureReason, Verdict

pytestmark = pytest.mark.slow


def test_every_target_of_the_lab_is_recorded_in_both_sets(references: list[Reference]) -> None:
    assert sorted(r.name for r in references) == sorted(
        f"{name}/{t}" for name in ("untouched", "broken") for t in (*HOSTS, *ROUTERS)
    )


def test_untouched_recordings_are_whole_and_without_drift(references: list[Reference]) -> None:
    untouched = [r for r in references if r.name.startswith("untouched/")]
    assert untouched
    for reference in untouched:
        assert [o.fact for o in reference.look.observations if o.failure is not None] == [], reference.name
        assert reference.look.drift == (), reference.name


def test_broken_recordings_have_failures_drift_and_failed_sessions(references: list[Reference]) -> None:
    broken = [r for r in references if r.name.startswith("broken/")]
    before = {(r.target.id, f.policy): f.verdict for r in references if r not in broken for f in r.look.findings}
    worse = [
        (f.target, f.policy)
        for r in broken
        for f in r.look.findings
        if f.verdict is Verdict.FAIL and before[f.target, f.policy] is not Verdict.FAIL
    ]
    assert worse
    assert {type(r.given) for r in broken if r.look.drift} == {HostAnswer, RouterAnswer}
    reasons = {o.failure.reason for r in broken for o in r.look.observations if o.failure is not None}
    assert FailureReason.HOST_KEY_CHANGED in reasons
    assert reasons & {FailureReason.MALFORMED, FailureReason.SESSION_LOST}


def test_the_undamaged_answer_breaks_no_rule(references: list[Reference]) -> None:
    assert [violation for r in references for violation in r.violations(r.given)] == []
