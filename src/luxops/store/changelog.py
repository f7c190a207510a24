"""The journal of changes: the intent is written before each step, and its effect as soon as it is known."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import structlog
from sqlalchemy import Connection, insert, select, update

from luxops.errors import LuxopsError, UsageError, did_you_mean
from luxops.model import Digest, utc_now
from luxops.model.change import Change, ChangeEffect, ChangeId, ChangeIntent, ChangeState, Override
from luxops.store import fences, processes, tables
from luxops.store.errors import StoreError
from luxops.store.pulse import Pulse

if TYPE_CHECKING:
    from luxops.store.intervals import Row
    from luxops.store.scanlog import ScanLog

BEAT = timedelta(minutes=1)
SILENCE = timedelta(minutes=10)
"""A running change of another machine that has not said for so long that it lives is taken as interrupted."""


class ChangeTakenError(LuxopsError):
    """The change is being carried out already, is over, or was taken up by someone else."""


def new_change_id() -> ChangeId:
    """Sorts by time."""
    return ChangeId(f"{utc_now():%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}")


class ChangeLog:
    """What luxops has changed. Safe to use from several processes at once; every method raises StoreError where it cannot."""

    def __init__(self, store: ScanLog, person: str = "") -> None:
        """`person`: who says to be asking, by id; empty where nobody was named."""
        self._store = store
        self._person = person

    def begin(self, domain: str, title: str, plan: Digest, override: Override | None = None) -> ChangeRecord:
        """Write down what is about to be done; use the record in a `with`."""
        return self.carry_out(
            Change(
                id=new_change_id(), domain=domain, title=title, plan=plan, requested_by=processes.account(),
                person=self._person, state=ChangeState.PLANNED, override=override,
            )
        )  # fmt: skip

    def carry_out(self, change: Change, *, settle: bool = False) -> ChangeRecord:
        """Begin a change under the id it has, or take up one that was interrupted; use the record in a `with`.

        `settle`: take up only to write down what came of it; no intent is taken any more. Raises ChangeTakenError where it is
        being carried out or is over.
        """
        table, now = tables.changes, utc_now()
        own = {"machine": processes.this_machine(), "process": processes.this_process(), "heartbeat": now}
        with self._store.write() as connection:
            row = connection.execute(select(table).where(table.c.id == change.id)).mappings().first()
            if row is not None:
                _refuse_taken(row)
                again = {"state": ChangeState.RUNNING.value, "ended": None, **own}
                connection.execute(update(table).where(table.c.number == row["number"]).values(again))
                taken_up = {"change": row["number"], "subject": "", "action": "settle" if settle else "resume"}
                values = {**taken_up, "outcome": "done", "detail": f"taken up by {processes.account()}", "at": now}
                connection.execute(insert(tables.effects).values(values))
                began, number = row["began"], int(row["number"])
            else:
                began, number = now, _inserted(connection, change.model_copy(update={"began": now}), own)
        running = change.model_copy(update={"began": began, "state": ChangeState.RUNNING})
        return ChangeRecord(self._store, running, number, may_act=not settle)

    def changes(self, limit: int = 20) -> list[Change]:
        """The newest first, without their intents and effects."""
        table = tables.changes
        with self._store.read() as connection:
            rows = connection.execute(select(table).order_by(table.c.number.desc()).limit(limit)).mappings().all()
        return [_change(row) for row in rows]

    def change(self, change_id: str) -> Change:
        """One, with all its intents and effects. Raises UsageError for an unknown id."""
        with self._store.read() as connection:
            found = self.find(connection, change_id)
            if found is None:
                known = list(connection.scalars(select(tables.changes.c.id).order_by(tables.changes.c.number.desc()).limit(50)))
                raise unknown_change(change_id, known)
        return found

    def state(self, connection: Connection, change_id: str) -> ChangeState | None:
        """Where a change stands now; None for one that was not begun."""
        row = connection.execute(select(tables.changes).where(tables.changes.c.id == change_id)).mappings().first()
        return None if row is None else _state(row)

    def find(self, connection: Connection, change_id: str) -> Change | None:
        """As `change`, inside a transaction; None for one that was not begun."""
        table = tables.changes
        row = connection.execute(select(table).where(table.c.id == change_id)).mappings().first()
        if row is None:
            return None
        intents, effects = _steps(connection, int(row["number"]))
        return _change(row).model_copy(update={"intents": intents, "effects": effects})


class ChangeRecord:
    """One change under way. Left without `end`, it is interrupted."""

    def __init__(self, store: ScanLog, change: Change, number: int, *, may_act: bool = True) -> None:
        self.change = change
        self._store = store
        self._number = number
        self._may_act = may_act
        self._ended = False
        self._pulse = Pulse(f"change-{change.id}", BEAT.total_seconds(), self._beat)

    def __enter__(self) -> Self:
        self._pulse.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if not self._ended:
            self.end(ChangeState.INTERRUPTED)

    def intent(self, subject: str, action: str, token: int | None = None) -> None:
        """Write down what is about to be done, before the subject is touched.

        `token`: of the fence that is held on the subject. Raises FenceLostError where it is not the one that holds now, and
        ChangeTakenError where another luxops has taken this change up.
        """
        if not self._may_act:
            raise UsageError(f"Change {self.change.id} was taken up to be settled: nothing is done for it any more")
        with self._store.write() as connection:
            self._check_own(connection)
            if token is not None:
                fences.check_token(connection, subject, token)
            values = {"change": self._number, "subject": subject, "action": action, "token": token, "at": utc_now()}
            connection.execute(insert(tables.intents).values(values))

    def effect(self, effect: ChangeEffect) -> None:
        """Write down what has just been done. It closes all intents for the same subject that came before it."""
        table = tables.intents
        newest = select(table.c.number).where(table.c.change == self._number, table.c.subject == effect.subject)
        with self._store.write() as connection:
            intent = connection.scalar(newest.order_by(table.c.number.desc()).limit(1))
            values = effect.model_dump() | {"change": self._number, "intent": intent, "at": effect.at or utc_now()}
            connection.execute(insert(tables.effects).values(values))

    def journal(self) -> tuple[Sequence[ChangeIntent], Sequence[ChangeEffect]]:
        """What was written down so far, oldest first, by earlier runs too. An open intent: look before you act."""
        with self._store.read() as connection:
            return _steps(connection, self._number)

    def end(self, state: ChangeState) -> None:
        """Say how it went. Raises ChangeTakenError, and writes nothing, where another luxops has taken this change up."""
        self._ended = True
        self._pulse.stop()
        with self._store.write() as connection:
            self._check_own(connection)
            table = tables.changes
            values = {"state": state.value, "ended": utc_now()}
            connection.execute(update(table).where(table.c.number == self._number).values(values))

    def _check_own(self, connection: Connection) -> None:
        table = tables.changes
        row = connection.execute(select(table).where(table.c.number == self._number)).mappings().one()
        if (row["machine"], row["process"]) != (processes.this_machine(), processes.this_process()):
            raise ChangeTakenError(
                f"Change {self.change.id} was taken up by another luxops",
                why="this one had not said for a while that it lives",
                remedy=f"Look at it with `luxops changes {self.change.id}`.",
            )

    def _beat(self) -> None:
        table = tables.changes
        own = (table.c.machine == processes.this_machine()) & (table.c.process == processes.this_process())
        try:
            with self._store.write() as connection:
                connection.execute(update(table).where(table.c.number == self._number, own).values(heartbeat=utc_now()))
        except StoreError as error:
            structlog.get_logger().warning("change.heartbeat-failed", change=self.change.id, why=error.why)


def unknown_change(change_id: str, known: list[str]) -> UsageError:
    """`known`: ids to take the nearest from."""
    near = did_you_mean(change_id, known)
    return UsageError(f"There is no change `{change_id}`{near}", remedy="`luxops changes` lists them.")


def _inserted(connection: Connection, change: Change, own: dict[str, Any]) -> int:
    columns = {
        **change.model_dump(include={"id", "domain", "title", "plan", "requested_by", "began", "emergency"}),
        "person": change.person or None,
        "state": ChangeState.RUNNING.value,
        "overridden": None if change.override is None else json.dumps(change.override.model_dump()),
        **own,
    }
    number = connection.execute(insert(tables.changes).values(columns)).inserted_primary_key
    assert number is not None  # noqa: S101 - one row was inserted
    return int(number[0])


def _refuse_taken(row: Row) -> None:
    state = _state(row)
    if state is ChangeState.INTERRUPTED:
        return
    if state is ChangeState.RUNNING:
        number = row["process"].partition("@")[0]
        why = f"by {row['requested_by']}, process {number}, since {row['began']:%Y-%m-%d %H:%M:%S} UTC"
        raise ChangeTakenError(f"Change {row['id']} is being carried out", why=why, remedy="Wait for it.")
    raise ChangeTakenError(
        f"Change {row['id']} is over: {state}",
        why="a change has its effect once",
        remedy="Plan again: what is still to be done becomes a change of its own.",
    )


def _steps(connection: Connection, number: int) -> tuple[tuple[ChangeIntent, ...], tuple[ChangeEffect, ...]]:
    intents, effects = tables.intents, tables.effects
    done = connection.execute(select(effects).where(effects.c.change == number).order_by(effects.c.number)).mappings().all()
    meant = connection.execute(select(intents).where(intents.c.change == number).order_by(intents.c.number)).mappings().all()
    closed: dict[str, int] = {row["subject"]: row["intent"] for row in done if row["intent"] is not None}
    return (
        tuple(
            ChangeIntent(**_only(row, "subject", "action", "token", "at"), open=row["number"] > closed.get(row["subject"], 0))
            for row in meant
        ),
        tuple(ChangeEffect.model_validate(_only(row, *ChangeEffect.model_fields)) for row in done),
    )


def _only(row: Row, *names: str) -> dict[str, Any]:
    return {name: row[name] for name in names}


def _state(row: Row) -> ChangeState:
    """As it is now: a running change whose process is gone is interrupted."""
    state = ChangeState(row["state"])
    if state is not ChangeState.RUNNING:
        return state
    lives = processes.lives(row["machine"], row["process"])
    if lives is None:
        lives = utc_now() - (row["heartbeat"] or row["began"]) <= SILENCE
    return ChangeState.RUNNING if lives else ChangeState.INTERRUPTED


def _change(row: Row) -> Change:
    override = None if row["overridden"] is None else Override.model_validate(json.loads(row["overridden"]))
    names = ("id", "domain", "title", "plan", "requested_by", "emergency", "began", "ended")
    return Change(**_only(row, *names), person=row["person"] or "", state=_state(row), override=override)
