"""When a change may be made: windows in local time of Luxembourg, narrowed by the hours in which hospitals must not be touched.

A window is what the clock on the wall shows. In spring one hour never shows: a window within it does not open that day. In
autumn one hour shows twice: a window over it is open both times.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from luxops.errors import LuxopsError
from luxops.federation import Federation

ZONE = "Europe/Luxembourg"
EMERGENCY = "emergency"
"""Id of the windows of emergency changes."""

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY, _WEEK = 24 * 60, 7 * 24 * 60
_MINUTE = timedelta(minutes=1)
_HORIZON = 15 * _DAY
"""Minutes looked ahead: a weekly window that falls into the hour skipped in spring opens a week later."""


@dataclass(frozen=True)
class Calendar:
    """The windows of one kind of change, and what narrows them."""

    opens: tuple[str, ...]
    """`Tue 22:00-24:00`; none: it never opens."""
    avoid: Mapping[str, tuple[str, ...]]
    """Hospital → its care windows."""

    @cached_property
    def _open(self) -> frozenset[int]:
        return minutes_of(self.opens) - frozenset[int]().union(*map(minutes_of, self.avoid.values()))

    def is_open(self, at: datetime) -> bool:
        return _minute_of_week(at) in self._open

    def closed_by(self, at: datetime) -> list[str]:
        """Hospitals whose care windows close what would be open. Empty where no window is open at all."""
        minute = _minute_of_week(at)
        if minute not in minutes_of(self.opens):
            return []
        return [hospital for hospital, windows in self.avoid.items() if minute in minutes_of(windows)]

    def opens_next(self, at: datetime) -> datetime | None:
        """The first moment from `at` on at which it is open; None: not within fifteen days."""
        return self._first(at, is_open=True)

    def closes_next(self, at: datetime) -> datetime | None:
        """The first moment from `at` on at which it is closed; None: it stays open."""
        return self._first(at, is_open=False)

    def _first(self, at: datetime, *, is_open: bool) -> datetime | None:
        if self.is_open(at) is is_open:
            return at
        # Offsets and windows are whole minutes, so nothing opens or closes within one.
        start = at.astimezone(UTC).replace(second=0, microsecond=0)
        moments = (start + n * _MINUTE for n in range(1, _HORIZON + 1))
        return next((moment for moment in moments if self.is_open(moment) is is_open), None)


def calendar(federation: Federation, domain: str, subjects: Sequence[str], *, emergency: bool) -> Calendar:
    """When a change of these subjects may be made.

    The windows are those called like the domain, for an emergency those called `emergency`. The care windows of every
    hospital that a subject serves narrow them: an edge router serves its own, anything else all. An emergency is not
    narrowed: it is made because a hospital is cut off already.
    """
    wanted = EMERGENCY if emergency else domain
    opens = tuple(window for declared in federation.file.change_windows if declared.id == wanted for window in declared.windows)
    if emergency:
        return Calendar(opens, {})
    touched = {h for subject in subjects for h in _hospitals(federation, subject)}
    return Calendar(opens, {h: federation.hospitals[h].care_windows.avoid for h in federation.hospitals if h in touched})


def _hospitals(federation: Federation, subject: str) -> Iterable[str]:
    router = federation.routers.get(subject)
    return federation.hospitals if router is None or router.hospital is None else (router.hospital,)


def minutes_of(windows: Iterable[str]) -> frozenset[int]:
    """Minutes of a week, from Monday 00:00, that are in any window. `Fri-Mon` and `22:00-02:00` go on past the end."""
    minutes: set[int] = set()
    for window in windows:
        days, _, hours = window.partition(" ")
        first, _, last = days.partition("-")
        start, end = (int(h) * 60 + int(m) for h, m in re.findall(r"(\d\d):(\d\d)", hours))
        length = end - start if end > start else end - start + _DAY
        begin = _DAYS.index(first)
        for day in range(begin, begin + (_DAYS.index(last or first) - begin) % 7 + 1):
            minutes.update(minute % _WEEK for minute in range(day * _DAY + start, day * _DAY + start + length))
    return frozenset(minutes)


def local(at: datetime) -> datetime:
    """The same moment as the clock on the wall in Luxembourg shows it."""
    return at.astimezone(_zone())


def _zone() -> ZoneInfo:
    try:
        return ZoneInfo(ZONE)
    except ZoneInfoNotFoundError:
        raise LuxopsError(
            f"This machine does not know the time in {ZONE}",
            why="its time zone data is missing, and without it no window can be told open",
            remedy="Install the package tzdata.",
        ) from None


def _minute_of_week(at: datetime) -> int:
    wall = local(at)
    return wall.weekday() * _DAY + wall.hour * 60 + wall.minute
