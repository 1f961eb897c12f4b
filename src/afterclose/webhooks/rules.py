"""When a delivery is tried again, and what an answer means. No database, no clock.

Two clocks run. Each delivery has the schedule that Standard Webhooks recommends: ten tries over
three days. An endpoint that is not there, or busy, has pauses of its own in which nothing is sent,
so that it is not asked once per fact. And while it is not there or broken, one delivery knocks
every minute or few before its time: the first success brings everything that waits.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import Enum

#: Pauses after the first, second, … try; after the last one it has failed.
SCHEDULE = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
TRIES = len(SCHEDULE) + 1
#: Up to this much is added by chance, so that what failed together does not come back together.
JITTER = 0.1
#: So many failures in a row mean that the receiver was away, not that one delivery is unlucky.
AWAY_AFTER = 3
_AWAY = (408, 429, 502, 503, 504)
LONGEST_RETRY_AFTER = timedelta(hours=24)
#: How often somebody who is away is called: for some hours, for a day, then.
_KNOCKS = (
    (timedelta(hours=3), timedelta(minutes=1)),
    (timedelta(days=1), timedelta(minutes=5)),
    (timedelta.max, timedelta(hours=1)),
)
_KNOCK_FIRST = timedelta(seconds=5)


class Verdict(Enum):
    """What an attempt means."""

    DELIVERED = "delivered"
    """It was taken: 2xx."""
    AWAY = "away"
    """It is not there or cannot now: no answer, 408, 429, 502, 503, 504. It gets a pause."""
    REFUSED = "refused"
    """It is there and does not want this one: 3xx, 4xx. Others may pass."""
    BROKEN = "broken"
    """It is there and failed with this one: any other 5xx. Others may pass, or none."""
    GONE = "gone"
    """410: it asks us to stop."""


def judge(status: int | None) -> Verdict:
    """What an answer's status means; None for no answer."""
    if status is None or status in _AWAY:
        return Verdict.AWAY
    if 200 <= status < 300:
        return Verdict.DELIVERED
    if status >= 500:
        return Verdict.BROKEN
    return Verdict.GONE if status == 410 else Verdict.REFUSED


def next_try(*, at: datetime, tries: int, chance: float) -> datetime | None:
    """When to try again after ``tries`` that counted; None when that was the last.

    ``chance`` is a number from 0 to 1.
    """
    if tries >= TRIES:
        return None
    return at + SCHEDULE[tries - 1] * (1 + JITTER * chance)


def next_knock(*, at: datetime, failures: int, since: datetime) -> datetime:
    """When an endpoint that failed so often in a row, since then, is called again."""
    if failures <= 1:
        return at + _KNOCK_FIRST
    return at + next(pause for limit, pause in _KNOCKS if at - since < limit)


def asked_to_wait(value: str | None, *, at: datetime) -> timedelta:
    """The pause of a Retry-After header (seconds or a date); zero for none, a day at most."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        wanted = timedelta(seconds=min(int(text[:9]), 10**8))
    else:
        try:
            until = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError):
            return timedelta(0)
        wanted = (until if until.tzinfo else until.replace(tzinfo=UTC)) - at
    return max(timedelta(0), min(wanted, LONGEST_RETRY_AFTER))
