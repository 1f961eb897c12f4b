"""Anniversaries and half-open periods `[start, end)` counted from an anchor date.

Monthly, quarterly and yearly periods keep the anchor's day: anchored on the 31st they
start on 31 January, 28 (or 29) February, 31 March. Each is computed from the anchor, never
from the previous one, so a short month does not drag later periods forward.
"""

from calendar import monthrange
from datetime import date, timedelta
from typing import Literal, NamedTuple

Interval = Literal["month", "quarter", "year"]

MONTHS: dict[str, int] = {"month": 1, "quarter": 3, "year": 12}


class Period(NamedTuple):
    """Half-open: `start` belongs to it, `end` is the first day after it."""

    start: date
    end: date

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    def contains(self, day: date) -> bool:
        return self.start <= day < self.end


def last_monday(day: date) -> date:
    """The Monday before a day; of a Monday the one a week ago."""
    return day - timedelta(days=day.weekday() or 7)


def add_months(anchor: date, months: int) -> date:
    """The same day `months` later (or earlier), or that month's last day if it is shorter.

    Raises `OverflowError` outside the years 1 to 9999.
    """
    index = anchor.year * 12 + anchor.month - 1 + months
    year, month = divmod(index, 12)
    if not 1 <= year <= 9999:
        raise OverflowError(f"{months} months from {anchor} is outside the calendar.")
    return date(year, month + 1, min(anchor.day, monthrange(year, month + 1)[1]))


def add_years(anchor: date, years: int) -> date:
    """The same day `years` later; 29 February becomes 28 February in other years."""
    return add_months(anchor, 12 * years)


def period_containing(anchor: date, interval: Interval, on: date) -> Period:
    """The period, counted from `anchor`, that contains the day `on`.

    Its `end` is the next anniversary strictly after `on`, its `start` the last one on or
    before it. `on` may lie before the anchor; the periods simply continue backwards.
    """
    step = MONTHS[interval]
    months_apart = (on.year - anchor.year) * 12 + on.month - anchor.month
    count = months_apart // step
    # The month count can be one step too far when `on` stands before the anchor's day.
    if add_months(anchor, count * step) > on:
        count -= 1
    return Period(add_months(anchor, count * step), add_months(anchor, (count + 1) * step))


def next_anniversary(anchor: date, interval: Interval, on: date) -> date:
    """The first anniversary strictly after `on`; never the anchor itself or before it."""
    return period_containing(anchor, interval, max(on, anchor)).end


def days_between(start: date, end: date) -> int:
    """Whole days from `start` to `end`; negative when `end` is earlier."""
    return (end - start).days


def each_day(start: date, end: date) -> list[date]:
    """Every day of the half-open range `[start, end)`."""
    return [start + timedelta(days=offset) for offset in range(max(0, (end - start).days))]
