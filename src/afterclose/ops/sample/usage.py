"""Use of the product by day, as the arc of the story has it."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import NamedTuple

from afterclose.ops.sample.frame import Frame
from afterclose.ops.sample.story import Arc, Story

FEATURES = ("Dashboards", "Reports", "Login", "Alerts", "Exports", "Data explorer", "API")
_CUMULATED = (30, 52, 74, 83, 90, 96, 100)
_WEEKEND = 5
MOST_USERS = 6


class Use(NamedTuple):
    """Use of one feature by one user (empty: not known) on one day."""

    used_on: date
    feature: str
    user_key: str
    times: int
    seconds: int


def level(story: Story, ago: int) -> float:
    """How busy the account was so many days ago, 0 to 1."""
    match story.arc:
        case Arc.STEADY | Arc.NEW:
            return 0.75
        case Arc.QUIET:
            return 0.35
        case Arc.GROWING:
            return max(0.3, 0.9 - ago / 900)
        case Arc.DECLINING:
            return min(0.8, max(0.05, ago / 190))
        case Arc.SILENT:
            return 0.55
        case Arc.RECOVERING:
            return 0.0 if 92 <= ago <= 150 else 0.6
        case Arc.CHURNED:
            gone = last_use(story)
            return min(0.6, (ago - gone + 5) / 150)
        case Arc.UNUSED:
            return 0.0


def last_use(story: Story) -> int:
    """How many days ago the account last used the product."""
    return story.last_used if story.left is None else story.left + 7


def usage_of(story: Story, users: list[str], frame: Frame, dice: Random) -> list[Use]:
    """Every use within the detail's reach, oldest first; none for who never used it."""
    if story.arc is Arc.UNUSED or story.is_bare:
        return []
    detail = frame.detail
    last = last_use(story)
    first = min(detail.usage_days, story.since if story.since is not None else detail.usage_days)
    found: list[Use] = []
    for ago in range(max(first, last), last - 1, -1):
        # Thinned out, but never the last day: health looks at it.
        if ago != last and (ago - last) % detail.usage_step:
            continue
        busy = level(story, ago)
        day = frame.day(ago)
        if day.weekday() >= _WEEKEND:
            busy *= 0.15
        if ago == last or dice.random() < busy:
            found += _day(day, users if detail.by_user else [""], busy, dice)
    return found


def _day(day: date, users: list[str], busy: float, dice: Random) -> list[Use]:
    chance = dice.random
    rows = []
    for user in users[: 1 + int(busy * len(users) * chance())]:
        feature = dice.choices(FEATURES, cum_weights=_CUMULATED)[0]
        count = 1 + int(busy * 30 * chance())
        rows.append(Use(day, feature, user, count, count * int(8 + 60 * chance())))
    return rows
