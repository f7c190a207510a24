"""Metrics of what is known of the targets: coverage, verdicts, drift, age. Computed when they are asked for.

The state is handed over after each scan, and ages go on by themselves: while a store is away, what it last told grows old and
then stale, as it should.
"""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from luxops.model import DriftKind, FailureReason, ScanState, Severity, TargetId, Verdict, utc_now
from luxops.store import LastLook, StoreSummary

NEVER = "never-observed"
"""Reason of a target that was declared and not looked at yet."""


@dataclass(frozen=True)
class Known:
    """What the metrics speak of: the targets that are watched, and what the store knows of them."""

    domains: Mapping[TargetId, str] = field(default_factory=dict)
    """Every watched target, with its domain: what is declared counts, not what happened to be seen."""
    summary: StoreSummary = field(default_factory=lambda: StoreSummary(scans={}, looks=()))
    last_finished: datetime | None = None


class KnownMetrics(Collector):
    """Give `known` whenever it changes; a scrape reads the last one given."""

    def __init__(self, stale_after: timedelta, clock: Callable[[], datetime] = utc_now) -> None:
        self._stale_after = stale_after
        self._clock = clock
        self._lock = threading.Lock()
        self._known = Known()

    @property
    def known(self) -> Known:
        with self._lock:
            return self._known

    @known.setter
    def known(self, known: Known) -> None:
        with self._lock:
            self._known = known

    def describe(self) -> Iterator[Metric]:
        """Names and types without values: nothing is computed to register."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        known, now = self.known, self._clock()
        looks = {look.target.id: look for look in known.summary.looks if look.target.id in known.domains}
        yield from self._coverage(known, looks, now)
        yield self._verdicts(known, looks, now)
        yield self._drift(known, looks)
        yield from _ages(known, looks, now)
        yield from _scans(known)

    def _coverage(self, known: Known, looks: Mapping[TargetId, LastLook], now: datetime) -> Iterator[Metric]:
        targets = GaugeMetricFamily("luxops_targets", "Targets that are watched.", labels=["domain"])
        observed = GaugeMetricFamily(
            "luxops_targets_observed",
            "Of these, how many were wholly observed by the last look, not too long ago.",
            labels=["domain"],
        )
        unobserved = GaugeMetricFamily(
            "luxops_targets_unobserved",
            "Targets not wholly observed, by the reason of the last look.",
            labels=["domain", "reason"],
        )
        reasons = {target: self._reason(looks.get(target), now) for target in known.domains}
        for domain in sorted(set(known.domains.values())):
            own = Counter(reasons[t] for t, d in known.domains.items() if d == domain)
            targets.add_metric([domain], own.total())
            observed.add_metric([domain], own[None])
            for reason in [*FailureReason, NEVER]:
                unobserved.add_metric([domain, str(reason)], own[str(reason)])
        yield from (targets, observed, unobserved)

    def _reason(self, look: LastLook | None, now: datetime) -> str | None:
        """Why a target does not count as observed; None where it does."""
        if look is None:
            return NEVER
        if self._is_stale(look, now):
            return str(FailureReason.STALE)
        return None if look.failure is None else str(look.failure.reason)

    def _is_stale(self, look: LastLook, now: datetime) -> bool:
        return now - look.looked_at > self._stale_after

    def _verdicts(self, known: Known, looks: Mapping[TargetId, LastLook], now: datetime) -> Metric:
        family = GaugeMetricFamily(
            "luxops_findings",
            "Policies' verdicts; those of a stale target are UNKNOWN.",
            labels=["domain", "verdict", "severity"],
        )
        counts = Counter[tuple[str, Verdict, Severity]]()
        for target, look in looks.items():
            stale = self._is_stale(look, now)
            for (verdict, severity), count in look.verdicts.items():
                counts[known.domains[target], Verdict.UNKNOWN if stale else verdict, severity] += count
        for domain in sorted(set(known.domains.values())):
            for verdict in Verdict:
                for severity in Severity:
                    family.add_metric([domain, verdict.value, severity.value], counts[domain, verdict, severity])
        return family

    def _drift(self, known: Known, looks: Mapping[TargetId, LastLook]) -> Metric:
        family = GaugeMetricFamily("luxops_drift", "Open differences from the declaration.", labels=["domain", "kind"])
        counts = Counter[tuple[str, DriftKind]]()
        for target, look in looks.items():
            for kind, count in look.drift.items():
                counts[known.domains[target], kind] += count
        for domain in sorted(set(known.domains.values())):
            for kind in DriftKind:
                family.add_metric([domain, kind.value], counts[domain, kind])
        return family


def _ages(known: Known, looks: Mapping[TargetId, LastLook], now: datetime) -> Iterator[Metric]:
    """One series a target: as many as are declared, whatever is found on them. Never observed: infinitely old."""
    seen = GaugeMetricFamily(
        "luxops_target_observation_age_seconds", "Time since the target was last wholly observed.", labels=["domain", "target"]
    )
    for target in sorted(known.domains):
        look = looks.get(target)
        at = None if look is None else look.observed_at
        age = math.inf if at is None else max(0.0, (now - at).total_seconds())
        seen.add_metric([known.domains[target], target], age)
    yield seen


def _scans(known: Known) -> Iterator[Metric]:
    scans = CounterMetricFamily("luxops_scans", "Scans in the store that have ended.", labels=["state"])
    for state in (ScanState.FINISHED, ScanState.INTERRUPTED):
        scans.add_metric([state.value], known.summary.scans.get(state, 0))
    yield scans
    last = GaugeMetricFamily("luxops_scan_last_finished_timestamp_seconds", "When the last scan was finished; 0: none yet.")
    last.add_metric([], 0 if known.last_finished is None else known.last_finished.timestamp())
    yield last
