"""What an account has bought: plan, seats, price, period."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import NamedTuple, cast

from afterclose.billing.models import Interval, Status
from afterclose.billing.periods import derived_period
from afterclose.kit import currencies, periods
from afterclose.ops.sample.frame import Frame, Row
from afterclose.ops.sample.story import Story

# A seat for a month, in whole dollars.
PRICES = {"Starter": 12, "Team": 24, "Business": 39, "Enterprise": 65}
# Units of the currency for a dollar, about.
_RATES = {"USD": 1.0, "EUR": 0.92, "GBP": 0.79, "JPY": 150.0}
_STEPS = {Interval.MONTH: 1, Interval.QUARTER: 3, Interval.YEAR: 12}


class Deal(NamedTuple):
    """The offer that an account is on."""

    plan: str
    seats: int
    currency: str


def deal_of(story: Story, currency: str, dice: Random) -> Deal:
    """Plan and seats: many small customers, few large ones."""
    size = dice.random()
    seats = story.seats or (
        dice.randint(5, 30)
        if size < 0.55
        else dice.randint(31, 140)
        if size < 0.88
        else dice.randint(141, 800)
    )
    plan = (
        "Starter"
        if seats < 15
        else "Team"
        if seats < 60
        else "Business"
        if seats < 220
        else "Enterprise"
    )
    return Deal(plan, seats, story.currency or currency)


def monthly(deal: Deal, interval: Interval) -> int:
    """The price of all seats for a month, minor units; a year in advance is a tenth cheaper."""
    dollars = PRICES[deal.plan] * deal.seats * (0.9 if interval is Interval.YEAR else 1.0)
    minor: int = 10 ** currencies.exponent(deal.currency)
    return round(dollars * _RATES[deal.currency] * minor)


def subscriptions_of(story: Story, key: str, deal: Deal, frame: Frame, dice: Random) -> list[Row]:
    """The account's subscriptions, the current one first."""
    if not story.subscribed or story.is_bare or story.renews_in is None:
        return []
    rows = [_current(story, key, deal, frame)]
    if story.second_in is not None:
        other = Deal("Starter", max(3, deal.seats // 4), story.second_currency or deal.currency)
        end = frame.day(-story.second_in)
        begin = periods.add_years(end, -1)
        rows.append(_row(f"{key}-b", other, Status.ACTIVE, Interval.YEAR, begin, begin, end))
    elif story.left is None and (story.since or 0) > 500 and dice.random() < 0.3:
        rows.append(_earlier(story, key, deal, frame, rows[0]))
    return rows


def _current(story: Story, key: str, deal: Deal, frame: Frame) -> Row:
    interval = story.interval
    since = frame.day(story.since if story.since is not None else 200)
    if story.left is not None:
        # Left at the end of a period, or in the middle of one.
        left = frame.day(story.left)
        period = periods.period_containing(since, _word(interval), left)
        return _row(
            key, deal, Status.CANCELLED, interval, since, period.start, period.end, ended=left
        )
    end = frame.day(-(story.renews_in or 1))
    begin = periods.add_months(end, -_STEPS[interval])
    started = min(begin, _anniversary(end, interval, since))
    ended = end if story.status is Status.CANCELLED else None
    if story.status is Status.TRIALING:
        started = begin = since if since < end else begin
    return _row(
        key,
        deal,
        story.status,
        interval,
        started,
        begin,
        end,
        ended=ended,
        cancels=story.cancels,
        upgraded=story.seats_full,
    )


def _anniversary(end: date, interval: Interval, since: date) -> date:
    """The start of the period that holds the day on which the account became a customer."""
    return periods.period_containing(end, _word(interval), since).start


def _word(interval: Interval) -> periods.Interval:
    return cast(periods.Interval, interval.value)


def _earlier(story: Story, key: str, deal: Deal, frame: Frame, current: Row) -> Row:
    """A smaller plan that the present one replaced."""
    begin = frame.day((story.since or 0) + 180)
    end = current[9]
    before = Deal("Starter", max(3, deal.seats // 3), deal.currency)
    begin = min(begin, end - timedelta(days=30))
    return _row(f"{key}-a", before, Status.CANCELLED, Interval.YEAR, begin, begin, end, ended=end)


def _row(
    key: str,
    deal: Deal,
    status: Status,
    interval: Interval,
    started: date,
    begin: date,
    end: date,
    *,
    ended: date | None = None,
    cancels: bool = False,
    upgraded: bool = False,
) -> Row:
    mrr = monthly(deal, interval)
    # Moved on nightly like an imported one, where the calendar allows (no 31st in between).
    is_derived = ended is None and status is not Status.TRIALING
    is_derived = is_derived and derived_period(started, interval.value, begin) == (begin, end)
    return (
        key,
        deal.plan,
        status.value,
        deal.seats,
        mrr,
        mrr * 12,
        deal.currency,
        interval.value,
        not cancels,
        started,
        ended,
        begin,
        end,
        is_derived,
        cancels,
        upgraded,
        False,
        True,
    )
