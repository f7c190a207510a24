"""Threads, limits and connections below the sessions."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support.servers import echo
from tests.support.site import Site, Watcher

from luxops.errors import LuxopsError
from luxops.model import Failure, FailureReason, TargetId
from luxops.transports.dial import dial
from luxops.transports.failures import SessionError
from luxops.transports.fanout import fan_out
from luxops.transports.ssh import SshRunner
from luxops.transports.watchdog import Watchdog


@dataclass(frozen=True)
class Request:
    target: TargetId


@dataclass(frozen=True)
class Reply:
    target: TargetId
    seconds: float = 0.0
    failure: Failure | None = None


def requests(count: int) -> list[Request]:
    return [Request(TargetId(f"t{number}")) for number in range(count)]


def test_each_request_is_answered_once_by_no_more_threads_than_allowed() -> None:
    at_once, most, lock = 0, 0, threading.Lock()

    def work(request: Request) -> Reply:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.002)
        with lock:
            at_once -= 1
        return Reply(request.target)

    watcher = Watcher()
    replies = list(fan_out(requests(100), work, watcher, concurrency=7, stop=lambda: None))
    assert sorted(reply.target for reply in replies) == sorted(f"t{number}" for number in range(100))
    assert most == 7
    assert (len(watcher.begun), len(watcher.ended)) == (100, 100)


def test_nothing_to_do_starts_nothing() -> None:
    before = threading.active_count()
    assert list(fan_out(requests(0), lambda r: Reply(r.target), Watcher(), concurrency=5, stop=lambda: None)) == []
    assert threading.active_count() == before


def test_a_defect_in_the_work_ends_the_run_and_is_not_lost() -> None:
    stopped = []

    def work(request: Request) -> Reply:
        if request.target == "t5":
            raise ZeroDivisionError
        return Reply(request.target)

    with pytest.raises(ZeroDivisionError):
        list(fan_out(requests(100), work, Watcher(), concurrency=3, stop=lambda: stopped.append(1)))


def test_a_defect_in_the_requests_ends_the_run() -> None:
    def broken() -> Iterator[Request]:
        yield from requests(3)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(fan_out(broken(), lambda r: Reply(r.target), Watcher(), concurrency=2, stop=lambda: None))


def test_leaving_starts_nothing_more_and_stops_what_is_under_way() -> None:
    released, begun = threading.Event(), []

    def work(request: Request) -> Reply:
        begun.append(request.target)
        if request.target != "t0":
            released.wait(10)
        return Reply(request.target)

    replies = fan_out(requests(50), work, Watcher(), concurrency=4, stop=released.set)
    next(replies)
    replies.close()  # type: ignore[attr-defined]  # a generator
    assert released.is_set()
    assert len(begun) <= 5


def test_a_limit_closes_what_is_held_and_names_what_took_too_long() -> None:
    with Watchdog() as watchdog, watchdog.lease() as lease:
        near, far = socket.socketpair()
        lease.holds(lambda: near.shutdown(socket.SHUT_RDWR))
        with pytest.raises(SessionError, match=r"reading took longer than 0.2 s") as error, lease.limit(0.2, "reading"):
            near.recv(1)
        assert error.value.failure.reason is FailureReason.TIMEOUT
        near.close()
        far.close()


def test_after_the_stop_nothing_is_granted() -> None:
    with Watchdog() as watchdog:
        lease = watchdog.grant()
        closed: list[int] = []
        lease.holds(lambda: closed.append(1))
        watchdog.stop()
        assert closed == [1]
        lease.holds(lambda: closed.append(2))
        assert closed == [1, 2]
        with pytest.raises(SessionError) as error:
            watchdog.grant()
        assert error.value.failure.reason is FailureReason.INTERRUPTED
        with pytest.raises(SessionError):
            watchdog.pause(10)


@contextmanager
def dialled(host: str, port: int, namespace: str = "") -> Iterator[socket.socket]:
    with Watchdog() as watchdog, watchdog.lease() as lease:
        yield dial(host, port, seconds=2, namespace=namespace, lease=lease)


def test_a_connection_under_way_ends_with_the_run() -> None:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    port = listener.getsockname()[1]
    fillers = []
    # A full backlog: the next connection is neither accepted nor refused.
    for _ in range(2):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(("127.0.0.1", port))
        fillers.append(filler)
    outcome: list[SessionError] = []
    with Watchdog() as watchdog:

        def work() -> None:
            try:
                with watchdog.lease() as lease:
                    dial("127.0.0.1", port, seconds=60, namespace="", lease=lease)
            except SessionError as error:
                outcome.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        time.sleep(0.3)
        watchdog.stop()
        thread.join(5)
        assert not thread.is_alive()
    for each in (*fillers, listener):
        each.close()
    assert [error.failure.reason for error in outcome] == [FailureReason.INTERRUPTED]


def test_refused_and_unknown_names_are_unreachable() -> None:
    for host, port in (("127.0.0.1", 1), ("no-such-name.invalid", 22)):
        with pytest.raises(SessionError) as error, dialled(host, port):
            pass
        assert error.value.failure.reason is FailureReason.UNREACHABLE


def test_a_namespace_that_is_not_there_is_said_and_not_tried_again() -> None:
    match = "`luxops-none` cannot be entered: there is none of that name"
    with pytest.raises(SessionError, match=match) as error, dialled("127.0.0.1", 1, "luxops-none"):
        pass
    assert error.value.failure.reason is FailureReason.UNREACHABLE
    assert not error.value.failure.retryable


@pytest.mark.parametrize("name", ["../../proc/1/ns/net", "a/b", ".."])
def test_a_namespace_outside_its_folder_is_an_error_before_any_session(site: Site, name: str) -> None:
    with pytest.raises(LuxopsError, match="not a network namespace"):
        SshRunner(site.settings(network_namespace=name))


@pytest.fixture
def namespace() -> Iterator[str]:
    """A network namespace of our own with its loopback up."""
    if os.geteuid() != 0:
        pytest.skip("making a network namespace needs root")
    name = f"luxops-test-{os.getpid()}"
    for command in (["netns", "add", name], ["-n", name, "link", "set", "lo", "up"]):
        subprocess.run(["/usr/sbin/ip", *command], check=True)
    yield name
    subprocess.run(["/usr/sbin/ip", "netns", "del", name], check=True)


@pytest.mark.lab
def test_sessions_are_opened_inside_the_namespace_and_nothing_else_moves(site: Site, namespace: str) -> None:
    port = site.servers.ssh(echo, host_keys=[site.host_key], clients=site.client)
    request = site.request(port, stdin=b"x")
    own = Path("/proc/thread-self/ns/net").readlink()
    inside = site.run(request, network_namespace=namespace)["chl-pacs1"]
    assert inside.failure is not None
    assert inside.failure.reason is FailureReason.UNREACHABLE
    assert Path("/proc/thread-self/ns/net").readlink() == own
    assert site.run(request)["chl-pacs1"].output == b"facts: x"

    # The other way round: what only the namespace's loopback answers is reached from inside alone.
    script = (
        "import socket; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True); "
        "s.accept()[0].send(b'in')"
    )
    server = subprocess.Popen(
        ["/usr/sbin/ip", "netns", "exec", namespace, "/usr/bin/env", "python3", "-c", script], stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    number = int(server.stdout.readline())
    with pytest.raises(SessionError), dialled("127.0.0.1", number):
        pass
    with dialled("127.0.0.1", number, namespace) as connection:
        assert connection.recv(2) == b"in"
    server.wait(10)
    server.stdout.close()
