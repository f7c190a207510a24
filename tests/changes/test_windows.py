"""Windows in local time: a night in the week, a night in which an hour is skipped, and one in which an hour comes twice."""

from __future__ import annotations

import sys
import zoneinfo
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.drafts import COMPLETE

from luxops.changes.windows import Calendar, calendar, local, minutes_of
from luxops.errors import LuxopsError
from luxops.federation import Federation, load_federation

pytestmark = pytest.mark.slow

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

SPRING = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
"""From 02:00 CET to 03:00 CEST."""
AUTUMN = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)
"""From 03:00 CEST back to 02:00 CET."""

moments = st.datetimes(datetime(2024, 1, 1), datetime(2035, 1, 1)).map(lambda t: t.replace(tzinfo=UTC))  # noqa: DTZ001 - made aware
near_changes = st.builds(
    lambda at, minutes: at + minutes * MINUTE, st.sampled_from([SPRING, AUTUMN]), st.integers(-3 * 1440, 3 * 1440)
)


def wall(at: datetime) -> datetime:
    """Luxembourg's clock by the rule of Directive 2000/84/EC, without any time zone data."""

    def last_sunday(month: int) -> datetime:
        end = datetime(at.year, month, 31, 1, tzinfo=UTC)
        return end - timedelta(days=(end.weekday() + 1) % 7)

    summer = last_sunday(3) <= at < last_sunday(10)
    return at.replace(tzinfo=None) + (2 if summer else 1) * HOUR


@st.composite
def window(draw: st.DrawFn) -> tuple[str, set[tuple[int, int]]]:
    """A window as text, and the (weekday, minute of the day) that it holds, by counting them out."""
    first, last = draw(st.integers(0, 6)), draw(st.integers(0, 6))
    start = draw(st.integers(0, 1439))
    end = draw(st.integers(1, 1440).filter(lambda n: n != start))
    text = f"{DAYS[first]}-{DAYS[last]}" if draw(st.booleans()) or first != last else DAYS[first]
    held = set()
    day = first
    while True:
        if start < end:
            held |= {(day, m) for m in range(start, end)}
        else:
            held |= {(day, m) for m in range(start, 1440)} | {((day + 1) % 7, m) for m in range(end)}
        if day == last:
            break
        day = (day + 1) % 7
    return f"{text} {start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}", held


@given(st.one_of(moments, near_changes))
def test_local_time_is_what_the_clock_shows(at: datetime) -> None:
    assert local(at).replace(tzinfo=None) == wall(at)


@given(window(), window(), st.one_of(moments, near_changes))
@settings(deadline=None)
def test_it_is_open_exactly_while_the_clock_shows_it(
    opens: tuple[str, set[tuple[int, int]]], avoid: tuple[str, set[tuple[int, int]]], at: datetime
) -> None:
    shown = wall(at)
    minute = (shown.weekday(), shown.hour * 60 + shown.minute)
    found = Calendar((opens[0],), {"chl": (avoid[0],)})
    assert found.is_open(at) is (minute in opens[1] and minute not in avoid[1])
    assert found.closed_by(at) == (["chl"] if minute in opens[1] & avoid[1] else [])


@given(window(), window(), st.one_of(moments, near_changes))
@settings(deadline=None, max_examples=60)
def test_the_next_opening_is_the_first(
    opens: tuple[str, set[tuple[int, int]]], avoid: tuple[str, set[tuple[int, int]]], at: datetime
) -> None:
    found = Calendar((opens[0],), {"chl": (avoid[0],)})
    first = found.opens_next(at)
    if first is None:
        assert not any(found.is_open(at + n * MINUTE) for n in range(0, 8 * 1440, 7))
        return
    assert found.is_open(first)
    assert first >= at
    if first > at:
        assert not found.is_open(at)
        assert not found.is_open(first - timedelta(microseconds=1))
        probes = int((first - at) / MINUTE)
        assert not any(found.is_open(at + n * MINUTE) for n in range(0, probes, max(1, probes // 500)))
    closes = found.closes_next(first)
    assert closes is None or (not found.is_open(closes) and found.is_open(closes - timedelta(microseconds=1)))


def open_minutes(found: Calendar, start: datetime, length: timedelta) -> int:
    return sum(found.is_open(start + n * MINUTE) for n in range(int(length / MINUTE)))


@given(moments)
@settings(max_examples=20, deadline=None)
def test_two_hours_on_tuesday_night_are_two_hours_in_every_week(at: datetime) -> None:
    """The clocks change on Sundays: `Tue 22:00-24:00` never loses or gains."""
    assert open_minutes(Calendar(("Tue 22:00-24:00",), {}), at, timedelta(days=7)) in {119, 120}


@pytest.mark.parametrize(
    ("night", "window_", "minutes"),
    [
        (SPRING, "Sun 01:00-05:00", 180), (SPRING - timedelta(days=7), "Sun 01:00-05:00", 240),
        (AUTUMN, "Sun 01:00-05:00", 300), (SPRING, "Sun 02:00-03:00", 0), (AUTUMN, "Sun 02:00-03:00", 120),
        (SPRING, "Sun 02:30-04:00", 60), (AUTUMN, "Sun 02:30-04:00", 120), (SPRING, "Sat 22:00-04:00", 300),
    ],
)  # fmt: skip
def test_the_night_in_which_the_clocks_change(night: datetime, window_: str, minutes: int) -> None:
    assert open_minutes(Calendar((window_,), {}), night - 12 * HOUR, DAY) == minutes


def test_a_window_within_the_skipped_hour_opens_a_week_later() -> None:
    found = Calendar(("Sun 02:00-03:00",), {})
    assert found.opens_next(SPRING - DAY) == datetime(2026, 4, 5, 0, 0, tzinfo=UTC)
    assert found.opens_next(SPRING - 8 * DAY) == datetime(2026, 3, 22, 1, 0, tzinfo=UTC)


def test_a_window_half_within_the_skipped_hour_opens_when_the_clock_jumps_into_it() -> None:
    assert Calendar(("Sun 02:30-04:00",), {}).opens_next(SPRING - HOUR) == SPRING


def test_in_autumn_it_closes_and_opens_again() -> None:
    found = Calendar(("Sun 02:00-02:30",), {})
    first = found.opens_next(AUTUMN - 12 * HOUR)
    assert first == AUTUMN - HOUR
    closes = found.closes_next(first)
    assert closes == AUTUMN - 30 * MINUTE
    assert found.opens_next(closes) == AUTUMN


def test_without_a_window_it_never_opens() -> None:
    assert Calendar((), {}).opens_next(SPRING) is None
    assert Calendar(("Mon-Sun 00:00-24:00",), {"chl": ("Mon-Sun 00:00-24:00",)}).opens_next(SPRING) is None
    assert Calendar(("Mon-Sun 00:00-24:00",), {}).closes_next(SPRING) is None
    assert len(minutes_of(["Mon-Sun 00:00-24:00"])) == 7 * 1440


@pytest.fixture(scope="module")
def everyone() -> Federation:
    return load_federation(COMPLETE)


def test_care_windows_narrow_those_whom_a_change_touches(everyone: Federation) -> None:
    edge = calendar(everyone, "network", ["chl-edge1"], emergency=False)
    assert edge.opens == ("Tue 22:00-24:00", "Thu 22:00-24:00")
    assert edge.avoid == {"chl": ("Mon-Fri 06:00-20:00",)}
    core = calendar(everyone, "network", ["dc1-core1"], emergency=False)
    assert core.avoid.keys() == everyone.hospitals.keys()
    assert calendar(everyone, "network", ["a stranger"], emergency=False).avoid == core.avoid
    assert calendar(everyone, "network", ["chl-edge1", "hrs-edge1"], emergency=False).avoid.keys() == {"chl", "hrs"}


def test_an_emergency_is_not_narrowed(everyone: Federation) -> None:
    found = calendar(everyone, "network", ["chl-edge1"], emergency=True)
    assert found.is_open(datetime(2026, 3, 4, 10, 0, tzinfo=UTC))
    assert found.avoid == {}


def test_every_window_of_the_complete_example_opens_for_a_core(everyone: Federation) -> None:
    assert calendar(everyone, "network", ["dc1-core1"], emergency=False).opens_next(SPRING) == datetime(
        2026, 3, 31, 20, tzinfo=UTC
    )


def test_without_time_zone_data_no_window_is_open(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    zoneinfo.ZoneInfo.clear_cache()
    with monkeypatch.context() as patched:
        patched.setattr(zoneinfo, "TZPATH", ())
        zoneinfo.reset_tzpath(to=[str(tmp_path)])
        patched.setitem(sys.modules, "tzdata", None)
        with pytest.raises(LuxopsError, match="does not know the time"):
            Calendar(("Mon-Sun 00:00-24:00",), {}).is_open(SPRING)
    zoneinfo.reset_tzpath()
