"""From instants to dates and back, in a business's time zone.

Rules and actions take `at` (an aware UTC instant) or `today` as arguments; only the faces
(views, jobs, commands) ask a clock, through `now()`.
"""

from bisect import bisect_left
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

# A day outside of these centuries is a typing error (0024, 20204), whoever sends it.
FIRST_YEAR, LAST_YEAR = 1900, 2999


class NaiveInstant(ValueError):
    """An instant without a time zone; there is no telling when that was."""


@lru_cache(maxsize=512)
def zone(name: str) -> ZoneInfo:
    """The IANA zone; an unknown name raises `ValueError` with a message for a person."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f"“{name}” is not a time zone. Use an IANA name such as Europe/Berlin."
        ) from None


def is_plausible(day: date) -> bool:
    """Whether somebody can have meant the day: forms, files, filters and the API ask the same."""
    return FIRST_YEAR <= day.year <= LAST_YEAR


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)


def date_in(instant: datetime, time_zone: str) -> date:
    """The calendar date of an instant in a zone. Raises `NaiveInstant`."""
    if instant.tzinfo is None:
        raise NaiveInstant(f"{instant!r} has no time zone.")
    return instant.astimezone(zone(time_zone)).date()


def today_in(time_zone: str, *, at: datetime | None = None) -> date:
    """Today's date in a zone, at the instant `at` (default: now)."""
    return date_in(at or now(), time_zone)


def start_of_day(day: date, time_zone: str) -> datetime:
    """The first instant of a local day, in UTC.

    Where the day begins with a clock change (midnight does not exist), the first instant
    that does exist.
    """
    return first_instant(datetime.combine(day, time.min), zone(time_zone))


def day_bounds(day: date, time_zone: str) -> tuple[datetime, datetime]:
    """The half-open UTC range of a local day; 23 or 25 hours long at a clock change."""
    return start_of_day(day, time_zone), start_of_day(day + timedelta(days=1), time_zone)


def local_instant(wall: datetime, time_zone: str) -> datetime:
    """A wall-clock time in a zone as a UTC instant.

    A time that a clock change skips is moved on by the length of the gap; one that occurs
    twice is the earlier.
    """
    return wall.replace(tzinfo=zone(time_zone), fold=0).astimezone(UTC)


def first_instant(wall: datetime, tz: ZoneInfo) -> datetime:
    """The first instant, in UTC, at which the clocks of a zone show a wall-clock time or a later
    one: of a time that a clock change skips the end of the gap, however long that is."""
    found = wall.replace(tzinfo=tz, fold=0).astimezone(UTC)
    if found.astimezone(tz).replace(tzinfo=None) == wall:
        return found
    # Within a gap: read by the offset before it, the time comes after the change, read by the one
    # behind it before. Changes are on whole seconds.
    low = wall.replace(tzinfo=tz, fold=1, microsecond=0).astimezone(UTC)
    before, seconds = low.astimezone(tz).utcoffset(), int((found - low).total_seconds())
    first = bisect_left(
        range(seconds + 1),
        True,
        key=lambda after: (low + timedelta(seconds=after)).astimezone(tz).utcoffset() != before,
    )
    return low + timedelta(seconds=first)
