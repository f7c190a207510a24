"""Scans: begun, finished or interrupted. The part of the store that knows which process is at work."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

import structlog
from sqlalchemy import Connection, Engine, insert, select, update

from luxops.errors import UsageError, did_you_mean
from luxops.model import Coverage, Digest, Scan, ScanId, ScanState, TargetId, Totals, utc_now
from luxops.store import processes, tables
from luxops.store.engine import reading, writing
from luxops.store.errors import StoreError, explained
from luxops.store.intervals import Row
from luxops.store.record import ScanRecord

SILENCE = timedelta(minutes=10)
"""A running scan of another machine that has not said for so long that it lives is taken as interrupted."""


class ScanLog:
    """Safe to use from several threads and several processes at once. Every method raises StoreError where it cannot."""

    def __init__(self, engine: Engine, shown_url: str) -> None:
        self._engine = engine
        self.shown_url = shown_url
        """The address with its password masked."""
        self._abandoned: set[ScanId] = set()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction of the one writer."""
        with explained(self.shown_url), writing(self._engine) as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state."""
        with explained(self.shown_url), reading(self._engine) as connection:
            yield connection

    # Scans

    def begin_scan(
        self,
        *,
        inventory_digest: Digest,
        policy_digest: Digest,
        selection: str,
        replayed: bool = False,
        declared: Collection[TargetId] | None = None,
    ) -> ScanRecord:
        """Start a scan; use the record in a `with`.

        `declared`: ids of all targets that the inventory declares, selected or not; others that the store knows are withdrawn
        when the scan is finished. None: nothing is said of others.
        """
        started = utc_now()
        scan = Scan(
            id=ScanId(f"{started:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"),
            inventory_digest=inventory_digest,
            policy_digest=policy_digest,
            selection=selection,
            started=started,
            state=ScanState.RUNNING,
            replayed=replayed,
        )
        columns = {
            "id": scan.id, "state": scan.state.value, "inventory_digest": inventory_digest, "policy_digest": policy_digest,
            "selection": selection, "replayed": replayed, "started": started, "machine": processes.this_machine(),
            "process": processes.this_process(), "heartbeat": started,
        }  # fmt: skip
        with self.write() as connection:
            self._settle(connection)
            connection.execute(insert(tables.scans).values(columns))
            known = set(
                connection.scalars(select(tables.observations.c.digest).where(tables.observations.c.until_scan.is_(None)))
            )
        return ScanRecord(self, scan, known, declared)

    def abandon(self, scan_id: ScanId) -> None:
        """Mark a scan of this process as interrupted: now where the store can be reached, else as soon as it can."""
        with self._lock:
            self._abandoned.add(scan_id)
        try:
            with self.write() as connection:
                self._settle(connection)
        except StoreError as error:
            structlog.get_logger().warning("store.interrupted-later", scan=scan_id, why=error.why)

    def beat(self, scan_id: ScanId, at: datetime) -> None:
        """Say that a scan's process lives. A store that cannot be reached just now is told by `finish`, not here."""
        try:
            with self.write() as connection:
                connection.execute(update(tables.scans).where(tables.scans.c.id == scan_id).values(heartbeat=at))
        except StoreError as error:
            structlog.get_logger().warning("store.heartbeat-failed", scan=scan_id, why=error.why)

    def _settle(self, connection: Connection) -> None:
        """Write down as interrupted what readers already show so."""
        table = tables.scans
        running = connection.execute(select(table).where(table.c.state == ScanState.RUNNING.value)).mappings().all()
        over = [row["number"] for row in running if self.state_of(row) is ScanState.INTERRUPTED]
        if over:
            connection.execute(update(table).where(table.c.number.in_(over)).values(state=ScanState.INTERRUPTED.value))

    def state_of(self, row: Row) -> ScanState:
        """As it is now: a running scan whose process is gone is INTERRUPTED."""
        state = ScanState(row["state"])
        if state is not ScanState.RUNNING:
            return state
        with self._lock:
            if row["id"] in self._abandoned:
                return ScanState.INTERRUPTED
        alive = processes.lives(row["machine"], row["process"])
        if alive is None:
            alive = utc_now() - row["heartbeat"] <= SILENCE
        return ScanState.RUNNING if alive else ScanState.INTERRUPTED

    def scan_of(self, row: Row) -> Scan:
        """The noun of a row."""
        result: dict[str, Any] = json.loads(row["result"]) if row["result"] else {}
        return Scan(
            id=row["id"],
            inventory_digest=row["inventory_digest"],
            policy_digest=row["policy_digest"],
            selection=row["selection"],
            started=row["started"],
            finished=row["finished"],
            state=self.state_of(row),
            replayed=row["replayed"],
            coverage=Coverage.model_validate(result.get("coverage", {"targets": 0, "observed": 0})),
            totals=Totals.model_validate(result.get("totals", {})),
        )

    def scans(self, limit: int = 20) -> list[Scan]:
        """The newest first, unfinished ones among them. One whose process is gone is INTERRUPTED."""
        table = tables.scans
        with self.read() as connection:
            rows = connection.execute(select(table).order_by(table.c.number.desc()).limit(limit)).mappings().all()
        return [self.scan_of(row) for row in rows]

    def latest_scan(self, selection: str | None = None) -> Scan | None:
        """The last one that was finished (of just this selection, where given). None: nothing is known yet."""
        table = tables.scans
        query = select(table).where(table.c.ordinal.is_not(None)).order_by(table.c.ordinal.desc()).limit(1)
        if selection is not None:
            query = query.where(table.c.selection == selection)
        with self.read() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else self.scan_of(row)

    def scan(self, scan_id: str) -> Scan:
        """Raises UsageError for an unknown id."""
        with self.read() as connection:
            return self.scan_of(self.scan_row(connection, scan_id))

    def scan_row(self, connection: Connection, scan_id: str) -> Row:
        """Raises UsageError for an unknown id."""
        table = tables.scans
        row = connection.execute(select(table).where(table.c.id == scan_id)).mappings().first()
        if row is None:
            recent = list(connection.scalars(select(table.c.id).order_by(table.c.number.desc()).limit(50)))
            raise UsageError(
                f"There is no scan `{scan_id}`{did_you_mean(scan_id, recent)}",
                why=f"the newest is {recent[0]}" if recent else "the store holds no scan",
                remedy="Take the id that `luxops scan` printed.",
            )
        return row

    def finished_row(self, connection: Connection, scan_id: str) -> Row:
        """Raises UsageError for a scan that was not finished, or is not known."""
        row = self.scan_row(connection, scan_id)
        if row["ordinal"] is None:
            raise UsageError(
                f"Scan {scan_id} holds no findings",
                why=f"it is {self.state_of(row).value}; a scan counts only when it is finished",
                remedy="Choose a finished scan, or scan again.",
            )
        return row
