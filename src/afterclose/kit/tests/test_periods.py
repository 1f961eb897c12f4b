"""Anniversaries and half-open periods."""

from datetime import date, timedelta

import pytest
from hypothesis import given, strategies as st

from afterclose.kit.periods import (
    add_months,
    add_years,
    next_anniversary,
    period_containing,
)

days = st.dates(date(1950, 1, 1), date(2150, 12, 31))
intervals = st.sampled_from(["month", "quarter", "year"])


@pytest.mark.parametrize(
    ("anchor", "months", "expected"),
    [
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2023, 1, 31), 1, date(2023, 2, 28)),
        (date(2024, 1, 31), 2, date(2024, 3, 31)),
        (date(2024, 3, 31), -1, date(2024, 2, 29)),
        (date(2024, 12, 15), 1, date(2025, 1, 15)),
        (date(2024, 1, 15), -1, date(2023, 12, 15)),
    ],
)
def test_a_month_later_is_the_same_day_or_the_last_of_a_shorter_month(anchor, months, expected):
    assert add_months(anchor, months) == expected


def test_a_leap_day_is_the_28th_in_other_years_and_comes_back():
    assert add_years(date(2024, 2, 29), 1) == date(2025, 2, 28)
    assert add_years(date(2024, 2, 29), 4) == date(2028, 2, 29)


@pytest.mark.parametrize(
    ("anchor", "interval", "on", "start", "end"),
    [
        (date(2024, 1, 31), "month", date(2024, 2, 28), date(2024, 1, 31), date(2024, 2, 29)),
        (date(2024, 1, 31), "month", date(2024, 2, 29), date(2024, 2, 29), date(2024, 3, 31)),
        (date(2024, 1, 31), "month", date(2024, 3, 30), date(2024, 2, 29), date(2024, 3, 31)),
        (date(2024, 1, 15), "year", date(2024, 1, 15), date(2024, 1, 15), date(2025, 1, 15)),
        (date(2024, 1, 15), "year", date(2026, 1, 14), date(2025, 1, 15), date(2026, 1, 15)),
        (date(2024, 5, 31), "quarter", date(2024, 8, 30), date(2024, 5, 31), date(2024, 8, 31)),
        (date(2024, 5, 31), "month", date(2024, 5, 1), date(2024, 4, 30), date(2024, 5, 31)),
    ],
)
def test_the_period_that_contains_a_day(anchor, interval, on, start, end):
    assert period_containing(anchor, interval, on) == (start, end)


@given(days, intervals, days)
def test_every_day_lies_in_exactly_one_period_and_periods_touch(anchor, interval, on):
    period = period_containing(anchor, interval, on)
    assert period.contains(on)
    assert period_containing(anchor, interval, period.end).start == period.end
    assert period_containing(anchor, interval, period.start - timedelta(days=1)).end == period.start


@given(days, intervals, days)
def test_the_next_anniversary_is_strictly_later_and_never_the_anchor(anchor, interval, on):
    following = next_anniversary(anchor, interval, on)
    assert following > on
    assert following > anchor


@given(days, st.integers(-600, 600))
def test_the_anchor_day_survives_short_months(anchor, months):
    moved = add_months(anchor, months)
    assert moved.day == anchor.day or (moved + timedelta(days=1)).day == 1
