"""Which reminder a renewal is due for (CS-44). No database, no clock."""

from __future__ import annotations

from collections.abc import Iterable

URGENT_DAYS = 14
"""With this many days to go or fewer, a reminder is urgent."""


def nearest_threshold(days: int, thresholds: Iterable[int]) -> int | None:
    """The smallest threshold not under `days`; None when none is reached, or when it is past."""
    if days < 0:
        return None
    return min((threshold for threshold in thresholds if threshold >= days), default=None)


def is_urgent(days: int) -> bool:
    """Whether so little time is left that the reminder says so."""
    return days <= URGENT_DAYS


def due_threshold(days: int, thresholds: Iterable[int], sent: Iterable[int]) -> int | None:
    """The reminder to send now: the nearest threshold, unless it or a nearer one was sent."""
    nearest = nearest_threshold(days, thresholds)
    if nearest is None or any(one <= nearest for one in sent):
        return None
    return nearest
