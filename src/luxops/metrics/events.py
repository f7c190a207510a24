"""Metrics of events and of backups: what came in, what came of it, and how old each router's backup is."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_DELAY_BUCKETS = (0.5, 1, 2, 3, 4, 5, 7.5, 10, 20, 30, 60, 120, 300)


class EventMetrics:
    """Counted from any thread."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.messages = Counter(
            "luxops_event_messages",
            "Messages received: event, other (telling of no change), malformed, unknown-sender, flood, lost-stream.",
            ["result"],
            registry=registry,
        )
        self.looks = Counter("luxops_event_looks", "Looks at targets because of events.", registry=registry)
        self.waiting = Gauge(
            "luxops_event_waiting_targets", "Targets with an event that no look has answered yet.", registry=registry
        )
        self.delay = Histogram(
            "luxops_event_delay_seconds",
            "From a target's first event to the report of the look that answered it.",
            buckets=_DELAY_BUCKETS,
            registry=registry,
        )


class BackupMetrics:
    """Made where the watch keeps backups."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.verified = Gauge(
            "luxops_backup_verified_timestamp_seconds",
            "When the router was last seen to run what its newest backup holds; 0: it has none.",
            ["target"],
            registry=registry,
        )
        self.limit = Gauge("luxops_backup_limit_seconds", "Age at which a backup is too old.", registry=registry)
        self.up = Gauge("luxops_backup_up", "1 where the last use of the backups went well.", registry=registry)
        self.refused = Counter(
            "luxops_backup_refused", "Configurations that were observed and make no good backup.", registry=registry
        )
