"""One at a time on a device, over all processes and machines: a lease, and a token that only grows.

A router checks no tokens, so the holder checks its own before it acts, and the journal takes no intent with an old one. A
holder whose process is gone is known at once where it ran on this machine; elsewhere only its lease tells.
"""

from __future__ import annotations

import os
import threading
import time
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Self

import structlog
from sqlalchemy import Connection, insert, select, text, update

from luxops.errors import LuxopsError
from luxops.model import Frozen, utc_now
from luxops.store import processes, tables
from luxops.store.errors import StoreError
from luxops.store.pulse import Pulse

if TYPE_CHECKING:
    from luxops.store.intervals import Row
    from luxops.store.scanlog import ScanLog

LEASE = timedelta(seconds=60)
_BEATS = 3
"""Renewals within one lease: two may fail."""


class FenceHeldError(LuxopsError):
    """Another luxops works on the device."""


class FenceLostError(LuxopsError):
    """This luxops may not touch the device any more: its lease has ended, or someone else works on it."""


class HeldFence(Frozen):
    """Who works on a device."""

    device: str
    token: int
    holder: str
    place: str
    """`user@machine, process 123`."""
    since: datetime
    lease_until: datetime


class Fence:
    """The right to touch one device, for as long as the `with` lasts. Made by `take`."""

    def __init__(self, store: ScanLog, device: str, token: int, lease: timedelta, valid_until: float) -> None:
        self.device = device
        self.token = token
        """Higher than that of everyone who held it before."""
        self._store = store
        self._lease = lease
        self._valid_until = valid_until
        self._lost = threading.Event()
        self._pulse = Pulse(f"fence-{device}", lease.total_seconds() / _BEATS, self._beat)

    def __enter__(self) -> Self:
        self._pulse.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()

    def check(self) -> None:
        """Call it before each thing that is sent. Raises FenceLostError. Asks nobody: the lease is renewed meanwhile."""
        if self._lost.is_set() or _boot_seconds() >= self._valid_until:
            raise FenceLostError(
                f"The right to work on {self.device} was lost",
                why="its lease ended without being renewed, or another luxops has taken it",
                remedy=f"Nothing more was sent. `luxops changes` tells who works on {self.device}; then start again.",
            )

    def renew(self) -> None:
        """Prolong the lease now. Raises FenceLostError where someone else has taken it, StoreError where it cannot tell."""
        asked = _boot_seconds()
        table = tables.fences
        with self._store.write() as connection:
            until = _clock(connection) + self._lease
            mine = (table.c.device == self.device) & (table.c.token == self.token) & table.c.released.is_(None)
            kept = connection.execute(update(table).where(mine).values(lease_until=until)).rowcount
        if not kept:
            self._lost.set()
            self.check()
        self._valid_until = asked + self._lease.total_seconds()

    def release(self) -> None:
        """Give it back. Where the store is away it is told in the log: the lease then ends by itself."""
        self._pulse.stop()
        self._lost.set()
        table = tables.fences
        try:
            with self._store.write() as connection:
                mine = (table.c.device == self.device) & (table.c.token == self.token) & table.c.released.is_(None)
                connection.execute(update(table).where(mine).values(released=_clock(connection)))
        except StoreError as error:
            structlog.get_logger().warning("fence.released-later", device=self.device, why=error.why)

    def _beat(self) -> None:
        if self._lost.is_set():
            return
        try:
            self.renew()
        except FenceLostError as error:
            structlog.get_logger().error("fence.lost", device=self.device, why=error.why)
        except StoreError as error:
            structlog.get_logger().warning("fence.renewal-failed", device=self.device, why=error.why)


def take(store: ScanLog, device: str, holder: str, lease: timedelta = LEASE) -> Fence:
    """The fence of a device; use it in a `with`. `holder`: for what, in words that another person understands.

    Raises FenceHeldError, which says who has it and since when.
    """
    asked = _boot_seconds()
    table = tables.fences
    with store.write() as connection:
        row = connection.execute(select(table).where(table.c.device == device)).mappings().first()
        now = _clock(connection)
        if row is not None:
            _refuse_held(row, now)
        token = 1 if row is None else row["token"] + 1
        values = {
            "token": token, "holder": holder, "place": _place(), "machine": processes.this_machine(),
            "process": processes.this_process(), "since": now, "lease_until": now + lease, "released": None,
        }  # fmt: skip
        if row is None:
            connection.execute(insert(table).values(device=device, **values))
        else:
            connection.execute(update(table).where(table.c.device == device).values(values))
    return Fence(store, device, token, lease, asked + lease.total_seconds())


def held(store: ScanLog) -> list[HeldFence]:
    """Who works on what now, by device. Those whose holder is gone are left out."""
    table = tables.fences
    with store.read() as connection:
        rows = connection.execute(select(table).where(table.c.released.is_(None)).order_by(table.c.device)).mappings().all()
        now = _clock(connection)
    names = HeldFence.model_fields
    return [HeldFence.model_validate({name: row[name] for name in names}) for row in rows if _is_held(row, now)]


def check_token(connection: Connection, device: str, token: int) -> None:
    """Inside a writer's transaction: raises FenceLostError where the token is not the one that holds now."""
    table = tables.fences
    row = connection.execute(select(table).where(table.c.device == device)).mappings().first()
    if row is None or row["token"] != token or row["released"] is not None:
        now_held = f"it is held by {row['holder']} ({row['place']})" if row and row["released"] is None else "it was given back"
        raise FenceLostError(
            f"The right to work on {device} was lost", why=f"token {token} counts no more: {now_held}",
            remedy="Nothing was written down for it. Look with `luxops changes`, then start again.",
        )  # fmt: skip


def _is_held(row: Row, now: datetime) -> bool:
    if row["released"] is not None:
        return False
    lives = processes.lives(row["machine"], row["process"])
    return now < row["lease_until"] if lives is None else lives


def _refuse_held(row: Row, now: datetime) -> None:
    if not _is_held(row, now):
        return
    here = processes.lives(row["machine"], row["process"]) is not None
    way_out = (
        "Wait for it. If it hangs, end that process: its right ends with it."
        if here
        else f"Wait for it. If its machine is gone, the right ends at {row['lease_until']:%H:%M:%S} UTC."
    )
    raise FenceHeldError(
        f"{row['device']} is being worked on: {row['holder']}",
        why=f"held by {row['place']} since {row['since']:%Y-%m-%d %H:%M:%S} UTC",
        remedy=f"{way_out} Nothing was sent to {row['device']}.",
    )


def _clock(connection: Connection) -> datetime:
    """The database's: leases of several machines are measured by one clock. An SQLite file has one machine."""
    if connection.dialect.name == "postgresql":
        now: datetime | None = connection.scalar(text("SELECT clock_timestamp()"))
        assert now is not None  # noqa: S101 - a clock always tells
        return now.astimezone(UTC)
    return utc_now()


def _boot_seconds() -> float:
    """Goes on while the machine sleeps, unlike the monotonic clock, and nobody sets it."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _place() -> str:
    return f"{processes.account()}, process {os.getpid()}"
