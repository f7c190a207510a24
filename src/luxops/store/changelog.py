"""The journal of changes: the intent is written before the first step, and each effect as soon as it is known."""

from __future__ import annotations

import getpass
import json
import secrets
import socket
from types import TracebackType
from typing import TYPE_CHECKING, Self

from sqlalchemy import insert, select, update

from luxops.errors import UsageError, did_you_mean
from luxops.model import Digest, utc_now
from luxops.model.change import Change, ChangeEffect, ChangeId, ChangeState, Override
from luxops.store import processes, tables

if TYPE_CHECKING:
    from luxops.store.intervals import Row
    from luxops.store.scanlog import ScanLog


class ChangeLog:
    """What luxops has changed. Safe to use from several processes at once; every method raises StoreError where it cannot."""

    def __init__(self, store: ScanLog) -> None:
        self._store = store

    def begin(self, domain: str, title: str, plan: Digest, override: Override | None = None) -> ChangeRecord:
        """Write down what is about to be done; use the record in a `with`."""
        began = utc_now()
        change = Change(
            id=ChangeId(f"{began:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"),
            domain=domain,
            title=title,
            plan=plan,
            requested_by=f"{getpass.getuser()}@{socket.gethostname()}",
            began=began,
            state=ChangeState.RUNNING,
            override=override,
        )
        columns = {
            **change.model_dump(include={"id", "domain", "title", "plan", "requested_by", "began"}),
            "state": change.state.value,
            "overridden": None if override is None else json.dumps(override.model_dump()),
            "machine": processes.this_machine(),
            "process": processes.this_process(),
        }
        with self._store.write() as connection:
            number = connection.execute(insert(tables.changes).values(columns)).inserted_primary_key
        assert number is not None  # noqa: S101 - one row was inserted
        return ChangeRecord(self._store, change, int(number[0]))

    def changes(self, limit: int = 20) -> list[Change]:
        """The newest first, without their effects."""
        table = tables.changes
        with self._store.read() as connection:
            rows = connection.execute(select(table).order_by(table.c.number.desc()).limit(limit)).mappings().all()
        return [_change(row) for row in rows]

    def change(self, change_id: str) -> Change:
        """One, with all its effects. Raises UsageError for an unknown id."""
        table, effects = tables.changes, tables.effects
        with self._store.read() as connection:
            row = connection.execute(select(table).where(table.c.id == change_id)).mappings().first()
            if row is None:
                known = list(connection.scalars(select(table.c.id).order_by(table.c.number.desc()).limit(50)))
                near = did_you_mean(change_id, known)
                raise UsageError(f"There is no change `{change_id}`{near}", remedy="`luxops changes` lists them.")
            query = select(effects).where(effects.c.change == row["number"]).order_by(effects.c.number)
            found = connection.execute(query).mappings().all()
        names = ChangeEffect.model_fields
        steps = tuple(ChangeEffect.model_validate({name: effect[name] for name in names}) for effect in found)
        return _change(row).model_copy(update={"effects": steps})


class ChangeRecord:
    """One change under way. Left without `end`, it is interrupted."""

    def __init__(self, store: ScanLog, change: Change, number: int) -> None:
        self.change = change
        self._store = store
        self._number = number
        self._ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if not self._ended:
            self.end(ChangeState.INTERRUPTED)

    def effect(self, effect: ChangeEffect) -> None:
        """Write down what has just been done."""
        with self._store.write() as connection:
            connection.execute(insert(tables.effects).values(change=self._number, **effect.model_dump()))

    def end(self, state: ChangeState) -> None:
        """Say how it went."""
        self._ended = True
        with self._store.write() as connection:
            table = tables.changes
            values = {"state": state.value, "ended": utc_now()}
            connection.execute(update(table).where(table.c.number == self._number).values(values))


def _change(row: Row) -> Change:
    state = ChangeState(row["state"])
    if state is ChangeState.RUNNING and processes.lives(row["machine"], row["process"]) is False:
        state = ChangeState.INTERRUPTED
    override = None if row["overridden"] is None else Override.model_validate(json.loads(row["overridden"]))
    names = ("id", "domain", "title", "plan", "requested_by", "began", "ended")
    return Change(**{name: row[name] for name in names}, state=state, override=override)
