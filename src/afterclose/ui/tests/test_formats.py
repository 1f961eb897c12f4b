from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from django.utils import timezone, translation
from hypothesis import given, strategies as st

from afterclose.kit.money import Money
from afterclose.ui import formats


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (1234567, None, "1,234,567"),
        (1234.56, None, "1,234.6"),
        (2.5, 0, "3"),
        (3.5, 0, "4"),
        (-12, None, "−12"),
        (Decimal("0.05"), 1, "0.1"),
        (Fraction(1, 3), 2, "0.33"),
        (-0.001, 0, "0"),
    ],
)
def test_numbers_are_grouped_and_rounded_half_up(value, places, text):
    assert formats.number(value, places) == text


@pytest.mark.parametrize(
    ("language", "text"),
    [("en-us", "1,234,567.5"), ("de", "1.234.567,5"), ("en-in", "12,34,567.5")],
)
def test_numbers_follow_the_language(language, text):
    with translation.override(language):
        assert formats.number(1234567.5) == text


@pytest.mark.parametrize(
    ("minor", "currency", "options", "text"),
    [
        (123450, "USD", {}, "$1,234.50"),
        (-123450, "USD", {}, "−$1,234.50"),
        (-123450, "USD", {"accounting": True}, "($1,234.50)"),
        (125000, "JPY", {}, "¥125,000"),
        (125000, "CHF", {}, "CHF\u00a01,250.00"),
        (48_250_000, "USD", {"short": True}, "$483K"),
        (4_825_000_00, "USD", {"short": True}, "$4.8M"),
        (99_999_99, "USD", {"short": True}, "$100K"),
        (999_96, "USD", {"short": True}, "$1,000"),
        (0, "USD", {"short": True}, "$0"),
        (-4_850_00, "USD", {"short": True}, "−$4.9K"),
        (12350, "USD", {"whole": True}, "$124"),
    ],
)
def test_money_says_currency_and_sign(minor, currency, options, text):
    assert formats.money(Money(minor, currency), **options) == text


def test_money_follows_the_language():
    with translation.override("de"):
        assert formats.money(Money(123450, "EUR")) == "1.234,50\u00a0€"


@given(st.integers(-(10**14), 10**14))
def test_every_amount_has_a_short_form(minor):
    assert "USD" not in formats.money(Money(minor, "USD"), short=True)


def test_an_instant_is_shown_in_the_active_zone_with_the_exact_one_beside():
    at = datetime(2026, 3, 2, 23, 5, 9, tzinfo=UTC)
    with timezone.override("Asia/Tokyo"):
        assert formats.instant(at) == "Mar 3, 2026"
        assert formats.instant(at, "long") == "Mar 3, 2026, 8:05 AM"
        assert "2026-03-02 23:05:09 UTC" in formats.exact_instant(at)


def test_dates_and_clocks_follow_the_language():
    at = datetime(2026, 3, 2, 15, 5, tzinfo=UTC)
    with translation.override("en-gb"):
        assert formats.day(at.date()) == "2 Mar 2026"
        assert formats.instant(at, "long") == "2 Mar 2026, 15:05"


@pytest.mark.parametrize(
    ("past", "text"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(minutes=59), "59 minutes ago"),
        (timedelta(hours=5), "5 hours ago"),
        (timedelta(days=3), "3 days ago"),
        (timedelta(days=30), "4 weeks ago"),
        (timedelta(days=100), "3 months ago"),
        (timedelta(days=800), "2 years ago"),
        (-timedelta(hours=2), "in 2 hours"),
    ],
)
def test_how_long_ago(past, text):
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert formats.ago(now - past, now) == text


@pytest.mark.parametrize(
    ("days", "text"),
    [(0, "today"), (1, "tomorrow"), (-1, "yesterday"), (12, "in 12 days"), (-3, "3 days ago")],
)
def test_how_many_days_apart(days, text):
    today = date(2026, 3, 2)
    assert formats.days_apart(today + timedelta(days=days), today) == text


@pytest.mark.parametrize(
    ("name", "letters"), [("Dana Reyes", "DR"), ("acme", "A"), ("Ana de la Cruz", "AC"), ("", "?")]
)
def test_initials(name, letters):
    assert formats.initials(name) == letters
