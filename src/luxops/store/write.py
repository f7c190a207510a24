"""Writing a finished scan's targets: attestations, and the intervals that they end and begin."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, bindparam, select, update

from luxops.model import Digest, Drift, Finding, Scan, Target, TargetId, Totals, digest_of
from luxops.model.base import canonical_json
from luxops.store import tables
from luxops.store.intervals import (
    Changes,
    Ended,
    Look,
    Row,
    SeenFact,
    drift_changes,
    finding_changes,
    observation_changes,
)

_AT_ONCE = 200
"""Targets whose open intervals are held in memory together."""


@dataclass(frozen=True)
class Seen:
    """One target as it will be written. Values are packed, or dropped where the store has them already."""

    target: Target
    domain: str
    facts: tuple[SeenFact, ...]
    findings: tuple[Finding, ...]
    drift: tuple[Drift, ...]
    compared: bool
    looked_at: datetime

    @property
    def whole(self) -> bool:
        """Whether everything asked for was observed."""
        return bool(self.facts) and all(f.failure is None for f in self.facts)

    @property
    def totals(self) -> Totals:
        return Totals.of(self.findings)

    @property
    def digest(self) -> Digest:
        """Over all that was observed: equal digests attest that nothing has changed."""
        return digest_of({f.fact: f.digest for f in self.facts})


def write_targets(
    connection: Connection, ordinal: int, scan: Scan, seen: Sequence[Seen], declared: frozenset[TargetId] | None
) -> None:
    """Inside the transaction that records `scan` as number `ordinal` of history."""
    known = _register(connection, seen)
    for some in _batches(sorted(seen, key=lambda s: s.target.id)):
        _write_some(connection, ordinal, scan, some, known)
    if declared is not None:
        gone = [row for target, row in known.items() if target not in declared and not row["withdrawn"]]
        _withdraw(connection, ordinal, scan, gone)


def _batches(seen: Sequence[Seen]) -> Iterator[Sequence[Seen]]:
    for start in range(0, len(seen), _AT_ONCE):
        yield seen[start : start + _AT_ONCE]


def _register(connection: Connection, seen: Sequence[Seen]) -> dict[TargetId, Row]:
    """All targets that the store knows, with those of this scan among them."""
    table = tables.targets
    known = set(connection.scalars(select(table.c.id)))
    new = [{"id": s.target.id, "withdrawn": False} for s in seen if s.target.id not in known]
    if new:
        connection.execute(table.insert(), new)
    return {row["id"]: row for row in connection.execute(select(table)).mappings()}


def _attributes(connection: Connection, some: Sequence[Seen]) -> dict[TargetId, int]:
    """Each target's row of what is declared of it, written once however often it is seen."""
    table = tables.attributes
    declared = {s.target.id: {"domain": s.domain, "target": s.target.model_dump(mode="json")} for s in some}
    digests = {target: digest_of(content) for target, content in declared.items()}
    there = set(connection.scalars(select(table.c.digest).where(table.c.digest.in_(digests.values()))))
    new = [{"digest": digests[t], "content": canonical_json(c)} for t, c in declared.items() if digests[t] not in there]
    if new:
        connection.execute(table.insert(), new)
    rows = connection.execute(select(table.c.digest, table.c.number).where(table.c.digest.in_(digests.values())))
    numbers = {row.digest: row.number for row in rows}
    return {target: numbers[digest] for target, digest in digests.items()}


def _open(connection: Connection, table: Table, targets: Iterable[int]) -> dict[int, list[Row]]:
    opened: dict[int, list[Row]] = defaultdict(list)
    query = select(table).where(table.c.target.in_(list(targets)), table.c.until_scan.is_(None)).order_by(table.c.number)
    for row in connection.execute(query).mappings():
        opened[row["target"]].append(row)
    return opened


def _write_some(connection: Connection, ordinal: int, scan: Scan, some: Sequence[Seen], known: dict[TargetId, Row]) -> None:
    intervals = (tables.observations, tables.findings, tables.drift)
    numbers = [known[s.target.id]["number"] for s in some]
    opened = {table.name: _open(connection, table, numbers) for table in intervals}
    changes = {table.name: Changes() for table in intervals}
    pointers = []
    for one in some:
        row = known[one.target.id]
        late = row["looked_at"] is not None and row["looked_at"] > one.looked_at
        look = _look(row, one, ordinal, scan)
        # A newer look is recorded already: what this one saw stands beside history, compared with nothing.
        before = {name: [] if late else rows[row["number"]] for name, rows in opened.items()}
        for name, change in (
            ("observations", observation_changes(before["observations"], one.facts, look)),
            ("findings", finding_changes(before["findings"], one.findings, look)),
            ("drift", drift_changes(before["drift"], one.drift, look, compared=one.compared)),
        ):
            changes[name].ended += change.ended
            changes[name].begun += [_aside(begun) for begun in change.begun] if late else change.begun
        if not late:
            pointers.append(_pointer(row, one, scan))
    for table in intervals:
        _apply(connection, table, changes[table.name])
    if pointers:
        connection.execute(update(tables.targets).where(tables.targets.c.number == bindparam("row")), pointers)
    _attest(connection, ordinal, some, known)


def _look(row: Row, one: Seen, ordinal: int, scan: Scan) -> Look:
    return Look(
        target=row["number"],
        scan=ordinal,
        at=one.looked_at,
        previous=row["looked_at"],
        previous_compared=row["compared_at"],
        policies=scan.policy_digest,
        previous_policies=row["policy_digest"],
        same_declaration=row["compared_inventory"] in {None, scan.inventory_digest},
    )


def _aside(begun: dict[str, Any]) -> dict[str, Any]:
    """An interval of this scan alone."""
    return {**begun, "until_scan": begun["since_scan"], "until": begun["since"], "ended": Ended.CHANGED.value}


def _pointer(row: Row, one: Seen, scan: Scan) -> dict[str, Any]:
    return {
        "row": row["number"],
        "looked_at": one.looked_at,
        "compared_at": one.looked_at if one.compared else row["compared_at"],
        "policy_digest": scan.policy_digest,
        "compared_inventory": scan.inventory_digest if one.compared else row["compared_inventory"],
        "withdrawn": False,
    }


def _apply(connection: Connection, table: Table, changes: Changes) -> None:
    if changes.ended:
        connection.execute(update(table).where(table.c.number == bindparam("row")), changes.ended)
    if changes.begun:
        connection.execute(table.insert(), changes.begun)


def _attest(connection: Connection, ordinal: int, some: Sequence[Seen], known: dict[TargetId, Row]) -> None:
    attributes = _attributes(connection, some)
    rows = []
    for one in some:
        row, totals = known[one.target.id], one.totals
        rows.append(
            {
                "target": row["number"],
                "scan": ordinal,
                "attributes": attributes[one.target.id],
                "looked_at": one.looked_at,
                "whole": one.whole,
                "compared": one.compared,
                "late": row["looked_at"] is not None and row["looked_at"] > one.looked_at,
                "passed": totals.PASS,
                "failed": totals.FAIL,
                "unknown": totals.UNKNOWN,
                "not_applicable": totals.NOT_APPLICABLE,
                "waived": totals.WAIVED,
                "drift": len(one.drift),
                "digest": one.digest,
            }
        )
    connection.execute(tables.attestations.insert(), rows)


def _withdraw(connection: Connection, ordinal: int, scan: Scan, gone: Sequence[Row]) -> None:
    """Targets that the inventory no longer declares: what they were ends, and nothing of it was fixed."""
    for row in gone:
        for table, confirmed in (
            (tables.observations, row["looked_at"]),
            (tables.findings, row["looked_at"]),
            (tables.drift, row["compared_at"]),
        ):
            connection.execute(
                update(table)
                .where(table.c.target == row["number"], table.c.until_scan.is_(None))
                .values(until_scan=ordinal, until=scan.started, confirmed=confirmed, ended=Ended.WITHDRAWN.value)
            )
        connection.execute(update(tables.targets).where(tables.targets.c.number == row["number"]).values(withdrawn=True))
