"""Many requests at once, on a bounded number of threads; each result as soon as it is there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Generic, Protocol, TypeVar

from luxops.errors import LuxopsError
from luxops.model import Failure, TargetId
from luxops.progress import Progress

_LEAVE_SECONDS = 5.0
"""How long threads that were told to stop are waited for. They are daemons: none of them keeps the process alive."""


class _Request(Protocol):
    @property
    def target(self) -> TargetId: ...


class _Reply(Protocol):
    @property
    def seconds(self) -> float: ...
    @property
    def failure(self) -> Failure | None: ...


RequestT = TypeVar("RequestT", bound=_Request)
ReplyT = TypeVar("ReplyT", bound=_Reply)


@dataclass
class _Crash:
    """A defect in `work`: carried over to the consumer's thread, where it ends the run."""

    error: BaseException


def fan_out(
    requests: Iterable[RequestT],
    work: Callable[[RequestT], ReplyT],
    progress: Progress,
    *,
    concurrency: int,
    stop: Callable[[], None],
) -> Iterator[ReplyT]:
    """Exactly one reply for each request, in the order they finish.

    Requests are taken from their iterable one by one, in the consumer's thread, never more than `concurrency` ahead of what
    the consumer has taken. Where the consumer leaves early (it closes the generator, Ctrl-C), nothing more is
    started, `stop` is called to end the work under way, and the threads are joined.
    """
    crew = _Crew(work, progress, concurrency)
    source = iter(requests)
    more = True
    try:
        while True:
            while more and crew.pending < concurrency:
                try:
                    crew.begin(next(source))
                except StopIteration:
                    more = False
            if not crew.pending:
                return
            yield crew.finished()
    finally:
        if crew.pending:
            stop()
        crew.dismiss()


class _Crew(Generic[RequestT, ReplyT]):
    """Threads that work on requests, as many as there have been requests at once."""

    def __init__(self, work: Callable[[RequestT], ReplyT], progress: Progress, size: int) -> None:
        self._work = work
        self._progress = progress
        self._size = size
        self._jobs: SimpleQueue[RequestT | None] = SimpleQueue()
        self._results: SimpleQueue[ReplyT | _Crash] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._leaving = threading.Event()
        self.pending = 0
        """Requests begun whose replies have not been taken."""

    def begin(self, request: RequestT) -> None:
        self._jobs.put(request)
        self.pending += 1
        if len(self._threads) < min(self.pending, self._size):
            self._enlist()

    def finished(self) -> ReplyT:
        """The next reply, waited for. A defect in the work is raised here."""
        outcome = self._results.get()
        self.pending -= 1
        if isinstance(outcome, _Crash):
            raise outcome.error
        return outcome

    def dismiss(self) -> None:
        """Start nothing more and wait for what is under way, though not for ever."""
        self._leaving.set()
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join(_LEAVE_SECONDS)

    def _labour(self) -> None:
        while (request := self._jobs.get()) is not None and not self._leaving.is_set():
            self._results.put(_outcome(request, self._work, self._progress))

    def _enlist(self) -> None:
        thread = threading.Thread(target=self._labour, name=f"luxops-session-{len(self._threads)}", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            # Fewer threads than wished do the same work; none at all cannot.
            if not self._threads:
                raise LuxopsError(
                    "No thread can be started for sessions",
                    why=str(error),
                    remedy="Lower LUXOPS_CONNECTION__CONCURRENCY, or raise this user's limit on processes (ulimit -u).",
                ) from error
            return
        self._threads.append(thread)


def _outcome(request: RequestT, work: Callable[[RequestT], ReplyT], progress: Progress) -> ReplyT | _Crash:
    try:
        progress.observing(request.target)
        reply = work(request)
        progress.observed(request.target, reply.seconds, reply.failure)
    except BaseException as error:  # noqa: BLE001 - raised again in the consumer's thread, which otherwise waits for ever
        return _Crash(error)
    return reply
