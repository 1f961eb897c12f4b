"""Local days over clock changes, and cursors."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import available_timezones

import pytest
from hypothesis import given, strategies as st

from afterclose.kit.clock import (
    NaiveInstant,
    date_in,
    day_bounds,
    first_instant,
    local_instant,
    start_of_day,
    today_in,
    zone,
)
from afterclose.kit.paging import BadCursor, decode_cursor, encode_cursor


def test_the_same_instant_is_another_day_elsewhere():
    instant = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    assert date_in(instant, "Europe/Berlin") == date(2026, 3, 2)
    assert today_in("America/New_York", at=instant) == date(2026, 3, 1)


def test_a_day_with_a_clock_change_is_an_hour_short_or_long():
    spring = day_bounds(date(2026, 3, 29), "Europe/Berlin")
    autumn = day_bounds(date(2026, 10, 25), "Europe/Berlin")
    assert spring[1] - spring[0] == timedelta(hours=23)
    assert autumn[1] - autumn[0] == timedelta(hours=25)


def test_a_skipped_time_moves_on_and_a_doubled_one_is_the_earlier():
    assert local_instant(datetime(2026, 3, 29, 2, 30), "Europe/Berlin") == datetime(
        2026, 3, 29, 1, 30, tzinfo=UTC
    )
    assert local_instant(datetime(2026, 10, 25, 2, 30), "Europe/Berlin") == datetime(
        2026, 10, 25, 0, 30, tzinfo=UTC
    )


ALL_ZONES = sorted(available_timezones())


def wall_of(instant, name):
    return instant.astimezone(zone(name)).replace(tzinfo=None)


@given(
    st.datetimes(min_value=datetime(1890, 1, 1), max_value=datetime(2040, 1, 1)).map(
        lambda each: each.replace(microsecond=0)
    ),
    st.sampled_from(ALL_ZONES),
)
def test_the_first_instant_of_any_time_in_any_zone(wall, name):
    found = first_instant(wall, zone(name))
    assert wall_of(found, name) >= wall
    assert wall_of(found - timedelta(seconds=1), name) < wall


@pytest.mark.parametrize(
    ("name", "day", "begins", "ends"),
    [
        ("Europe/Berlin", "2026-03-29", "02:00", "03:00"),
        ("America/New_York", "2026-03-08", "02:00", "03:00"),
        ("Australia/Lord_Howe", "2026-10-04", "02:00", "02:30"),
        ("America/Havana", "2026-03-08", "00:00", "01:00"),
        ("America/Toronto", "1919-03-30", "23:30", "24:30"),
        ("Pacific/Apia", "2011-12-30", "00:00", "24:00"),
        ("Africa/Monrovia", "1972-01-07", "00:00", "00:44:30"),
    ],
)
def test_every_time_within_a_gap_begins_as_the_gap_ends(name, day, begins, ends):
    def at(text):
        hours, minutes, *seconds = map(int, text.split(":"))
        parts = {"hours": hours, "minutes": minutes, "seconds": sum(seconds)}
        return datetime.fromisoformat(day) + timedelta(**parts)

    over = first_instant(at(ends), zone(name))
    assert wall_of(over, name) == at(ends)
    assert wall_of(over - timedelta(seconds=1), name) < at(begins)
    wall = at(begins)
    while wall < at(ends):
        assert first_instant(wall, zone(name)) == over
        wall += timedelta(minutes=7)


def test_a_day_whose_midnight_is_skipped_begins_as_the_gap_ends():
    assert start_of_day(date(1919, 3, 31), "America/Toronto") == datetime(
        1919, 3, 31, 4, 30, tzinfo=UTC
    )


def test_unknown_zones_and_naive_instants_are_refused():
    with pytest.raises(ValueError, match="not a time zone"):
        zone("Mars/Olympus")
    with pytest.raises(NaiveInstant):
        date_in(datetime(2026, 1, 1), "UTC")


values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(),
    st.dates(),
    st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(UTC)),
    st.decimals(allow_nan=False, allow_infinity=False),
)


@given(st.lists(values, max_size=5))
def test_a_cursor_gives_back_what_went_in(row):
    cursor = encode_cursor(row)
    assert decode_cursor(cursor, length=len(row)) == row
    assert cursor.isascii()
    assert not set(cursor) & set("+/=&?# ")


@given(st.text(max_size=40))
def test_a_foreign_cursor_is_refused_and_never_crashes(text):
    try:
        decode_cursor(text, length=2)
    except BadCursor:
        return


@pytest.mark.parametrize("cursor", ["", "!!", "W10", encode_cursor([1]), encode_cursor([1, 2, 3])])
def test_a_cursor_of_another_shape_is_refused(cursor):
    with pytest.raises(BadCursor):
        decode_cursor(cursor, length=2)


def test_numbers_keep_their_exact_value():
    assert decode_cursor(encode_cursor([Decimal("1.10"), 5]), length=2) == [Decimal("1.10"), 5]
