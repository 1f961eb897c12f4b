"""In which group of a person's day a task belongs. No database, no clock."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum


class Group(StrEnum):
    """The groups of My tasks, in order."""

    OVERDUE = "Overdue"
    TODAY = "Today"
    THIS_WEEK = "This week"
    LATER = "Later"


def group_of(due_on: date | None, today: date) -> Group:
    """The group; weeks end with Sunday, and what has no date comes later."""
    if due_on is None:
        return Group.LATER
    if due_on < today:
        return Group.OVERDUE
    if due_on == today:
        return Group.TODAY
    return Group.THIS_WEEK if due_on <= end_of_week(today) else Group.LATER


def end_of_week(today: date) -> date:
    """The Sunday of the week; on a Sunday it is that day."""
    return today + timedelta(days=6 - today.weekday())


def period(group: Group, today: date) -> tuple[date | None, date | None]:
    """First and last due date of a group, both included; None where it is open on that side.

    ``LATER`` also holds what has no date.
    """
    sunday = end_of_week(today)
    return {
        Group.OVERDUE: (None, today - timedelta(days=1)),
        Group.TODAY: (today, today),
        Group.THIS_WEEK: (today + timedelta(days=1), sunday),
        Group.LATER: (sunday + timedelta(days=1), None),
    }[group]
