"""One sentence per component, from its raw inputs (CS-55); the numbers are those scored. Pure
but for the active language, which writes the dates. "Ago" counts from the day of the score.

Snapshots keep inputs only, so a better sentence also serves the past.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from fractions import Fraction

from afterclose.health import scoring
from afterclose.health.scoring import Component, Ending, Source
from afterclose.ui import formats

LABELS: Mapping[str, str] = {
    scoring.USAGE: "Usage",
    scoring.SUPPORT: "Support",
    scoring.SENTIMENT: "Sentiment",
    scoring.CONTRACT: "Contract",
}

#: What is said of a component without input.
MISSING: Mapping[str, str] = {
    scoring.USAGE: "No activity recorded yet",
    scoring.SUPPORT: "No ticket yet",
    scoring.SENTIMENT: "No survey answer in 180 days, no champion and no detractor",
    scoring.CONTRACT: "No subscription and no renewal date",
}


def narrative(component: Component, on: date) -> str:
    """The sentence for a component of a score of the day `on`."""
    return _SENTENCES[component.key](component, on)


def _usage(component: Component, _: date) -> str:
    (days,) = component.inputs
    if days == 0:
        return "Active on the day"
    return f"Last activity {_count(days, 'day')} ago"


def _support(component: Component, _: date) -> str:
    open_tickets, oldest, reopened = component.inputs
    text = "No open ticket"
    if open_tickets:
        text = f"{_count(open_tickets, 'open ticket')}, oldest {_count(oldest, 'day')}"
    if reopened:
        text += f"; reopened {_count(reopened, 'time')} in 30 days"
    return text


def _sentiment(component: Component, _: date) -> str:
    source, answers, positive, negative = component.inputs
    if source == Source.CONTACTS:
        return f"{_count(positive, 'champion')} and {_count(negative, 'detractor')} among contacts"
    if source == Source.NPS:
        figure = f"NPS {_tenth(100 * (int(positive) - int(negative)), int(answers))}"
    else:
        figure = f"CSAT {_tenth(100 * int(positive), int(answers))} %"
    return f"{figure} from {_count(answers, 'answer')} in 180 days"


def _contract(component: Component, on: date) -> str:
    ending, days = component.inputs
    end = formats.day(on + timedelta(days=int(days)))
    subject = {
        Ending.PERIOD: "The current period",
        Ending.ENDED: "The last subscription",
        Ending.RENEWAL: "The contract, by the renewal date set by hand,",
    }[Ending(str(ending))]
    if int(days) > 0:
        return f"{subject} ends in {_count(days, 'day')}, on {end}"
    if days == 0:
        return f"{subject} ends on the day, {end}"
    return f"{subject} ended {_count(-int(days), 'day')} ago, on {end}"


_SENTENCES: Mapping[str, Callable[[Component, date], str]] = {
    scoring.USAGE: _usage,
    scoring.SUPPORT: _support,
    scoring.SENTIMENT: _sentiment,
    scoring.CONTRACT: _contract,
}


def _count(number: int | str, noun: str) -> str:
    return f"{number} {noun}" if int(number) == 1 else f"{int(number):,} {noun}s"


def _tenth(numerator: int, denominator: int) -> str:
    return formats.number(Fraction(numerator, denominator), 1).removesuffix(".0")
