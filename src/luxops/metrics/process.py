"""Metrics of this process: how long looks and scans take, what failed, whether its surroundings are well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info

from luxops import __version__

if TYPE_CHECKING:
    from luxops.model import Failure, TargetId

_LOOK_BUCKETS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
_SCAN_BUCKETS = (0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800)
OK = "ok"
"""Result of a look that observed everything."""


class ProcessMetrics:
    """Also an observer of scans (`luxops.progress.Progress`): called from any thread."""

    def __init__(self, registry: CollectorRegistry) -> None:
        Info("luxops_build", "The running version.", registry=registry).info({"version": __version__})
        self.looks = Counter(
            "luxops_looks",
            "Looks at targets since the start, by result: ok, or why not.",
            ["domain", "result"],
            registry=registry,
        )
        self.look_seconds = Histogram(
            "luxops_look_duration_seconds",
            "How long a target took to answer.",
            ["domain"],
            buckets=_LOOK_BUCKETS,
            registry=registry,
        )
        self.scan_seconds = Histogram(
            "luxops_scan_duration_seconds",
            "How long a finished scan took, recording included.",
            buckets=_SCAN_BUCKETS,
            registry=registry,
        )
        self.store_up = Gauge("luxops_store_up", "1 where the last use of the store went well.", registry=registry)
        self.store_errors = Counter("luxops_store_errors", "Uses of the store that failed.", registry=registry)
        self.configuration_valid = Gauge(
            "luxops_configuration_valid", "1 where the files on disk are in use; 0: they are wrong, the last good ones are.",
            ["part"], registry=registry,
        )  # fmt: skip
        self.reloads = Counter(
            "luxops_configuration_reloads",
            "Changes of files that were taken over, or refused.",
            ["part", "result"],
            registry=registry,
        )
        self.overdue = Gauge(
            "luxops_watch_overdue_targets", "Targets whose look is late by an interval or more.", registry=registry
        )
        self.interval = Gauge(
            "luxops_watch_interval_seconds", "Longest time between two looks at a healthy target.", registry=registry
        )
        self.stale_after = Gauge(
            "luxops_watch_stale_after_seconds", "Age at which what was seen no longer counts.", registry=registry
        )
        self._domain = ""

    def started(self, domain: str, total: int) -> None:
        del total
        self._domain = domain

    def observing(self, target: TargetId) -> None: ...

    def observed(self, target: TargetId, seconds: float, failure: Failure | None) -> None:
        del target
        self.looked(self._domain, seconds, failure)

    def looked(self, domain: str, seconds: float, failure: Failure | None) -> None:
        """One look, of whichever scan."""
        self.looks.labels(domain, OK if failure is None else str(failure.reason)).inc()
        self.look_seconds.labels(domain).observe(seconds)

    def finished(self, domain: str) -> None: ...
