"""Local days over clock changes, and cursors."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from afterclose.kit.clock import NaiveInstant, date_in, day_bounds, local_instant, today_in, zone
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
