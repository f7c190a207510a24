"""The loop: read the configuration, scan what is due, tell what changed, wait."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from prometheus_client import CollectorRegistry

from luxops import pipeline
from luxops.domains.network.drift import DOMAIN as NETWORK
from luxops.errors import LuxopsError
from luxops.metrics import BackupMetrics, EventMetrics, Known, KnownMetrics, MetricsServer, ProcessMetrics
from luxops.model import Selection, Selector, TargetId
from luxops.store import Store, StoreError
from luxops.watch.configuration import Configuration
from luxops.watch.events import open_sources
from luxops.watch.events_lane import EventsLane
from luxops.watch.news import log_news
from luxops.watch.schedule import Schedule

if TYPE_CHECKING:
    from luxops.domains.interface import Domain
    from luxops.federation import Federation
    from luxops.model import Failure
    from luxops.pipeline import Outcome
    from luxops.settings import Settings
    from luxops.watch.backups import BackupDuty

Hold = Callable[[], None]
"""Takes the lock of the one watch, or makes sure of it."""

_PULSE = 5.0
"""Seconds at most between two looks at the files and at the clock."""
_RETRY = 30.0
"""Seconds at most until a scan that could not be recorded is tried again."""


class _Observer:
    """Metrics, and who did not answer at all: those are asked less often, unlike targets of which a part is missing."""

    def __init__(self, metrics: ProcessMetrics, release: Callable[[list[TargetId]], None] | None = None) -> None:
        """`release`: told of each target as soon as it was observed."""
        self._metrics = metrics
        self._release = release
        self._domain = ""
        self.silent: set[TargetId] = set()

    def started(self, domain: str, total: int) -> None:
        del total
        self._domain = domain

    def observing(self, target: TargetId) -> None: ...

    def observed(self, target: TargetId, seconds: float, failure: Failure | None) -> None:
        self._metrics.looked(self._domain, seconds, failure)
        if failure is not None:
            self.silent.add(target)
        if self._release is not None:
            self._release([target])

    def finished(self, domain: str) -> None: ...


@dataclass(frozen=True)
class Watched:
    """What to look at, how, and where to keep it."""

    settings: Settings
    selection: Selection
    domains: Sequence[Domain]
    store: Store
    replayed: bool = False
    backups: BackupDuty | None = None
    """What keeps the configurations that looks have seen."""


class Watch:
    """One scan at a time of whatever is due, and beside it what events speak of; `stop` may be called from anywhere."""

    def __init__(self, watched: Watched) -> None:
        """Raises LuxopsError where inventory or policies are wrong, or nothing is selected."""
        settings = watched.settings.watch
        self._watched = watched
        self._settings = settings
        self._log = structlog.get_logger()
        self._stop = threading.Event()
        self._worked = False
        self.registry = CollectorRegistry()
        self.metrics = ProcessMetrics(self.registry)
        stale_after = settings.interval * settings.stale_after
        self._known = KnownMetrics(timedelta(seconds=stale_after))
        self.registry.register(self._known)
        self.metrics.interval.set(settings.interval)
        self.metrics.stale_after.set(stale_after)
        if watched.backups is not None:
            watched.backups.measure(BackupMetrics(self.registry))
        self._knowing = threading.Lock()
        events = EventMetrics(self.registry)
        self.sources = open_sources(settings, events)
        self._lane = EventsLane(settings, self.sources, events)
        self._configuration = Configuration(
            watched.settings.inventory, watched.settings.policies, self._check_selection, self.metrics
        )
        chance = random.Random()  # noqa: S311 - spreads load, guards nothing
        self._schedule = Schedule(settings.interval, settings.jitter, settings.stale_after, chance)
        self._take_over()

    def stop(self) -> None:
        """Let `run` end after the scan under way."""
        self._stop.set()

    def run(self, rounds: int | None = None) -> None:
        """Go on until stopped, or until every target was looked at `rounds` times.

        Raises StoreError where another watch works on the store, UsageError where metrics cannot be served.
        """
        lock = self._watched.store.watch_lock()
        lock.hold()
        try:
            with MetricsServer(self._settings.listen, self.registry) as server, self._lane.running(self._answer):
                self._tell_known()
                self._log.info("watch.started", targets=len(self._known.known.domains), metrics_port=server.port)
                left = dict.fromkeys(self._known.known.domains, rounds or 0)
                while not self._stop.is_set() and (rounds is None or any(n > 0 for n in left.values())):
                    if self._lane.defect is not None:
                        raise self._lane.defect
                    for target in self._beat(lock.hold):
                        left[target] = left.get(target, 0) - 1
                    left = {target: n for target, n in left.items() if target in self._known.known.domains}
        finally:
            lock.release()
            self._log.info("watch.stopped")

    def _beat(self, hold: Hold) -> list[TargetId]:
        """One turn of the loop; the targets whose look was recorded."""
        if self._configuration.refresh():
            self._take_over()
        now = time.monotonic()
        self.metrics.overdue.set(self._schedule.overdue(now))
        due = self._lane.claim(lambda busy: self._schedule.begin(now, self._pulse(), busy))
        looked = self._scan(due, hold) if due else []
        if not self._stop.is_set() and not looked:
            self._stop.wait(self._pause())
        return looked

    def _pulse(self) -> float:
        return min(_PULSE, self._settings.interval / 10)

    def _pause(self) -> float:
        due = self._schedule.next_due()
        return self._pulse() if due is None else min(self._pulse(), max(0.0, due - time.monotonic()))

    def _scan(self, due: list[TargetId], hold: Hold) -> list[TargetId]:
        observer = _Observer(self.metrics, self._lane.release)
        try:
            hold()
            outcome = self._look(due, observer)
            self._ended(outcome, observer.silent)
            self._tell(outcome, self._lane.people(due))
        except LuxopsError as error:
            if not isinstance(error, StoreError) and not self._worked:
                raise  # wrong from the start, like a bad inventory: nobody waits for a watch that never looked
            self._told(error)
            # Those whose turn is still open were not recorded; the others must not be looked at again at once.
            lost = [target for target in due if self._schedule.is_open(target)]
            self._schedule.postpone(lost, time.monotonic() + min(_RETRY, self._settings.interval))
            return [target for target in due if target not in lost]
        finally:
            self._lane.release(due)
        self.metrics.store_up.set(1)
        return due

    def _look(self, targets: Sequence[TargetId], observer: _Observer) -> Outcome:
        """Scan just these."""
        selection = Selection(selectors=tuple(Selector(terms=(("id", target),)) for target in targets))
        watched, begun = self._watched, time.monotonic()
        outcome = pipeline.scan(
            self._configuration.federation,
            watched.domains,
            self._configuration.evaluator,
            selection,
            watched.store,
            observer,
            replayed=watched.replayed,
        )
        self.metrics.scan_seconds.observe(time.monotonic() - begun)
        return outcome

    def _answer(self, targets: Sequence[TargetId], told: Mapping[TargetId, Sequence[str]]) -> Sequence[TargetId]:
        """Look at what events speak of, beside the schedule: its turns stay as they are. In the thread of the events."""
        try:
            outcome = self._look(targets, _Observer(self.metrics))
            self._unobserved(outcome)
            self._tell(outcome, told)
        except LuxopsError as error:
            self._told(error)
            return ()
        return targets

    def _tell(self, outcome: Outcome, told: Mapping[TargetId, Sequence[str]]) -> None:
        """Say what a recorded scan has changed, and keep the configurations that it saw."""
        log_news(self._watched.store.news(outcome.scan.id), told)
        if self._watched.backups is not None:
            self._watched.backups.keep(told)
        self._tell_known()

    def _ended(self, outcome: Outcome, silent: set[TargetId]) -> None:
        self._worked = True
        for target in outcome.targets:
            self._schedule.end(target.id, observed=target.id not in silent)
        self._unobserved(outcome)

    def _unobserved(self, outcome: Outcome) -> None:
        coverage = outcome.scan.coverage
        self._log.info("watch.scanned", scan=outcome.scan.id, targets=coverage.targets, observed=coverage.observed)
        for unknown in coverage.unknown:
            self._log.warning("watch.unobserved", target=unknown.target, reason=str(unknown.failure))

    def _told(self, error: LuxopsError) -> None:
        """Say what went wrong and go on: what is known grows stale meanwhile, and is UNKNOWN then."""
        if isinstance(error, StoreError):
            self.metrics.store_up.set(0)
            self.metrics.store_errors.inc()
            self._log.error("watch.store-failed", problem=error.diagnosis(), goes_on="trying")
        else:
            self._log.error("watch.scan-refused", problem=error.diagnosis(), goes_on="trying")

    # What is known

    def _take_over(self) -> None:
        """Watch what the configuration now declares."""
        targets = self._targets(self._configuration.federation)
        self._schedule.watch(targets.keys(), time.monotonic())
        self._lane.follow(self._configuration.federation, targets.keys())
        if self._watched.backups is not None:
            self._watched.backups.follow(target for target, domain in targets.items() if domain == NETWORK)
        with self._knowing:
            known = self._known.known
            self._known.known = Known(domains=targets, summary=known.summary, last_finished=known.last_finished)

    def _tell_known(self) -> None:
        """Read the store for the metrics. Raises StoreError."""
        with self._knowing:
            latest = self._watched.store.latest_scan()
            self._known.known = Known(
                domains=self._known.known.domains,
                summary=self._watched.store.summary(),
                last_finished=None if latest is None else latest.finished,
            )
        self.metrics.store_up.set(1)

    def _targets(self, federation: Federation) -> dict[TargetId, str]:
        """The selected targets with their domains."""
        return {
            target.id: domain.name
            for domain in self._watched.domains
            for target in self._watched.selection.of(domain.targets(federation))
        }

    def _check_selection(self, federation: Federation) -> None:
        self._watched.selection.checked(t for domain in self._watched.domains for t in domain.targets(federation))
