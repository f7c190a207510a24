"""Processes that change devices and are really killed, at any moment: the ledger stays readable and tells the truth."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.proposals import EDGES, digest, plan

from luxops.changes import ChangeBook, ChangeTakenError, FenceHeldError
from luxops.model import Change, ChangeEffect, ChangeState
from luxops.store import ChangeLog, ChangeRecord, open_store

pytestmark = pytest.mark.slow

KILLS = 300 if os.environ.get("LUXOPS_STRESS") else 12
SEED = 20260302


class Devices:
    """Two devices as files of what was done to them, one whole line a deed: `CHANGE TOKEN`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, device: str) -> list[tuple[str, int]]:
        file = self._folder / device
        lines = file.read_text().splitlines() if file.exists() else []
        return [(change, int(token)) for change, token in (line.split() for line in lines)]

    def do(self, device: str, change: str, token: int) -> None:
        with (self._folder / device).open("a") as file:
            file.write(f"{change} {token}\n")


def change_for_ever(url: str, devices: Devices) -> None:
    """Take up what was interrupted; then plan and carry out one change after the other. Observe before acting."""
    with open_store(url, busy_timeout=60) as store:
        book, log = ChangeBook(store), ChangeLog(store)
        while True:
            for waiting in _to_take_up(book):
                try:
                    with log.carry_out(waiting) as record:
                        _push(book, record, devices)
                        record.end(ChangeState.DONE)
                except (ChangeTakenError, FenceHeldError):
                    time.sleep(0.005)
            body = plan(f"{os.getpid()} {time.monotonic_ns()}")
            book.propose("network", "network plan", digest(body), body, EDGES, "network-admin-1")


def _to_take_up(book: ChangeBook) -> Iterator[Change]:
    states = {ChangeState.INTERRUPTED, ChangeState.PLANNED}
    return (change for change in reversed(book.changes(limit=50)) if change.state in states)


def _push(book: ChangeBook, record: ChangeRecord, devices: Devices) -> None:
    finished = {effect.subject for effect in record.journal()[1]}
    for device in EDGES:
        if device in finished:
            continue
        with book.fence(device, f"change {record.change.id}") as fence:
            record.intent(device, "push", fence.token)
            found = record.change.id in {change for change, _ in devices.read(device)}
            if not found:
                fence.check()
                devices.do(device, record.change.id, fence.token)
            record.effect(ChangeEffect(subject=device, action="push", outcome="done", detail="found" if found else ""))


def child_that_changes(url: str, devices: Devices) -> int:
    child = os.fork()
    if child == 0:
        try:
            change_for_ever(url, devices)
        finally:
            os._exit(1)
    return child


def assert_truthful(url: str, devices: Devices, newest: int) -> Counter[ChangeState]:
    """Of the newest changes, by the journal and by the devices alike."""
    with open_store(url) as store:
        book = ChangeBook(store)
        changes = {str(change.id): book.change(change.id) for change in book.changes(limit=newest)}
        assert book.fences() == []
    for device in EDGES:
        everything = devices.read(device)
        assert len({change for change, _ in everything}) == len(everything), "an effect was had twice"
        assert [token for _, token in everything] == sorted({token for _, token in everything}), "a token did not grow"
        done = [(change, token) for change, token in everything if change in changes]
        for id_, token in done:
            assert (device, token) in {(i.subject, i.token) for i in changes[id_].intents}, "done without an intent"
        told = {id_ for id_, change in changes.items() if any(e.subject == device for e in change.effects)}
        had = {id_ for id_, _ in done}
        assert told <= had, "told and not done"
        for id_ in had - told:
            # Done and not told: the journal says that it does not know.
            assert device in {i.subject for i in changes[id_].intents if i.open}
    for change in changes.values():
        if change.state is ChangeState.DONE:
            assert not any(intent.open for intent in change.intents)
            assert {e.subject for e in change.effects} >= set(EDGES)
        if change.state is ChangeState.INTERRUPTED:
            assert sum(intent.open for intent in change.intents) <= 1 + _takes(change)
    return Counter(change.state for change in changes.values())


def _takes(change: Change) -> int:
    return sum(effect.action == "resume" for effect in change.effects)


@pytest.mark.parametrize("at_once", [1, 2])
def test_killing_a_change_at_any_moment_leaves_the_truth(store_url: str, tmp_path: Path, at_once: int) -> None:
    chance = random.Random(SEED)  # noqa: S311 - moments, no secrets
    devices = Devices(tmp_path)
    with open_store(store_url):
        pass
    total: Counter[ChangeState] = Counter()
    interrupted = 0
    for _ in range(KILLS):
        children = [child_that_changes(store_url, devices) for _ in range(at_once)]
        time.sleep(0.05 + chance.random() * 0.4)
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        total = assert_truthful(store_url, devices, newest=40)
        interrupted += total[ChangeState.INTERRUPTED]
        assert total[ChangeState.RUNNING] == 0
    total = assert_truthful(store_url, devices, newest=100_000)
    assert interrupted > 0
    assert total[ChangeState.DONE] > 0
