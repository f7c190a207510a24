"""Scans that are really killed, at any moment."""

from __future__ import annotations

import os
import random
import signal
import time
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, update
from tests.support.looks import INVENTORY, POLICIES, differs, finding, host, seen

from luxops.model import Coverage, ScanState, Verdict, utc_now
from luxops.store import Store, open_store, tables

pytestmark = pytest.mark.slow

KILLS = 200 if os.environ.get("LUXOPS_STRESS") else 12
TARGETS = 15
SEED = 20260302


def scan_for_ever(url: str) -> None:
    """Everything that one scan sees bears the same mark: a half of one would show."""
    with open_store(url) as store:
        for mark in range(os.getpid() * 1000, 1 << 60):
            with store.begin_scan(inventory_digest=INVENTORY, policy_digest=POLICIES, selection="x") as record:
                for n in range(TARGETS):
                    target, now = host(f"h{n}"), utc_now()
                    record.add(
                        target, "hosts", [seen(target, "sshd", mark, now)],
                        [finding(target, p, Verdict.FAIL, actual=mark) for p in "abc"], [differs(target, "x", str(mark))],
                    )  # fmt: skip
                record.finish(Coverage(targets=TARGETS, observed=TARGETS))


def child_that_scans(url: str) -> int:
    child = os.fork()
    if child == 0:
        try:
            scan_for_ever(url)
        finally:
            os._exit(1)
    return child


def kill(child: int) -> None:
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def assert_no_half_truth(store: Store) -> int:
    scans = store.scans(limit=100_000)
    assert {s.state for s in scans} <= {ScanState.FINISHED, ScanState.INTERRUPTED}
    latest = store.latest_scan()
    checked = random.Random(SEED).sample(scans, min(20, len(scans)))  # noqa: S311 - a choice, no secret
    for scan in checked:
        if scan.state is ScanState.FINISHED:
            content = store.scan_content(scan.id)
            marks = {r.finding.actual for r in content.findings} | {int(r.drift.actual or 0) for r in content.drift}
            assert len(marks) == 1, scan
            assert (len(content.targets), len(content.findings), len(content.drift)) == (TARGETS, 3 * TARGETS, TARGETS)
    if latest is not None:
        assert {r.finding.actual for r in store.findings()} == {
            r.finding.actual for r in store.scan_content(latest.id).findings
        }
    return sum(s.state is ScanState.INTERRUPTED for s in scans)


def test_killing_a_scan_at_any_moment_leaves_no_half_truth(store_url: str) -> None:
    chance = random.Random(SEED)  # noqa: S311 - moments, no secrets
    with open_store(store_url):
        pass
    for _ in range(KILLS):
        child = child_that_scans(store_url)
        time.sleep(0.05 + chance.random() * 0.3)
        kill(child)
        with open_store(store_url) as store:
            interrupted = assert_no_half_truth(store)
    assert interrupted > 0
    assert os.waitpid(child_of_one_more(store_url), 0)[1] == 0


def child_of_one_more(url: str) -> int:
    """The store still takes scans."""
    child = os.fork()
    if child == 0:
        with (
            open_store(url) as store,
            store.begin_scan(inventory_digest=INVENTORY, policy_digest=POLICIES, selection="x") as record,
        ):
            record.finish(Coverage(targets=0, observed=0))
        os._exit(0)
    return child


def test_two_processes_scan_into_one_store_at_once(store_url: str) -> None:
    with open_store(store_url):
        pass
    children = [child_that_scans(store_url) for _ in range(2)]
    time.sleep(1.5)
    for child in children:
        kill(child)
    with open_store(store_url) as store:
        assert_no_half_truth(store)
        assert sum(s.state is ScanState.FINISHED for s in store.scans(limit=100_000)) > 2


@pytest.mark.parametrize(("minutes", "state"), [(1, ScanState.RUNNING), (11, ScanState.INTERRUPTED)])
def test_a_scan_of_another_machine_lives_while_it_says_so(store_url: str, minutes: int, state: ScanState) -> None:
    with open_store(store_url) as store, store.begin_scan(inventory_digest=INVENTORY, policy_digest=POLICIES, selection="x"):
        silent_since = utc_now() - timedelta(minutes=minutes)
        engine = create_engine(store_url)
        with engine.begin() as connection:
            connection.execute(update(tables.scans).values(machine="boot:another:[1]", heartbeat=silent_since))
        engine.dispose()
        assert [s.state for s in store.scans()] == [state]


def test_a_process_number_used_again_is_not_the_same_process(store_url: str) -> None:
    with open_store(store_url) as store, store.begin_scan(inventory_digest=INVENTORY, policy_digest=POLICIES, selection="x"):
        engine = create_engine(store_url)
        with engine.begin() as connection:
            connection.execute(update(tables.scans).values(process=f"{os.getpid()}@1"))
        engine.dispose()
        assert [s.state for s in store.scans()] == [ScanState.INTERRUPTED]
        assert store.summary().scans[ScanState.INTERRUPTED] == 1


def test_a_scan_that_takes_long_says_that_it_lives(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("luxops.store.record.HEARTBEAT", timedelta(0))
    with (
        open_store(store_url) as store,
        store.begin_scan(inventory_digest=INVENTORY, policy_digest=POLICIES, selection="x") as record,
    ):
        engine = create_engine(store_url)
        with engine.begin() as connection:
            connection.execute(update(tables.scans).values(machine="boot:another:[1]", heartbeat=utc_now() - timedelta(days=1)))
        engine.dispose()
        record.add(host(), "hosts", [seen(host(), "sshd", 1, utc_now())], [], [])
        assert [s.state for s in store.scans()] == [ScanState.RUNNING]
