"""One at a time on a device."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from luxops.changes import ChangeBook, FenceHeldError, FenceLostError
from luxops.model import utc_now
from luxops.store import Store, StoreError, fences, open_store, tables

pytestmark = pytest.mark.slow

ELSEWHERE = "boot:another:[1]"


def forked(work: Callable[[], None]) -> int:
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    return child


def ended(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def alter(store: Store, **values: object) -> None:
    with store.write() as connection:
        connection.execute(update(tables.fences).values(values))


def stored(store: Store) -> dict[str, Any]:
    with store.read() as connection:
        return dict(connection.execute(select(tables.fences)).mappings().one())


def test_a_token_only_grows(book: ChangeBook) -> None:
    tokens = []
    for _ in range(4):
        with book.fence("chl-edge1", "change a") as fence:
            tokens.append(fence.token)
            fence.check()
    assert tokens == [1, 2, 3, 4]
    with book.fence("chl-edge2", "change a") as other:
        assert other.token == 1


def test_the_second_is_told_who_has_it_and_since_when(book: ChangeBook) -> None:
    with book.fence("chl-edge1", "change 20260302T120000Z-aa"):
        (held,) = book.fences()
        with pytest.raises(FenceHeldError) as caught:
            book.fence("chl-edge1", "another")
        told = caught.value.diagnosis()
        assert "change 20260302T120000Z-aa" in told
        assert f"process {os.getpid()}" in told
        assert f"since {held.since:%Y-%m-%d %H:%M:%S}" in told
        with book.fence("chl-edge2", "another"):
            assert [h.device for h in book.fences()] == ["chl-edge1", "chl-edge2"]
    assert book.fences() == []


def test_two_processes_at_once_on_one_device(store_url: str) -> None:
    with open_store(store_url) as store:
        ready, go = os.pipe(), os.pipe()

        def holder() -> None:
            with open_store(store_url) as own, ChangeBook(own).fence("chl-edge1", "the first"):
                os.write(ready[1], b"x")
                os.read(go[0], 1)

        child = forked(holder)
        assert os.read(ready[0], 1) == b"x"
        with pytest.raises(FenceHeldError, match="the first") as caught:
            ChangeBook(store).fence("chl-edge1", "the second")
        assert f"process {child}" in caught.value.why
        os.write(go[1], b"x")
        assert ended(child) == 0
        with ChangeBook(store).fence("chl-edge1", "the second") as fence:
            assert fence.token == 2


def test_a_dead_holder_of_this_machine_is_taken_over_at_once(store_url: str) -> None:
    def die() -> None:
        with open_store(store_url) as own:
            ChangeBook(own).fence("chl-edge1", "the first").__enter__()
            os.kill(os.getpid(), signal.SIGKILL)

    with open_store(store_url) as store:
        assert ended(forked(die)) == -signal.SIGKILL
        assert ChangeBook(store).fences() == []
        with ChangeBook(store).fence("chl-edge1", "the second") as fence:
            assert fence.token == 2


def test_a_stopped_holder_of_this_machine_keeps_it_however_long(store_url: str) -> None:
    ready = os.pipe()

    def hold() -> None:
        with open_store(store_url) as own, ChangeBook(own).fence("chl-edge1", "the first"):
            os.write(ready[1], b"x")
            time.sleep(60)

    with open_store(store_url) as store:
        child = forked(hold)
        os.read(ready[0], 1)
        os.kill(child, signal.SIGSTOP)
        alter(store, lease_until=utc_now() - timedelta(hours=1))
        with pytest.raises(FenceHeldError, match="the first"):
            ChangeBook(store).fence("chl-edge1", "the second")
        os.kill(child, signal.SIGKILL)
        assert ended(child) == -signal.SIGKILL


def test_a_holder_of_another_machine_keeps_it_until_its_lease_has_ended(book: ChangeBook, store: Store) -> None:
    fence = book.fence("chl-edge1", "far away")
    alter(store, machine=ELSEWHERE, lease_until=utc_now() + timedelta(seconds=30))
    with pytest.raises(FenceHeldError, match="far away") as caught:
        book.fence("chl-edge1", "here")
    assert "the right ends at" in caught.value.remedy
    alter(store, lease_until=utc_now() - timedelta(seconds=1))
    with book.fence("chl-edge1", "here") as taken:
        assert taken.token == fence.token + 1
        with pytest.raises(FenceLostError):
            fence.renew()
        with pytest.raises(FenceLostError):
            fence.check()
        fence.release()
        assert stored(store)["released"] is None, "who has lost it gives nothing back"


def test_the_lease_is_renewed_while_it_works(store: Store) -> None:
    with fences.take(store, "chl-edge1", "long work", timedelta(seconds=0.6)) as fence:
        first = stored(store)["lease_until"]
        time.sleep(1.5)
        fence.check()
        assert stored(store)["lease_until"] > first


def test_without_renewal_the_holder_stops_by_itself(store: Store) -> None:
    fence = fences.take(store, "chl-edge1", "no thread", timedelta(seconds=0.2))
    fence.check()
    time.sleep(0.25)
    with pytest.raises(FenceLostError, match="was lost"):
        fence.check()
    fence.renew()
    fence.check()
    fence.release()
    with pytest.raises(FenceLostError):
        fence.check()


def test_a_fence_that_cannot_be_given_back_is_no_error(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_store(store_url) as store:
        fence = fences.take(store, "chl-edge1", "x")

        def away() -> None:
            raise StoreError("The store cannot be used", why="it is away")

        with monkeypatch.context() as patched:
            patched.setattr(store, "write", away)
            fence.release()
        with pytest.raises(FenceLostError):
            fence.check()


def test_many_processes_share_one_device_without_meeting(store_url: str) -> None:
    with open_store(store_url):
        pass
    shared = os.pipe()
    os.write(shared[1], b"x")

    def work() -> None:
        done = 0
        with open_store(store_url, busy_timeout=60) as own:
            while done < 5:
                try:
                    fence = ChangeBook(own).fence("chl-edge1", "one of many")
                except FenceHeldError:
                    time.sleep(0.01)
                    continue
                with fence:
                    os.set_blocking(shared[0], False)
                    assert os.read(shared[0], 1) == b"x", "another is in here too"
                    time.sleep(0.002)
                    os.write(shared[1], b"x")
                    done += 1

    children = [forked(work) for _ in range(4)]
    assert [ended(child) for child in children] == [0] * 4
    with open_store(store_url) as store:
        assert stored(store)["token"] == 20
