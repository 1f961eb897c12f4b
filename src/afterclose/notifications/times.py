"""When mails may go: quiet hours, and when a summary is due. No database, no clock.

Wall times are a member's; instants are UTC. Days on which the clock changes are 23 or 25 hours
long, so everything goes through wall times of the zone.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from afterclose.kit import clock
from afterclose.notifications.kinds import Pace

DAY = timedelta(days=1)


def is_quiet(at: datetime, zone: ZoneInfo, begin: time, end: time) -> bool:
    """Whether the wall clock stands in [begin, end); a span that ends before it begins goes
    over midnight, and one without length holds nothing."""
    wall = at.astimezone(zone).time()
    if begin <= end:
        return begin <= wall < end
    return wall >= begin or wall < end


def quiet_until(at: datetime, zone: ZoneInfo, begin: time, end: time) -> datetime | None:
    """The instant at which the quiet hours that hold now are over; None when none do."""
    if not is_quiet(at, zone, begin, end):
        return None
    today = at.astimezone(zone).date()
    ends = (each for days in range(4) for each in _instants(today + days * DAY, end, zone))
    # Where a day is skipped, its end may fall into the next quiet hours.
    return next(ended for ended in ends if ended > at and not is_quiet(ended, zone, begin, end))


def summary_due(
    at: datetime, zone: ZoneInfo, pace: Pace, on_time: time, weekday: int
) -> tuple[date, datetime]:
    """The last moment at which a summary was due, as (its local day, the instant): every day at
    ``on_time``, or on every ``weekday`` (0 is Monday). It holds what was told before."""
    day = at.astimezone(zone).date()
    for _ in range(9):
        instant, _ = _instants(day, on_time, zone)
        if instant <= at and (pace is not Pace.WEEKLY or day.weekday() == weekday):
            return day, instant
        day -= DAY
    raise ValueError(f"There is no weekday {weekday}.")


def _instants(day: date, wall: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """When a day's clock shows that time: twice where it goes back, and where it goes forward over
    it the first instant behind the gap."""
    local = datetime.combine(day, wall)
    first = clock.first_instant(local, zone)
    return first, max(first, local.replace(tzinfo=zone, fold=1).astimezone(UTC))
