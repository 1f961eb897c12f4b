"""The health of a group of accounts, by share of contract value (docs/numbers/hierarchy.md)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Scored(NamedTuple):
    """A scored account: 0 to 100, and its contract value in minor units (0: none)."""

    score: float
    value: int
    currency: str


class GroupHealth(NamedTuple):
    """The figure of one currency ("" for a plain mean), of how many accounts; ``left_out`` are
    scored accounts of the group without contract value."""

    score: float
    currency: str
    accounts: int
    left_out: int


def roll_up(accounts: Iterable[Scored]) -> list[GroupHealth]:
    """One figure per currency, that of most accounts first; [] where nothing is scored."""
    known = list(accounts)
    weighed: dict[str, list[Scored]] = {}
    for each in known:
        if each.value > 0:
            weighed.setdefault(each.currency, []).append(each)
    if not weighed:
        if not known:
            return []
        mean = sum(each.score for each in known) / len(known)
        return [GroupHealth(mean, "", len(known), 0)]
    left_out = sum(each.value <= 0 for each in known)
    found = [
        GroupHealth(
            sum(each.score * each.value for each in group) / sum(each.value for each in group),
            currency,
            len(group),
            left_out,
        )
        for currency, group in weighed.items()
    ]
    return sorted(found, key=lambda each: (-each.accounts, each.currency))
