"""Quiet hours and summaries by the wall clock, also on the days on which it changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from afterclose.notifications import times
from afterclose.notifications.kinds import Pace

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = (time(22), time(7))
SECOND = timedelta(seconds=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "until"),
    [
        ("2026-03-02 20:59", None),  # 21:59 in Berlin
        ("2026-03-02 21:00", "2026-03-03 06:00"),
        ("2026-03-03 05:59", "2026-03-03 06:00"),
        ("2026-03-03 06:00", None),
        # The clock goes forward on 29 March at 02:00: the night is an hour shorter.
        ("2026-03-28 21:00", "2026-03-29 05:00"),
        ("2026-03-29 00:59", "2026-03-29 05:00"),
        # It goes back on 25 October at 03:00: an hour longer.
        ("2026-10-24 20:00", "2026-10-25 06:00"),
        ("2026-10-25 05:59", "2026-10-25 06:00"),
    ],
)
def test_a_night_in_berlin(at: str, until: str | None) -> None:
    found = times.quiet_until(utc(at), BERLIN, *NIGHT)
    assert found == (utc(until) if until else None)


def test_quiet_hours_within_a_day() -> None:
    lunch = (time(12), time(13, 30))
    assert times.quiet_until(utc("2026-03-02 10:59"), BERLIN, *lunch) is None
    assert times.quiet_until(utc("2026-03-02 11:00"), BERLIN, *lunch) == utc("2026-03-02 12:30")


def test_an_end_that_comes_twice_ends_the_quiet_each_time() -> None:
    until_half_past_two = (time(22), time(2, 30))
    # 02:30 in summer time, then 02:00 to 02:30 once more in winter time.
    assert times.quiet_until(utc("2026-10-25 00:10"), BERLIN, *until_half_past_two) == utc(
        "2026-10-25 00:30"
    )
    assert times.quiet_until(utc("2026-10-25 01:10"), BERLIN, *until_half_past_two) == utc(
        "2026-10-25 01:30"
    )


def test_an_end_that_does_not_exist_is_the_first_instant_after_the_gap() -> None:
    found = times.quiet_until(utc("2026-03-29 00:59"), BERLIN, time(22), time(2, 30))
    assert found == utc("2026-03-29 01:00")
    # Lord Howe moves by half an hour, Samoa skipped 30 December 2011.
    howe, apia = ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Pacific/Apia")
    found = times.quiet_until(utc("2026-10-03 15:00"), howe, time(22), time(2, 15))
    assert found == utc("2026-10-03 15:30")
    assert times.quiet_until(utc("2011-12-30 09:00"), apia, *NIGHT) == utc("2011-12-30 17:00")


def test_a_summary_whose_time_is_skipped_is_due_as_the_gap_ends() -> None:
    due = times.summary_due(utc("2026-03-29 12:00"), BERLIN, Pace.DAILY, time(2, 30), 0)
    assert due == (date(2026, 3, 29), utc("2026-03-29 01:00"))


instants = st.datetimes(
    min_value=datetime(2026, 1, 1), max_value=datetime(2027, 12, 31), timezones=st.just(UTC)
)
zones = st.sampled_from(
    ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"]
).map(ZoneInfo)
quarters = st.integers(0, 95).map(lambda n: time(n // 4, n % 4 * 15))


@given(instants, zones, quarters, quarters)
def test_quiet_ends_after_now_within_a_day_and_an_hour(
    at: datetime, zone: ZoneInfo, begin: time, end: time
) -> None:
    until = times.quiet_until(at, zone, begin, end)
    assert (until is not None) == times.is_quiet(at, zone, begin, end)
    if until is not None:
        assert at < until <= at + timedelta(hours=25)
        local = until.astimezone(zone).replace(tzinfo=None)
        assert not times.is_quiet(until, zone, begin, end)
        before = (until - SECOND).astimezone(zone).replace(tzinfo=None)
        wished = datetime.combine(local.date(), end)
        # At that time, or as the clock jumps over it.
        assert local == wished or before < wished < local


@given(instants, zones, quarters, st.sampled_from([Pace.DAILY, Pace.WEEKLY]), st.integers(0, 6))
def test_a_summary_was_due_at_most_a_day_or_a_week_ago(
    at: datetime, zone: ZoneInfo, on_time: time, pace: Pace, weekday: int
) -> None:
    day, due_at = times.summary_due(at, zone, pace, on_time, weekday)
    ago = at - due_at
    longest = timedelta(days=7 if pace is Pace.WEEKLY else 1, hours=1)
    assert timedelta(0) <= ago <= longest
    if pace is Pace.WEEKLY:
        assert day.weekday() == weekday


def test_each_day_has_one_summary_also_when_the_clock_changes() -> None:
    at, seen = utc("2026-03-27 00:00"), []
    while at < utc("2026-03-31 00:00"):
        due = times.summary_due(at, BERLIN, Pace.DAILY, time(2, 30), 0)
        if due not in seen:
            seen.append(due)
        at += timedelta(minutes=15)
    assert [day for day, _ in seen] == [date(2026, 3, n) for n in (26, 27, 28, 29, 30)]
