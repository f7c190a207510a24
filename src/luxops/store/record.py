"""A scan while it is made. It counts entirely or not at all: one transaction at the end writes all that it saw."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Self

from sqlalchemy import Connection, func, select, update

from luxops.model import (
    Coverage,
    Digest,
    Drift,
    Finding,
    Observation,
    Scan,
    ScanState,
    Target,
    TargetId,
    Totals,
    utc_now,
)
from luxops.model.base import canonical_json
from luxops.store import tables
from luxops.store.content import packed
from luxops.store.errors import StoreError
from luxops.store.intervals import SeenFact
from luxops.store.write import Seen, write_targets

if TYPE_CHECKING:
    from luxops.store.scanlog import ScanLog

HEARTBEAT = timedelta(seconds=60)
"""How often a running scan says that it lives, for readers on other machines."""


class ScanRecord:
    """Takes in one target after another. Left without `finish`, it marks its scan as interrupted."""

    def __init__(self, store: ScanLog, scan: Scan, known: set[Digest], declared: Collection[TargetId] | None) -> None:
        self.scan = scan
        self._store = store
        self._known = known
        self._declared = None if declared is None else frozenset(declared)
        self._seen: dict[TargetId, Seen] = {}
        self._evidence: dict[Digest, bytes] = {}
        self._heartbeat = scan.started
        self._finished = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if not self._finished:
            self._store.abandon(self.scan.id)

    def add(
        self,
        target: Target,
        domain: str,
        observations: Sequence[Observation],
        findings: Sequence[Finding],
        drift: Sequence[Drift],
        *,
        compared: bool | None = None,
    ) -> None:
        """One target, once a scan.

        `compared`: whether all that could show drift was observed; None: whether every observation has a value. Where it is
        false, drift known from earlier stays open, and `verified_at` shows that it was not seen.

        Raises ValueError for a target or fact given twice, or something of another target: that would be false evidence.
        """
        self._check(target, observations, findings, drift)
        for observation in observations:
            if observation.value is not None and observation.digest not in self._known:
                self._evidence[observation.digest] = packed(observation)
                self._known.add(observation.digest)
        self._seen[target.id] = Seen(
            target=target,
            domain=domain,
            facts=tuple(SeenFact(o.fact, o.digest, o.failure) for o in observations),
            findings=tuple(findings),
            drift=tuple(drift),
            compared=all(o.failure is None for o in observations) and bool(observations) if compared is None else compared,
            looked_at=max((o.taken_at for o in observations), default=utc_now()),
        )
        if utc_now() - self._heartbeat > HEARTBEAT:
            self._heartbeat = utc_now()
            self._store.beat(self.scan.id, self._heartbeat)

    def _check(
        self, target: Target, observations: Sequence[Observation], findings: Sequence[Finding], drift: Sequence[Drift]
    ) -> None:
        if target.id in self._seen:
            raise ValueError(f"{target.id} is recorded twice in one scan")
        named = {o.target for o in observations} | {f.target for f in findings} | {d.target for d in drift}
        if strangers := named - {target.id}:
            raise ValueError(f"what is recorded of {target.id} speaks of {', '.join(sorted(strangers))}")
        for names in ([o.fact for o in observations], [f.policy for f in findings]):
            if len(names) != len(set(names)):
                raise ValueError(f"{target.id} has two observations of one fact, or two findings of one policy")

    def finish(self, coverage: Coverage) -> Scan:
        """Write everything, or nothing. Raises StoreError; then the scan is interrupted and the store as it was before."""
        totals = Totals.of(f for seen in self._seen.values() for f in seen.findings)
        finished = utc_now()
        with self._store.write() as connection:
            ordinal = self._mark_finished(connection, finished, coverage, totals)
            if self._evidence:
                self._write_evidence(connection)
            write_targets(connection, ordinal, self.scan, list(self._seen.values()), self._declared)
        self._finished = True
        return self.scan.model_copy(
            update={"finished": finished, "state": ScanState.FINISHED, "coverage": coverage, "totals": totals}
        )

    def _mark_finished(self, connection: Connection, finished: datetime, coverage: Coverage, totals: Totals) -> int:
        newest = connection.scalar(select(func.max(tables.scans.c.ordinal)))
        ordinal = (newest or 0) + 1
        result = {"coverage": coverage.model_dump(mode="json"), "totals": totals.model_dump(mode="json")}
        marked = connection.execute(
            update(tables.scans)
            .where(tables.scans.c.id == self.scan.id, tables.scans.c.state == ScanState.RUNNING.value)
            .values(ordinal=ordinal, state=ScanState.FINISHED.value, finished=finished, result=canonical_json(result))
        )
        if marked.rowcount != 1:
            raise StoreError(
                f"Scan {self.scan.id} cannot be finished",
                why="the store no longer has it as running: it was marked as interrupted, or the store was replaced meanwhile",
                remedy="Scan again.",
            )
        return ordinal

    def _write_evidence(self, connection: Connection) -> None:
        # Another scan may have stored the same evidence since this one began.
        there = set[Digest]()
        digests = list(self._evidence)
        for start in range(0, len(digests), 500):
            chunk = digests[start : start + 500]
            there |= set(connection.scalars(select(tables.evidence.c.digest).where(tables.evidence.c.digest.in_(chunk))))
        rows = [{"digest": d, "content": c} for d, c in self._evidence.items() if d not in there]
        if rows:
            connection.execute(tables.evidence.insert(), rows)
