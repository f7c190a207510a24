"""The store: what is known of targets, now and then, and how it changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, or_, select

from luxops.errors import UsageError, did_you_mean
from luxops.model import (
    Digest,
    DriftKind,
    Failure,
    ScanState,
    Selection,
    Severity,
    TargetId,
    Verdict,
    utc_now,
)
from luxops.store import queries, tables
from luxops.store.content import unpacked
from luxops.store.engine import connect, parse_url, prepare_schema
from luxops.store.errors import StoreError
from luxops.store.lock import WatchLock, watch_lock
from luxops.store.scanlog import ScanLog
from luxops.store.views import (
    DomainChange,
    LastLook,
    RecordedDrift,
    RecordedFinding,
    ScanContent,
    ScanNews,
    StoreSummary,
    TargetView,
)


def open_store(url: str, *, busy_timeout: float = 15.0) -> Store:
    """Open, create or migrate the store at an SQLAlchemy address. Raises StoreError, in which no password is ever shown.

    `busy_timeout`: seconds to wait for another process that writes.
    """
    parsed = parse_url(url)
    shown = parsed.render_as_string(hide_password=True)
    engine = connect(parsed, busy_timeout)
    try:
        prepare_schema(engine, shown)
    except StoreError:
        engine.dispose()
        raise
    return Store(engine, shown)


class Store(ScanLog):
    """Safe to use from several threads and several processes at once. Every method raises StoreError where it cannot."""

    def watch_lock(self) -> WatchLock:
        """The lock that lets one watch at a time work on this store. Not taken yet."""
        return watch_lock(self._engine, self.shown_url)

    def findings(
        self,
        selection: Selection | None = None,
        verdicts: Collection[Verdict] | None = None,
        *,
        at: datetime | None = None,
        stale_after: timedelta | None = None,
    ) -> list[RecordedFinding]:
        """Worst first. `at`: as of then, not now. `stale_after`: a target not looked at for so long has UNKNOWN verdicts.

        An empty answer says nothing by itself: `latest_scan` and `looks` tell whether anything was ever looked at.
        """
        limit = None if stale_after is None else (at or utc_now()) - stale_after
        with self.read() as connection:
            ordinal, known = self._known(connection, selection, at)
            rows = queries.rows_of(
                connection, tables.findings, queries.held(tables.findings, ordinal, present=at is None), known
            )
            found = [queries.finding_of(k, row) for k, row in rows]
        if limit is not None:
            found = [queries.stale(recorded, limit) for recorded in found]
        return list(queries.sorted_findings(r for r in found if verdicts is None or r.finding.verdict in verdicts))

    def drift(
        self, selection: Selection | None = None, *, open_only: bool = True, at: datetime | None = None
    ) -> list[RecordedDrift]:
        """Worst first. With `open_only` false, past differences too."""
        table = tables.drift
        with self.read() as connection:
            ordinal, known = self._known(connection, selection, at)
            condition = queries.held(table, ordinal, present=at is None) if open_only else table.c.since_scan <= ordinal
            rows = [
                (k, row)
                for k, row in queries.rows_of(connection, table, condition, known)
                if row["until_scan"] != row["since_scan"]
            ]
        return list(queries.sorted_drift(queries.drift_of(k, row, as_of=ordinal) for k, row in rows))

    def _known(
        self, connection: Connection, selection: Selection | None, at: datetime | None
    ) -> tuple[int, dict[int, queries.Known]]:
        ordinal = queries.newest(connection, at)
        known = queries.known_targets(connection, ordinal)
        if selection is None:
            return ordinal, known
        chosen = {t.id for t in selection.of(k.target for k in known.values())}
        return ordinal, {number: k for number, k in known.items() if k.target.id in chosen}

    def target(self, target_id: TargetId, *, at: datetime | None = None, stale_after: timedelta | None = None) -> TargetView:
        """Everything known of one target. Raises UsageError where it was never looked at."""
        limit = None if stale_after is None else (at or utc_now()) - stale_after
        with self.read() as connection:
            ordinal, known = self._known(connection, None, at)
            one = next((k for k in known.values() if k.target.id == target_id), None)
            if one is None:
                ids = [str(k.target.id) for k in known.values()]
                raise UsageError(
                    f"Nothing is known of `{target_id}`{did_you_mean(target_id, ids)}",
                    why="it was never looked at" if ids else "the store holds no finished scan",
                    remedy=f"Look at it: luxops scan {target_id}",
                )
            chosen, present = {one.number: one}, at is None
            findings = [
                queries.finding_of(one, row)
                for _, row in queries.rows_of(
                    connection, tables.findings, queries.held(tables.findings, ordinal, present=present), chosen
                )
            ]
            drift = [
                queries.drift_of(one, row, as_of=ordinal)
                for _, row in queries.rows_of(
                    connection, tables.drift, queries.held(tables.drift, ordinal, present=present), chosen
                )
            ]
            observations = queries.observations_of(connection, one, ordinal, present=present)
        return TargetView(
            target=one.target,
            domain=one.domain,
            looked_at=one.looked_at,
            withdrawn=one.withdrawn,
            observations=observations,
            findings=queries.sorted_findings(f if limit is None else queries.stale(f, limit) for f in findings),
            drift=queries.sorted_drift(drift),
        )

    def evidence(self, digest: Digest) -> Any:  # noqa: ANN401 - any JSON value
        """What an observation with this digest saw, as JSON. Raises UsageError where there is none."""
        with self.read() as connection:
            content = connection.scalar(select(tables.evidence.c.content).where(tables.evidence.c.digest == digest))
        if content is None:
            raise UsageError(f"There is no evidence `{digest}`", why="no observation had this digest, or it was a failure")
        try:
            return unpacked(content, digest)
        except ValueError as error:
            raise StoreError(
                f"The store {self.shown_url} is damaged",
                why=str(error),
                remedy="Keep a copy and put back the last backup (docs/operations.md, Backup).",
            ) from None

    def scan_content(self, scan_id: str) -> ScanContent:
        """What a finished scan found, as it stood then, whatever was recorded later. Raises UsageError for any other."""
        with self.read() as connection:
            row = self.finished_row(connection, scan_id)
            ordinal = row["ordinal"]
            looks = queries.looked_at_by(connection, ordinal)
            sides = (
                ({n: k for n, (k, late) in looks.items() if not late}, queries.held),
                ({n: k for n, (k, late) in looks.items() if late}, queries.aside),
            )
            findings: list[RecordedFinding] = []
            drift: list[RecordedDrift] = []
            for known, condition in sides:
                if known:
                    in_findings, in_drift = condition(tables.findings, ordinal), condition(tables.drift, ordinal)
                    findings += [
                        queries.finding_of(k, r) for k, r in queries.rows_of(connection, tables.findings, in_findings, known)
                    ]
                    drift += [
                        queries.drift_of(k, r, as_of=ordinal)
                        for k, r in queries.rows_of(connection, tables.drift, in_drift, known)
                    ]
        return ScanContent(
            scan=self.scan_of(row),
            targets=tuple(sorted((k.target for k, _ in looks.values()), key=lambda t: t.id)),
            findings=queries.sorted_findings(findings),
            drift=queries.sorted_drift(drift),
        )

    # How it changed

    def changes_since_previous(self, scan_id: str) -> dict[str, DomainChange]:
        """By domain: a scan's targets as it found them, beside what was known of the same targets just before."""
        with self.read() as connection:
            ordinal = self.finished_row(connection, scan_id)["ordinal"]
            after = {n: k for n, (k, _) in queries.looked_at_by(connection, ordinal).items()}
            before = {n: k for n, k in queries.known_targets(connection, ordinal - 1).items() if n in after}
            return self._changes(connection, (before, ordinal - 1), (after, ordinal))

    def compare_scans(self, before_id: str, after_id: str) -> dict[str, DomainChange]:
        """By domain: what one scan found beside what another found. `new_targets` are those that only the second looked at."""
        with self.read() as connection:
            sides = []
            for scan_id in (before_id, after_id):
                ordinal = self.finished_row(connection, scan_id)["ordinal"]
                sides.append(({n: k for n, (k, _) in queries.looked_at_by(connection, ordinal).items()}, ordinal))
            return self._changes(connection, *sides)

    def _changes(
        self,
        connection: Connection,
        before: tuple[Mapping[int, queries.Known], int],
        after: tuple[Mapping[int, queries.Known], int],
    ) -> dict[str, DomainChange]:
        drift = [queries.drift_by_domain(connection, known, ordinal) for known, ordinal in (before, after)]
        domains = sorted({k.domain for known, _ in (before, after) for k in known.values()})
        changes = {}
        for domain in domains:
            then, now = ([k for k in known.values() if k.domain == domain] for known, _ in (before, after))
            changes[domain] = DomainChange(
                before=queries.totals_of(then),
                after=queries.totals_of(now),
                drift_before=drift[0][domain],
                drift_after=drift[1][domain],
                targets=len(now),
                new_targets=len({k.number for k in now} - {k.number for k in then}),
            )
        return changes

    def news(self, scan_id: str) -> ScanNews:
        """What a finished scan changed. Raises UsageError for any other."""
        with self.read() as connection:
            ordinal = self.finished_row(connection, scan_id)["ordinal"]
            known = {n: k for n, (k, late) in queries.looked_at_by(connection, ordinal).items() if not late}
            before = queries.known_targets(connection, ordinal - 1)
            begun = queries.changed(tables.findings, ordinal)
            findings = [
                (k, row)
                for k, row in queries.rows_of(connection, tables.findings, begun, known)
                if row["same_since"] == row["since"]
            ]
            both = or_(queries.changed(tables.drift, ordinal), queries.ended(tables.drift, ordinal))
            drift = list(queries.rows_of(connection, tables.drift, both, known))
        return ScanNews(
            findings=queries.sorted_findings(queries.finding_of(k, row) for k, row in findings),
            drift=queries.sorted_drift(queries.drift_of(k, row, as_of=ordinal) for k, row in drift),
            new_targets=frozenset(k.target.id for n, k in known.items() if n not in before),
        )

    def failures(self) -> dict[TargetId, Failure]:
        """The targets that the last look at them did not observe, wholly or in part, and why."""
        return {look.target.id: look.failure for look in self.summary().looks if look.failure is not None}

    def summary(self) -> StoreSummary:
        """Counts for metrics: one state of the store."""
        with self.read() as connection:
            rows = (
                connection.execute(select(tables.scans).where(tables.scans.c.state == ScanState.RUNNING.value)).mappings().all()
            )
            scans = dict.fromkeys(ScanState, 0) | queries.scan_counts(connection)
            verdicts = queries.grouped_counts(connection, tables.findings, "verdict", "severity")
            drift = queries.grouped_counts(connection, tables.drift, "kind")
            failures = queries.failures(connection)
            known = [k for k in queries.known_targets(connection, queries.newest(connection)).values() if not k.withdrawn]
        for row in rows:
            if self.state_of(row) is ScanState.INTERRUPTED:
                scans[ScanState.RUNNING] -= 1
                scans[ScanState.INTERRUPTED] += 1
        looks = [
            LastLook(
                target=k.target,
                domain=k.domain,
                looked_at=k.looked_at,
                observed_at=k.observed_at,
                failure=failures.get(k.number),
                verdicts={(Verdict(v), Severity(s)): count for (v, s), count in verdicts[k.number].items()},
                drift={DriftKind(kind): count for (kind,), count in drift[k.number].items()},
            )
            for k in sorted(known, key=lambda k: k.target.id)
        ]
        return StoreSummary(scans=scans, looks=tuple(looks))
