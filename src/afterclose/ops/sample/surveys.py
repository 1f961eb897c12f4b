"""Survey answers that fit the mood of the story."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

from afterclose.ops.sample.frame import Frame, Row
from afterclose.ops.sample.story import Story

_GOOD = (
    "Saves my team a day every month.",
    "Support answers within the hour. Rare.",
    "The new reports are exactly what we asked for.",
    "Easy to roll out, and people really use it.",
    "",
    "",
)
_MIXED = (
    "Good, but the exports need work.",
    "Does what it should. Setting it up took long.",
    "Useful once you know where things are.",
    "",
    "",
)
_BAD = (
    "Slow every Monday morning, and nobody tells us why.",
    "We pay for features that we cannot get to work.",
    "Our contact changed three times this year.",
    "Too expensive for what we use of it.",
    "",
)
_EVERY_DAYS = 88


class Asked(NamedTuple):
    """One survey, and what its scale calls good and bad (both inclusive)."""

    survey: str
    low: int
    high: int
    good: int
    bad: int


_NPS = Asked("nps", 0, 10, 9, 6)
_CSAT = Asked("csat", 1, 5, 5, 2)
_CES = Asked("ces", 1, 7, 6, 3)


def answers_of(story: Story, key: str, people: int, frame: Frame, dice: Random) -> list[Row]:
    """Answers as (index of the contact or None, the row from external id on)."""
    if story.surveys == "none" or story.is_bare:
        return []
    begins = 4 if story.left is None else story.left + 10
    reach = min(story.since or 60, frame.detail.activities * 30 + begins)
    asked = _NPS if story.surveys == "nps" else _CSAT
    rows: list[Row] = []
    for ago in range(begins + dice.randrange(40), max(reach, begins + 41), _EVERY_DAYS):
        for person in range(max(1, min(people, 4))):
            # The latest round has an answer for certain, else the story would have no mood.
            if rows and dice.random() < 0.45:
                continue
            rows.append(_answer(asked, rows, (key, person, people, ago), story, frame, dice))
        if asked is _NPS and frame.detail.activities > 1 and dice.random() < 0.12:
            rows.append(_answer(_CES, rows, (key, 0, people, ago), story, frame, dice))
        if frame.detail.activities == 1:
            break
    return rows


def _answer(
    asked: Asked,
    before: list[Row],
    who: tuple[str, int, int, int],
    story: Story,
    frame: Frame,
    dice: Random,
) -> Row:
    key, person, people, ago = who
    wide = asked.high - asked.low
    score = round(asked.low + wide * dice.gauss(story.mood + 0.05, 0.14))
    score = min(asked.high, max(asked.low, score))
    words = _GOOD if score >= asked.good else _BAD if score <= asked.bad else _MIXED
    return (
        person if person < people else None,
        f"{key}-s{len(before) + 1}",
        asked.survey,
        score,
        dice.choice(words),
        frame.instant(ago, dice),
        True,
    )
