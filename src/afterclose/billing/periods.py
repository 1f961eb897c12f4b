"""Which billing period a subscription is in, where no system told us. Pure.

The rule (spec, RavenStack): a period ends on the next monthly, quarterly or yearly
anniversary of the start. Periods are half-open: on the anniversary itself the next one runs.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import cast

from afterclose.kit.periods import Interval, Period, period_containing


def derived_period(
    started_on: date, interval: str, on: date, ended_on: date | None = None
) -> Period:
    """The period that runs on the day ``on``; for one that has ended by then, its last.

    A known end inside the period cuts it short, so that ``end`` is the last day to act.
    A subscription that ended on the day it started keeps a period of one day.
    """
    last_day = on if ended_on is None or ended_on > on else ended_on - timedelta(days=1)
    period = period_containing(started_on, cast(Interval, interval), max(last_day, started_on))
    if ended_on is not None and ended_on < period.end:
        return Period(period.start, max(ended_on, period.start + timedelta(days=1)))
    return period
