"""The journal of changes."""

from __future__ import annotations

import multiprocessing
import os

import pytest

from luxops.errors import UsageError
from luxops.model import ChangeEffect, ChangeState, Override, digest_of
from luxops.store import ChangeLog, Store, open_store

PLAN = digest_of({"plan": 1})


def test_a_change_keeps_its_intent_its_effects_and_its_end(store: Store) -> None:
    log = ChangeLog(store)
    override = Override(reason="the archive is being moved", refusals=("cloud-open-to-the-world on cloud-chl",))
    with log.begin("cloud", "cloud up chl", PLAN, override) as record:
        assert log.change(record.change.id).state is ChangeState.RUNNING
        record.effect(ChangeEffect(subject="chl-imaging", action="create", outcome="done"))
        record.effect(ChangeEffect(subject="chl-dc1", action="update", outcome="failed", detail="409: in use"))
        record.end(ChangeState.FAILED)
    kept = log.change(record.change.id)
    assert (kept.state, kept.plan, kept.override) == (ChangeState.FAILED, PLAN, override)
    assert [(e.subject, e.outcome, e.detail) for e in kept.effects] == [
        ("chl-imaging", "done", ""),
        ("chl-dc1", "failed", "409: in use"),
    ]
    assert kept.began is not None
    assert kept.ended is not None
    assert kept.ended >= kept.began


def test_one_that_is_left_early_is_interrupted(store: Store) -> None:
    log = ChangeLog(store)
    with pytest.raises(KeyboardInterrupt), log.begin("cloud", "cloud up", PLAN):
        raise KeyboardInterrupt
    assert log.changes()[0].state is ChangeState.INTERRUPTED


def _die(url: str) -> None:
    with open_store(url) as store:
        ChangeLog(store).begin("cloud", "cloud up", PLAN)
        os._exit(9)


@pytest.mark.slow
def test_one_whose_process_was_killed_is_shown_as_interrupted(store_url: str) -> None:
    process = multiprocessing.get_context("spawn").Process(target=_die, args=(store_url,))
    process.start()
    process.join()
    assert process.exitcode == 9
    with open_store(store_url) as store:
        assert [change.state for change in ChangeLog(store).changes()] == [ChangeState.INTERRUPTED]


def test_the_newest_come_first_and_an_unknown_one_is_told(store: Store) -> None:
    log = ChangeLog(store)
    first, second = (log.begin("cloud", title, PLAN) for title in ("one", "two"))
    assert [change.title for change in log.changes()] == ["two", "one"]
    assert [change.title for change in log.changes(limit=1)] == ["two"]
    with pytest.raises(UsageError, match="There is no change"):
        log.change("20260101T000000Z-00000000")
    first.end(ChangeState.DONE)
    second.end(ChangeState.DONE)
