"""Looks because of events, beside the scan under way: an event does not wait until a large scan has ended."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

import structlog

from luxops.model import TargetId
from luxops.watch.events import Agenda, Due, Event, EventSource

if TYPE_CHECKING:
    from luxops.federation import Federation
    from luxops.metrics import EventMetrics
    from luxops.settings import WatchSettings

Look = Callable[[Sequence[TargetId], Mapping[TargetId, Sequence[str]]], Sequence[TargetId]]
"""Looks at targets now; given who was said to be at work on each. Those whose look was recorded."""
_RETRY = 5.0
"""Seconds until a look that could not be recorded is tried again."""
_LEAVE = 3.0
"""Seconds that a look under way has to end when the watch stops: what it has not recorded counts for nothing."""


class EventsLane:
    """One thread that looks at what events speak of, one look at a time. Without sources it does nothing."""

    def __init__(self, settings: WatchSettings, sources: Sequence[EventSource], metrics: EventMetrics) -> None:
        self._agenda = Agenda(settings.event_settle, settings.event_looks, settings.event_looks_per_target)
        self._sources = sources
        self._metrics = metrics
        self._changed = threading.Condition()
        self._stopping = False
        self._in_hand: frozenset[TargetId] = frozenset()
        self._elsewhere: set[TargetId] = set()
        self._look: Look | None = None
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)
        self._log = structlog.get_logger()
        self.defect: BaseException | None = None
        """What ended its thread, for the watch to raise."""

    def follow(self, federation: Federation, targets: Collection[TargetId]) -> None:
        """Take events of these targets from now on."""
        with self._changed:
            self._agenda.follow(targets)
        for source in self._sources:
            source.follow(federation)

    def running(self, look: Look) -> Self:
        """For a `with` block, within which it listens. Raises UsageError where it cannot."""
        self._look = look
        return self

    def __enter__(self) -> Self:
        opened: list[EventSource] = []
        try:
            for source in self._sources:
                source.open(self._post)
                opened.append(source)
        except BaseException:
            for source in opened:
                source.close()
            raise
        if self._sources:
            self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for source in self._sources:
            source.close()
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(_LEAVE)

    def claim(self, begin: Callable[[Collection[TargetId]], list[TargetId]]) -> list[TargetId]:
        """Let the scans by turn take targets, except those that are in hand here; until `release` they are left alone here."""
        with self._changed:
            taken = begin(self._in_hand)
            self._elsewhere |= set(taken)
            return taken

    def release(self, targets: Collection[TargetId]) -> None:
        """These were observed by the scan by turn: an event that came meanwhile may be looked at now."""
        with self._changed:
            self._elsewhere -= set(targets)
            self._changed.notify_all()

    def people(self, targets: Collection[TargetId]) -> Mapping[TargetId, Sequence[str]]:
        """Who was said to be at work on each lately."""
        with self._changed:
            return {target: self._agenda.people(target) for target in targets}

    def _post(self, event: Event, now: float) -> None:
        with self._changed:
            if self._agenda.tell(event, now):
                self._metrics.waiting.set(self._agenda.waiting)
                self._changed.notify_all()

    def _run(self) -> None:
        try:
            while (due := self._next()) is not None:
                self._work(due)
        except BaseException as error:  # noqa: BLE001 - handed to the watch's own thread, which raises it
            self.defect = error

    def _next(self) -> dict[TargetId, Due] | None:
        """What is due, waited for; None at the end."""
        with self._changed:
            while not self._stopping:
                now = time.monotonic()
                if found := self._agenda.take(now, self._elsewhere):
                    self._in_hand = frozenset(found)
                    self._metrics.waiting.set(self._agenda.waiting)
                    return found
                # What is busy elsewhere is woken for by `release`.
                at = self._agenda.next_due(now, self._elsewhere)
                self._changed.wait(None if at is None else max(0.0, at - now))
            return None

    def _work(self, due: Mapping[TargetId, Due]) -> None:
        assert self._look is not None  # noqa: S101 - set by `running`
        for target, one in due.items():
            self._log.info("watch.event", target=target, what=one.what, events=one.events, by=", ".join(one.by))
        recorded: Sequence[TargetId] = ()
        try:
            recorded = self._look(list(due), {target: one.by for target, one in due.items()})
        finally:
            now = time.monotonic()
            with self._changed:
                self._in_hand = frozenset()
                for target, one in due.items():
                    if target in recorded:
                        self._metrics.looks.inc()
                        self._metrics.delay.observe(now - one.first)
                    else:
                        self._agenda.again(target, one, now + _RETRY)
