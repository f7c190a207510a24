"""Backups beside the watch: what its looks see of configurations is kept where it changed, and verified where it did not."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

import structlog

from luxops.domains.network.backups import BackupRepository, Reason, Stored, proved
from luxops.errors import LuxopsError
from luxops.model import utc_now

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from luxops.domains.network.fetched import Fetched
    from luxops.metrics import BackupMetrics
    from luxops.model import TargetId


class BackupDuty:
    """`seen` is told of each configuration, from any thread; `keep` commits them together once their scan is recorded."""

    def __init__(self, folder: Path, limit: float) -> None:
        """`limit`: seconds after which a backup is too old."""
        self._repository = BackupRepository(folder)
        self._limit = limit
        self._lock = threading.Lock()
        self._seen: dict[TargetId, tuple[Stored, datetime]] = {}
        self._log = structlog.get_logger()
        self._metrics: BackupMetrics | None = None
        self._followed: set[TargetId] = set()

    def measure(self, metrics: BackupMetrics) -> None:
        """Tell what is kept already. A repository that cannot be used is told and tried again with every scan."""
        self._metrics = metrics
        metrics.limit.set(self._limit)
        try:
            self._tell(self._repository.verified_at(self._repository.newest()))
        except LuxopsError as error:
            self._failed(error)

    def follow(self, routers: Iterable[TargetId]) -> None:
        """A router that was never backed up is a series as well; one that is no longer declared is none."""
        if self._metrics is not None:
            now = set(routers)
            for router in self._followed - now:
                with contextlib.suppress(KeyError):
                    self._metrics.verified.remove(router)
            for router in now:
                self._metrics.verified.labels(router).inc(0)
            self._followed = now

    def seen(self, fetched: Fetched) -> None:
        """A look's answer, before its scan is recorded. One that failed as a look is told as such, not here."""
        stored = proved(fetched)
        if isinstance(stored, Stored):
            with self._lock:
                self._seen[stored.device] = (stored, fetched.taken_at)
        elif stored != fetched.outcome:
            self._log.error("watch.backup-refused", target=fetched.target.id, reason=str(stored))
            if self._metrics is not None:
                self._metrics.refused.inc()

    def keep(self, told: Mapping[TargetId, Sequence[str]]) -> None:
        """Commit what differs. `told`: who was said to be at work on a router. A failure is told: a watch goes on without."""
        with self._lock:
            seen, self._seen = self._seen, {}
        if not seen:
            return
        people = sorted({name for device in seen for name in told.get(device, ())})
        reason = Reason(what="seen by the watch" + (f", said to be by {', '.join(people)}" if people else ""))
        # Not younger than the oldest of them: a verified time must never be later than it was.
        at = min((taken_at for _, taken_at in seen.values()), default=utc_now())
        try:
            kept = self._repository.keep([stored for stored, _ in seen.values()], reason, at)
            self._tell(dict.fromkeys(seen, at))
        except LuxopsError as error:
            self._failed(error)
            return
        if kept.commit:
            self._log.info("watch.backup", commit=kept.commit[:12], new=len(kept.new), changed=sorted(kept.changed))

    def _tell(self, verified: Mapping[TargetId, datetime]) -> None:
        if self._metrics is not None:
            self._metrics.up.set(1)
            for device, at in verified.items():
                self._metrics.verified.labels(device).set(at.timestamp())

    def _failed(self, error: LuxopsError) -> None:
        if self._metrics is not None:
            self._metrics.up.set(0)
        self._log.error("watch.backup-failed", problem=error.diagnosis(), goes_on="watching, without backups")
