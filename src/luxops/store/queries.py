"""Queries: the state as of a scan. `ordinal` is a place in history; the newest is the present."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Select, Table, and_, func, or_, select

from luxops.model import Drift, Failure, FailureReason, Finding, ScanState, Target, Totals, Verdict
from luxops.store import tables
from luxops.store.intervals import Row
from luxops.store.views import RecordedDrift, RecordedFinding, RecordedObservation

_FEW = 500
"""Up to so many targets are named in a query; beyond that it reads all, and what is not asked for is passed over."""


@dataclass(frozen=True)
class Known:
    """One target as of a place in history."""

    number: int
    target: Target
    domain: str
    looked_at: datetime
    observed_at: datetime | None
    compared_at: datetime | None
    withdrawn: bool
    counts: Row
    """The attestation of its last look."""


def newest(connection: Connection, at: datetime | None = None) -> int:
    """The ordinal of the last scan recorded (by `at`); 0 where there is none."""
    scans = tables.scans
    query = select(func.max(scans.c.ordinal))
    if at is not None:
        query = query.where(scans.c.finished <= at)
    return connection.scalar(query) or 0


def known_targets(connection: Connection, ordinal: int) -> dict[int, Known]:
    """All targets looked at by then, by number, with their last look."""
    looks, whole, compared = tables.attestations, tables.attestations.alias(), tables.attestations.alias()
    query = (
        select(
            tables.targets.c.withdrawn,
            tables.attributes.c.content,
            looks,
            whole.c.looked_at.label("observed_at"),
            compared.c.looked_at.label("compared_at"),
        )
        .select_from(tables.targets)
        .join(looks, _last(looks, ordinal))
        .join(tables.attributes, tables.attributes.c.number == looks.c.attributes)
        .outerjoin(whole, _last(whole, ordinal, "whole"))
        .outerjoin(compared, _last(compared, ordinal, "compared"))
    )
    return {row["target"]: _known(row) for row in connection.execute(query).mappings()}


def _last(joined: FromClause, ordinal: int, flag: str | None = None) -> ColumnElement[bool]:
    """That `joined` is a target's last look by then, of those with the flag."""
    inner = tables.attestations.alias()
    conditions = [inner.c.target == tables.targets.c.number, inner.c.scan <= ordinal, inner.c.late.is_(False)]
    if flag is not None:
        conditions.append(inner.c[flag].is_(True))
    last = select(inner.c.scan).where(*conditions).order_by(inner.c.scan.desc()).limit(1).correlate(tables.targets)
    return and_(joined.c.target == tables.targets.c.number, joined.c.scan == last.scalar_subquery())


def looked_at_by(connection: Connection, ordinal: int) -> dict[int, tuple[Known, bool]]:
    """The targets of one scan, by number, and whether its look came late. `compared_at` is as of that scan."""
    present = known_targets(connection, ordinal)
    query = (
        select(tables.targets.c.withdrawn, tables.attributes.c.content, tables.attestations)
        .select_from(tables.attestations)
        .join(tables.targets, tables.targets.c.number == tables.attestations.c.target)
        .join(tables.attributes, tables.attributes.c.number == tables.attestations.c.attributes)
        .where(tables.attestations.c.scan == ordinal)
    )
    found = {}
    for row in connection.execute(query).mappings():
        late = bool(row["late"])
        own = {"observed_at": row["looked_at"] if row["whole"] else None, "compared_at": row["looked_at"]}
        before = present.get(row["target"])
        if not late and before is not None:
            own = {"observed_at": before.observed_at, "compared_at": before.compared_at}
        found[row["target"]] = _known({**row, **own}), late
    return found


def _known(row: Row) -> Known:
    declared = json.loads(row["content"])
    return Known(
        number=row["target"],
        target=Target.model_validate(declared["target"]),
        domain=declared["domain"],
        looked_at=row["looked_at"],
        observed_at=row["observed_at"],
        compared_at=row["compared_at"],
        withdrawn=row["withdrawn"],
        counts=row,
    )


def held(table: Table, ordinal: int, *, present: bool = False) -> ColumnElement[bool]:
    """Which intervals hold at a place in history; `present`: it is the newest."""
    if present:
        return table.c.until_scan.is_(None)
    return and_(table.c.since_scan <= ordinal, or_(table.c.until_scan.is_(None), table.c.until_scan > ordinal))


def changed(table: Table, ordinal: int) -> ColumnElement[bool]:
    """The intervals that began with one scan and still hold."""
    return and_(table.c.since_scan == ordinal, or_(table.c.until_scan.is_(None), table.c.until_scan > ordinal))


def ended(table: Table, ordinal: int) -> ColumnElement[bool]:
    """The intervals that one scan ended."""
    return and_(table.c.until_scan == ordinal, table.c.since_scan < ordinal)


def aside(table: Table, ordinal: int) -> ColumnElement[bool]:
    """The intervals of one late look."""
    return and_(table.c.since_scan == ordinal, table.c.until_scan == ordinal)


def rows_of(
    connection: Connection, table: Table, condition: ColumnElement[bool], targets: Mapping[int, Known]
) -> Iterable[tuple[Known, Row]]:
    """Intervals of the given targets, in the order of writing."""
    query: Select[Any] = select(table).where(condition).order_by(table.c.number)
    if len(targets) <= _FEW:
        query = query.where(table.c.target.in_(list(targets)))
    for row in connection.execute(query).mappings():
        if row["target"] in targets:
            yield targets[row["target"]], row


def finding_of(known: Known, row: Row) -> RecordedFinding:
    """The finding as it was recorded, with its history."""
    finding = Finding(
        policy=row["policy"],
        target=known.target.id,
        verdict=row["verdict"],
        severity=row["severity"],
        evidence=row["evidence"],
        **json.loads(row["content"]),
    )
    return RecordedFinding(
        finding=finding,
        domain=known.domain,
        since=row["same_since"],
        failing_since=row["failing_since"],
        fixed_at=row["fixed_at"],
        last_seen=known.looked_at,
    )


def stale(recorded: RecordedFinding, limit: datetime) -> RecordedFinding:
    """UNKNOWN where the target was last looked at before `limit`: what was true then may not be now."""
    if recorded.last_seen >= limit:
        return recorded
    reason = f"{FailureReason.STALE}: last looked at {recorded.last_seen:%Y-%m-%d %H:%M:%S} UTC"
    finding = recorded.finding.model_copy(update={"verdict": Verdict.UNKNOWN, "reason": reason, "actual": None})
    return recorded.model_copy(update={"finding": finding})


def drift_of(known: Known, row: Row, *, as_of: int) -> RecordedDrift:
    """The difference with its history, as it stood at `as_of`: an end that came later is not told."""
    content = json.loads(row["content"])
    drift = Drift(target=known.target.id, domain=known.domain, kind=row["kind"], severity=row["severity"], **content)
    ended = row["until_scan"] is not None and row["since_scan"] < row["until_scan"] <= as_of
    verified = row["confirmed"] if ended else known.compared_at
    return RecordedDrift(
        drift=drift,
        since=row["since"],
        drifting_since=row["drifting_since"],
        until=row["until"] if ended else None,
        ended=row["ended"] if ended else "",
        verified_at=max(row["since"], verified or row["since"]),
    )


def observations_of(connection: Connection, known: Known, ordinal: int, *, present: bool) -> tuple[RecordedObservation, ...]:
    """The last observation of each fact, by name."""
    table = tables.observations
    found = []
    for _, row in rows_of(connection, table, held(table, ordinal, present=present), {known.number: known}):
        failure = None if row["failure"] is None else Failure.model_validate_json(row["failure"])
        seen = known.looked_at if failure is None else _last_value(connection, known, row["fact"], ordinal)
        found.append(
            RecordedObservation(
                fact=row["fact"], digest=row["digest"], failure=failure, since=row["since"], last_seen=known.looked_at,
                value_seen=seen,
            )
        )  # fmt: skip
    return tuple(sorted(found, key=lambda o: o.fact))


def _last_value(connection: Connection, known: Known, fact: str, ordinal: int) -> datetime | None:
    table = tables.observations
    return connection.scalar(
        select(table.c.confirmed)
        .where(
            table.c.target == known.number,
            table.c.fact == fact,
            table.c.failure.is_(None),
            table.c.until_scan > table.c.since_scan,
            table.c.until_scan <= ordinal,
        )
        .order_by(table.c.until_scan.desc())
        .limit(1)
    )


def sorted_findings(findings: Iterable[RecordedFinding]) -> tuple[RecordedFinding, ...]:
    """Worst severity first, then target, then policy."""
    return tuple(sorted(findings, key=lambda r: (r.finding.severity.rank, r.finding.target, r.finding.policy)))


def sorted_drift(drift: Iterable[RecordedDrift]) -> tuple[RecordedDrift, ...]:
    """Worst severity first, then target, path, kind and content; an earlier interval before a later one."""

    def place(recorded: RecordedDrift) -> tuple[Any, ...]:
        d = recorded.drift
        return d.severity.rank, d.target, d.path, d.kind, d.desired or "", d.actual or "", recorded.since

    return tuple(sorted(drift, key=place))


def grouped_counts(connection: Connection, table: Table, *columns: str) -> dict[int, Counter[tuple[str, ...]]]:
    """Target number → how many open intervals there are for each combination of values of `columns`."""
    chosen = [table.c[name] for name in columns]
    query = select(table.c.target, *chosen, func.count()).where(table.c.until_scan.is_(None)).group_by(table.c.target, *chosen)
    counts: dict[int, Counter[tuple[str, ...]]] = defaultdict(Counter)
    for target, *values, count in connection.execute(query):
        counts[target][tuple(values)] = count
    return counts


def failures(connection: Connection) -> dict[int, Failure]:
    """Target number → the first failure of its last look."""
    table = tables.observations
    query = (
        select(table.c.target, table.c.failure)
        .where(table.c.until_scan.is_(None), table.c.failure.is_not(None))
        .order_by(table.c.number.desc())
    )
    return {target: Failure.model_validate_json(failure) for target, failure in connection.execute(query)}


def scan_counts(connection: Connection) -> dict[ScanState, int]:
    """As the rows say; a running scan may be over."""
    table = tables.scans
    query = select(table.c.state, func.count()).group_by(table.c.state)
    return {ScanState(state): count for state, count in connection.execute(query)}


def totals_of(known: Iterable[Known]) -> Totals:
    """Sums of what the attestations counted."""
    counts = Counter[str]()
    for one in known:
        for verdict, column in _COUNTED.items():
            counts[verdict] += one.counts[column]
    return Totals(**counts)


_COUNTED = {"PASS": "passed", "FAIL": "failed", "UNKNOWN": "unknown", "NOT_APPLICABLE": "not_applicable", "WAIVED": "waived"}


def drift_by_domain(connection: Connection, known: Mapping[int, Known], ordinal: int) -> Counter[str]:
    """Differences open at a place in history, those that a look could not verify among them. A late look counts its own."""
    counts = Counter[str]()
    late = {number for number, one in known.items() if one.counts["late"]}
    for number in late:
        counts[known[number].domain] += known[number].counts["drift"]
    for one, _ in rows_of(
        connection, tables.drift, held(tables.drift, ordinal), {n: k for n, k in known.items() if n not in late}
    ):
        counts[one.domain] += 1
    return counts
