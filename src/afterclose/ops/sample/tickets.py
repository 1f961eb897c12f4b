"""Support tickets: solved, open, too old, reopened."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import NamedTuple

from afterclose.ops.sample.frame import Frame, Row
from afterclose.ops.sample.story import Story

SUBJECTS = (
    "Dashboard takes a minute to load",
    "CSV export stops at 10,000 rows",
    "Single sign-on asks twice",
    "Wrong totals in the weekly report",
    "How do we add a second workspace",
    "Alert fired although nothing changed",
    "API answers 429 during the nightly sync",
    "Invoice shows the old address",
    "User cannot reset the password",
    "Chart is empty after the update",
    "Please raise our request limit",
    "Time zone of scheduled reports",
)
_PRIORITIES = ("low", "normal", "high", "urgent")


class Tickets(NamedTuple):
    """Tickets without their ids, and reopenings as (index of the ticket, instant)."""

    tickets: list[Row]
    reopenings: list[tuple[int, datetime]]


class _Plan(NamedTuple):
    ago: int
    is_open: bool
    reopened: int


def tickets_of(story: Story, key: str, email: str, frame: Frame, dice: Random) -> Tickets:
    """The account's tickets; ``key`` is its external id, ``email`` who asks."""
    made = Tickets([], [])
    if story.tickets == "none" or story.is_bare:
        return made
    for plan in _plans(story, frame, dice):
        _add(made, plan, key, email, frame, dice)
    return made


def _plans(story: Story, frame: Frame, dice: Random) -> list[_Plan]:
    if story.tickets == "many" and story.left is None:
        plans = [_Plan(ago, True, 0) for ago in (41, 26, 12, 5, 2)]
        plans += [_Plan(ago, False, 1) for ago in (22, 17, 9)]
        return plans if frame.detail.by_user else plans[: 1 + dice.randrange(len(plans))]
    reach = max(30, min(story.since or 120, 30 * frame.detail.activities * 3, 540))
    begins = 1 if story.left is None else story.left
    unhappy = story.mood < 0.5
    count = 1 + dice.randrange(3 + 2 * unhappy) if frame.detail.activities > 1 else 1
    if frame.detail.by_user:
        count += reach // 60
    plans = []
    for _ in range(count):
        ago = begins + dice.randrange(reach)
        recent = story.left is None and ago <= (75 if unhappy else 12)
        is_open = recent and dice.random() < (0.5 if unhappy else 0.35)
        plans.append(_Plan(ago, is_open, int(not is_open and dice.random() < 0.07)))
    return plans


def _add(made: Tickets, plan: _Plan, key: str, email: str, frame: Frame, dice: Random) -> None:
    index = len(made.tickets)
    opened = frame.instant(plan.ago, dice)
    latest = frame.midnight - timedelta(minutes=1)
    solved = None
    if not plan.is_open:
        hours = min(1 + dice.expovariate(1 / 40), 400)
        solved = min(opened + timedelta(hours=hours), latest)
        if plan.reopened:
            made.reopenings.append((index, solved))
            solved = min(solved + timedelta(hours=30), latest)
    urgency = dice.random()
    priority = _PRIORITIES[
        1 if urgency < 0.6 else 0 if urgency < 0.75 else 2 if urgency < 0.95 else 3
    ]
    rating = None
    if solved is not None and dice.random() < 0.4:
        rating = 5 if dice.random() < 0.7 else dice.randint(1, 4)
    made.tickets.append(
        (
            f"{key}-t{index + 1}",
            email,
            email.partition("@")[2],
            dice.choice(SUBJECTS),
            priority,
            opened,
            solved,
            int(5 + dice.expovariate(1 / 120)),
            plan.reopened,
            rating,
            priority == "urgent",
            True,
            solved or opened,
        )
    )


def unmatched(frame: Frame) -> list[Row]:
    """Tickets of people whose company nobody knows: the state that waits for an account."""
    dice = frame.dice(-1)
    made = Tickets([], [])
    for number in range(3):
        plan = _Plan(3 + 4 * number, is_open=True, reopened=0)
        _add(
            made, plan, f"sample-unmatched-{number}", f"office@unknown{number}.example", frame, dice
        )
    return made.tickets
