"""Why an account is at risk, in few words: what costs its score most. No database, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

from afterclose.health import scoring
from afterclose.health.narratives import narrative
from afterclose.health.scoring import Component, Scorecard

MOST = 2
#: A component that costs less than this many points of its own hundred is not worth a word.
WORTH_TELLING = 25


def costliest(components: Sequence[Component], card: Scorecard, on: date) -> list[str]:
    """The sentences of the components that take most from the score, the costliest first.

    What a component costs is its weight times what it lacks of 100.
    """
    costs: list[tuple[Fraction, Component]] = [
        (card.weights[each.key] * (100 - Fraction(each.score)), each)
        for each in components
        if 100 - each.score >= WORTH_TELLING
    ]
    costs.sort(key=lambda cost: cost[0], reverse=True)
    return [short(component, on) for _, component in costs[:MOST]]


def short(component: Component, on: date) -> str:
    """A component's sentence, shorter where the dashboard needs no more."""
    if component.key == scoring.USAGE:
        return f"Not used for {_days(component.inputs[0])}"
    if component.key == scoring.CONTRACT:
        left = int(component.inputs[1])
        if left < 0:
            return f"Period ended {_days(-left)} ago"
        return f"Period ends in {_days(left)}" if left else "Period ends today"
    return narrative(component, on)


def _days(count: int | str) -> str:
    return "1 day" if int(count) == 1 else f"{int(count):,} days"
