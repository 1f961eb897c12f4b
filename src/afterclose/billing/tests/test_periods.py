from datetime import date, timedelta

import pytest
from hypothesis import given, strategies as st

from afterclose.billing.periods import derived_period

DAYS = st.dates(min_value=date(2015, 1, 1), max_value=date(2035, 12, 31))


@pytest.mark.parametrize(
    ("started_on", "interval", "on", "start", "end"),
    [
        # By hand, on a calendar.
        (date(2024, 1, 31), "month", date(2024, 2, 10), date(2024, 1, 31), date(2024, 2, 29)),
        (date(2024, 1, 31), "month", date(2024, 2, 29), date(2024, 2, 29), date(2024, 3, 31)),
        (date(2023, 12, 23), "month", date(2024, 12, 31), date(2024, 12, 23), date(2025, 1, 23)),
        (date(2024, 2, 29), "year", date(2025, 2, 27), date(2024, 2, 29), date(2025, 2, 28)),
        (date(2024, 2, 29), "year", date(2028, 2, 28), date(2027, 2, 28), date(2028, 2, 29)),
        (date(2024, 5, 15), "quarter", date(2024, 8, 15), date(2024, 8, 15), date(2024, 11, 15)),
    ],
)
def test_a_period_ends_on_the_next_anniversary_of_the_start(started_on, interval, on, start, end):
    assert derived_period(started_on, interval, on) == (start, end)


def test_a_subscription_that_has_not_started_is_in_its_first_period():
    assert derived_period(date(2026, 3, 1), "month", date(2026, 1, 5)).start == date(2026, 3, 1)


def test_a_known_end_cuts_the_period_short():
    period = derived_period(date(2026, 1, 1), "year", date(2026, 3, 1), date(2026, 6, 15))
    assert period == (date(2026, 1, 1), date(2026, 6, 15))


def test_an_ended_subscription_keeps_its_last_period():
    period = derived_period(date(2023, 12, 23), "month", date(2024, 12, 31), date(2024, 4, 12))
    assert period == (date(2024, 3, 23), date(2024, 4, 12))


def test_a_subscription_that_ended_on_its_first_day_has_a_period_of_one_day():
    day = date(2024, 4, 12)
    assert derived_period(day, "month", date(2024, 12, 31), day) == (day, day + timedelta(days=1))


@given(start=DAYS, on=DAYS, interval=st.sampled_from(["month", "quarter", "year"]))
def test_a_running_subscription_is_inside_its_period(start, on, interval):
    period = derived_period(start, interval, max(start, on))
    assert period.start <= max(start, on) < period.end
    assert period.start >= start
