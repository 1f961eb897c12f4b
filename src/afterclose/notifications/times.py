"""When mails may go: quiet hours, and when a summary is due. No database, no clock.

Wall times are a member's; instants are UTC. Days on which the clock changes are 23 or 25 hours
long, so everything goes through wall times of the zone.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

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
    # Where the clock goes back the end comes twice; where it goes forward perhaps not at all,
    # and then the first instant after the gap is it.
    ends = (_instant(day, end, zone, fold) for day in (today, today + DAY) for fold in (0, 1))
    return next((ended for ended in ends if ended > at), None)


def summary_due(
    at: datetime, zone: ZoneInfo, pace: Pace, on_time: time, weekday: int
) -> tuple[date, datetime]:
    """The last moment at which a summary was due, as (its local day, the instant): every day at
    ``on_time``, or on every ``weekday`` (0 is Monday). It holds what was told before."""
    day = at.astimezone(zone).date()
    for _ in range(9):
        instant = _instant(day, on_time, zone, 0)
        if instant <= at and (pace is not Pace.WEEKLY or day.weekday() == weekday):
            return day, instant
        day -= DAY
    raise ValueError(f"There is no weekday {weekday}.")


def _instant(day: date, wall: time, zone: ZoneInfo, fold: int) -> datetime:
    return datetime.combine(day, wall, tzinfo=zone).replace(fold=fold).astimezone(UTC)
