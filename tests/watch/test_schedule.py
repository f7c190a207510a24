from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from luxops.model import TargetId
from luxops.watch import Schedule

A, B = TargetId("a"), TargetId("b")


def schedule(jitter: float = 0.0, interval: float = 100.0, slowest: float = 3.0) -> Schedule:
    return Schedule(interval, jitter, slowest, random.Random(1))  # noqa: S311 - chance, no secret


def test_everything_is_due_at_the_start_and_then_after_an_interval() -> None:
    turns = schedule()
    turns.watch([A, B], 0)
    assert turns.begin(0) == [A, B]
    for target in (A, B):
        turns.end(target, observed=True)
    assert turns.begin(99) == []
    assert turns.next_due() == 100
    assert turns.begin(100) == [A, B]


def test_a_target_is_never_looked_at_twice_at_once() -> None:
    turns = schedule()
    turns.watch([A], 0)
    assert turns.begin(0) == [A]
    assert turns.begin(1000) == []
    assert turns.is_open(A)
    turns.end(A, observed=True)
    assert turns.begin(1000) == [A]


def test_the_interval_is_counted_from_when_a_look_began() -> None:
    turns = schedule()
    turns.watch([A], 0)
    turns.begin(0)
    turns.end(A, observed=True)
    assert turns.next_due() == 100


def test_failing_targets_are_asked_less_often_but_never_left_out() -> None:
    turns = schedule(slowest=3.0)
    turns.watch([A], 0)
    now, gaps = 0.0, []
    for _ in range(6):
        assert turns.begin(now) == [A]
        turns.end(A, observed=False)
        due = turns.next_due()
        assert due is not None
        gaps.append(due - now)
        now = due
    assert gaps == [100, 200, 300, 300, 300, 300]
    turns.begin(now)
    turns.end(A, observed=True)
    assert turns.next_due() == now + 100


def test_a_look_that_was_lost_is_due_again_soon() -> None:
    turns = schedule()
    turns.watch([A, B], 0)
    turns.begin(0)
    turns.postpone([A], 30)
    turns.end(B, observed=True)
    assert turns.begin(29) == []
    assert turns.begin(30) == [A]


def test_neighbours_share_a_scan() -> None:
    turns = schedule()
    turns.watch([A], 0)
    turns.begin(0)
    turns.end(A, observed=True)
    turns.watch([A, B], 99)
    assert turns.begin(98, ahead=5) == []
    assert turns.begin(99, ahead=5) == [A, B]


def test_new_targets_are_due_at_once_and_others_keep_their_turn() -> None:
    turns = schedule()
    turns.watch([A], 0)
    turns.begin(0)
    turns.watch([A, B], 10)
    assert turns.begin(10) == [B]
    turns.watch([B], 20)
    turns.end(A, observed=True)
    assert turns.next_due() is None


def test_what_is_late_by_an_interval_is_overdue() -> None:
    turns = schedule()
    turns.watch([A, B], 0)
    assert turns.overdue(99) == 0
    assert turns.overdue(100) == 2


@given(st.lists(st.booleans(), max_size=50), st.floats(0, 0.5), st.integers())
def test_gaps_stay_within_what_is_promised(observed: list[bool], jitter: float, seed: int) -> None:
    turns = Schedule(100.0, jitter, 3.0, random.Random(seed))  # noqa: S311 - chance, no secret
    turns.watch([A], 0)
    now = 0.0
    for good in observed:
        assert turns.begin(now) == [A]
        turns.end(A, observed=good)
        due = turns.next_due()
        assert due is not None
        assert 100 * (1 - jitter) - 1e-6 <= due - now <= (100 if good else 300)
        now = due
