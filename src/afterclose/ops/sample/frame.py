"""What a whole set of sample data has in common: its day, its seed, its team, how full it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

#: A row of a table, in the order of its columns in ``tables``.
Row = tuple[Any, ...]

HISTORY_DAYS = 548  # 18 months


class Member(NamedTuple):
    """A member of the business, who looks after accounts and is mentioned in notes."""

    id: int
    name: str
    handle: str


class Detail(NamedTuple):
    """How much there is per account; less for large sets, so that they fit and are quick.

    ``usage_days``: days back with daily usage; ``usage_step``: every how many of them;
    ``by_user``: whether use is told by user; ``activities``: months back with activities;
    ``score_days``: the days back that get a health snapshot; ``chunk``: accounts a transaction.
    """

    usage_days: int
    usage_step: int
    by_user: bool
    activities: int
    score_days: tuple[int, ...]
    chunk: int


# Weekly, the last week daily, and the days that changes are told against.
_WEEKLY = tuple(sorted({*range(7, 92, 7), *range(1, 8), 30, 60, 90}, reverse=True))
_STEPS = (
    (300, Detail(HISTORY_DAYS, 1, True, 18, tuple(range(120, 0, -1)), 40)),
    (5_000, Detail(120, 1, False, 6, tuple(range(120, 0, -1)), 500)),
    (100_000, Detail(91, 7, False, 1, _WEEKLY, 5_000)),
)
_SPARSE = Detail(14, 7, False, 1, (), 5_000)


def detail_of(size: int) -> Detail:
    """How full a set of so many accounts is."""
    return next((detail for limit, detail in _STEPS if size <= limit), _SPARSE)


@dataclass(frozen=True, slots=True)
class Frame:
    """Everything that the generators are given beside an account's number.

    ``on`` is the business's today and ``midnight`` the instant at which that day begins:
    no sample fact lies after it. The same frame gives the same rows.
    """

    on: date
    midnight: datetime
    seed: int
    team: tuple[Member, ...]
    detail: Detail

    def dice(self, number: int) -> Random:
        """The chance of one account; the same for the same seed and number."""
        return Random(self.seed * 1_000_003 + number)  # noqa: S311  # not for secrets

    def day(self, ago: int) -> date:
        """The day so many days ago (negative: to come)."""
        return self.on - timedelta(days=ago)

    def instant(self, ago: int, dice: Random) -> datetime:
        """Some moment in the working hours of the day so many days ago (at least 1)."""
        minutes = 8 * 60 + dice.randrange(10 * 60)
        return self.midnight - timedelta(days=max(1, ago)) + timedelta(minutes=minutes)
