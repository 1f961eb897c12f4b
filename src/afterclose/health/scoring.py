"""The health score: from raw inputs to a number, a word, a change and a flag.

The formula in prose, with worked figures, is `docs/numbers/health.md`
(CS-50 to CS-54, CS-58). No database and no clock here: days are given. All
arithmetic is in whole numbers and rounded once, so one account and a million
get the same double, and comparing it with a threshold is exact.

The component functions are cached: in the nightly run a component of an account
is a dictionary look-up.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from math import floor, gcd
from typing import NamedTuple

# Enough for every input that a real book has; bounded, so that a strange one cannot fill memory.
_cached = lru_cache(maxsize=1 << 16)

USAGE, SUPPORT, SENTIMENT, CONTRACT = "usage", "support", "sentiment", "contract"

#: Days in which an NPS or CSAT answer counts (CS-53), and a reopened ticket (CS-52).
SURVEY_DAYS = 180
REOPENED_DAYS = 30

#: What no input at all scores (CS-50). Shown as "No data".
NO_DATA_SCORE = 50.0

Input = int | str


class Component(NamedTuple):
    """One component's score, `numerator / denominator` of 0 to 100, and its raw inputs.

    `stored` is the inputs as a JSON member (`"usage":[33]`), which snapshots keep.
    """

    key: str
    inputs: tuple[Input, ...]
    numerator: int
    denominator: int
    stored: str

    @property
    def score(self) -> Fraction:
        """The exact score, 0 to 100."""
        return Fraction(self.numerator, self.denominator)


def _component(key: str, inputs: tuple[Input, ...], numerator: int, denominator: int) -> Component:
    divisor = gcd(numerator, denominator)
    values = ",".join(f'"{value}"' if isinstance(value, str) else str(value) for value in inputs)
    stored = f'"{key}":[{values}]'
    return Component(key, inputs, numerator // divisor, denominator // divisor, stored)


@_cached
def usage(days: int) -> Component:
    """CS-51, from the days since the last activity (0 or more)."""
    return _component(USAGE, (days,), 100 * min(53, max(0, 60 - days)), 53)


@_cached
def support(open_tickets: int, oldest_days: int, reopened: int) -> Component:
    """CS-52, for an account that ever had a ticket.

    `oldest_days` is the age of the oldest open ticket (0 if none is open),
    `reopened` the reopenings in the last 30 days.
    """
    off = min(40, 5 * open_tickets) + min(30, 10 * reopened)
    if open_tickets and oldest_days > 30:
        off += 20
    return _component(SUPPORT, (open_tickets, oldest_days, reopened), max(0, 100 - off), 1)


class Source(StrEnum):
    """Where sentiment comes from, the best first (CS-53)."""

    NPS = "nps"
    CSAT = "csat"
    CONTACTS = "contacts"


@_cached
def sentiment(source: str, answers: int, positive: int, negative: int) -> Component:
    """CS-53, from one source with at least one answer.

    NPS: promoters and detractors among the answers. CSAT: answers of 4 or 5
    (`negative` does not enter). Contacts: champions and detractors, which are
    all the `answers`.
    """
    if source == Source.NPS:
        numerator, denominator = 50 * (answers + positive - negative), answers
    else:
        numerator, denominator = 100 * positive, answers
    return _component(SENTIMENT, (source, answers, positive, negative), numerator, denominator)


class Ending(StrEnum):
    """Which date the contract component runs to (CS-54)."""

    PERIOD = "period"  # the earliest period end among live subscriptions
    ENDED = "ended"  # none is live: when the last one ended
    RENEWAL = "renewal"  # no subscription: the renewal date set by hand


@_cached
def contract(ending: str, days: int) -> Component:
    """CS-54, from the days to the end (negative once it has passed)."""
    if days >= 180:
        numerator, denominator = 100, 1
    elif days <= 0:
        numerator, denominator = 0, 1
    elif days <= 36:  # 100 x 36 / 180 = 20
        numerator, denominator = 20, 1
    else:
        numerator, denominator = 100 * days, 180
    return _component(CONTRACT, (ending, days), numerator, denominator)


#: How each component is made again from the inputs that a snapshot kept.
COMPONENTS: Mapping[str, Callable[..., Component]] = {
    USAGE: usage,
    SUPPORT: support,
    SENTIMENT: sentiment,
    CONTRACT: contract,
}


def components_of(breakdown: Mapping[str, Sequence[Input]]) -> tuple[Component, ...]:
    """The components behind a snapshot, from the raw inputs it kept."""
    return tuple(
        make(*breakdown[key]) for key, make in COMPONENTS.items() if breakdown.get(key) is not None
    )


@dataclass(frozen=True, slots=True)
class Scorecard:
    """Which components count, and how much. Versions are never edited: snapshots name theirs."""

    version: int
    weights: Mapping[str, int]
    whole: int = field(init=False)
    """The sum of all weights."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "whole", sum(self.weights.values()))


DEFAULT = Scorecard(version=1, weights={USAGE: 35, SUPPORT: 15, SENTIMENT: 15, CONTRACT: 35})
SCORECARDS: Mapping[int, Scorecard] = {DEFAULT.version: DEFAULT}


class Overall(NamedTuple):
    """A score, 0 to 100, and the percentage of the weights that had input."""

    score: float
    coverage: int


NO_DATA = Overall(NO_DATA_SCORE, 0)


def overall(components: Sequence[Component], card: Scorecard = DEFAULT) -> Overall:
    """CS-50: the weighted mean of the components that have input, rounded once."""
    weights = card.weights
    numerator, denominator, weight = 0, 1, 0
    for key, _, part, whole, _ in components:
        own = weights[key]
        numerator = numerator * whole + own * part * denominator
        denominator *= whole
        weight += own
    if not weight:
        return NO_DATA
    # Dividing two ints rounds correctly; dividing floats would round twice.
    return Overall(numerator / (denominator * weight), _percent(weight, card.whole))


@_cached
def _percent(weight: int, whole: int) -> int:
    return max(1, (200 * weight + whole) // (2 * whole))


class Part(NamedTuple):
    """What one component did to the score: by moving itself, and by counting for more or less."""

    key: str
    moved: Fraction
    shifted: Fraction

    @property
    def points(self) -> Fraction:
        """The part of the change, in points."""
        return self.moved + self.shifted


def parts_of_change(
    before: Sequence[Component],
    after: Sequence[Component],
    card_before: Scorecard = DEFAULT,
    card_after: Scorecard = DEFAULT,
) -> tuple[Part, ...]:
    """CS-55: the change between two scores by component; the parts sum exactly to the change."""
    old, new = _shares(before, card_before), _shares(after, card_after)
    means = [sum((v * s for v, s in side.values()), Fraction(0)) for side in (old, new)]
    base = (means[0] + means[1]) / 2 if old and new else Fraction(50)
    parts = []
    for key in COMPONENTS:
        if key not in old and key not in new:
            continue
        v0, s0 = old.get(key) or (Fraction(0), new[key][1])
        v1, s1 = new.get(key) or (Fraction(0), old[key][1])
        moved = (v0 + v1) / 2 * (s1 - s0)
        parts.append(Part(key, moved, (v1 - v0) * ((s0 + s1) / 2 - base)))
    return tuple(parts)


def _shares(
    components: Sequence[Component], card: Scorecard
) -> dict[str, tuple[Fraction, Fraction]]:
    weight = sum(card.weights[component.key] for component in components)
    return {c.key: (Fraction(card.weights[c.key], weight), c.score) for c in components}


def tenths(parts: Sequence[Fraction]) -> tuple[Decimal, ...]:
    """Parts with one decimal that sum to their rounded sum; the largest remainders get the rest."""
    scaled = [part * 10 for part in parts]
    floors = [floor(part) for part in scaled]
    missing = floor(sum(scaled, Fraction(1, 2))) - sum(floors)
    order = sorted(range(len(parts)), key=lambda i: (floors[i] - scaled[i], i))
    for i in order[:missing]:
        floors[i] += 1
    return tuple(Decimal(whole) / 10 for whole in floors)


class Word(StrEnum):
    """The word for a score; also the buckets of every distribution."""

    HEALTHY = "Healthy"
    OK = "OK"
    AT_RISK = "At risk"
    CRITICAL = "Critical"
    NO_DATA = "No data"


class Bucket(NamedTuple):
    """Scores from `low` (included) to `high` (left out); both None is "No data"."""

    slug: str
    word: Word
    low: float | None
    high: float | None


BUCKETS: tuple[Bucket, ...] = (
    Bucket("healthy", Word.HEALTHY, 75.0, None),
    Bucket("ok", Word.OK, 50.0, 75.0),
    Bucket("at_risk", Word.AT_RISK, 25.0, 50.0),
    Bucket("critical", Word.CRITICAL, None, 25.0),
    Bucket("none", Word.NO_DATA, None, None),
)


def word(score: float | Decimal | None) -> Word:
    """The word for an unrounded score; None is a score without data."""
    if score is None:
        return Word.NO_DATA
    if score >= 75:
        return Word.HEALTHY
    if score >= 50:
        return Word.OK
    return Word.AT_RISK if score >= 25 else Word.CRITICAL


def shown(score: float) -> str:
    """A score as written on a screen: one decimal at most, never rounded up into a better word."""
    exact = Decimal(score)
    rounded = exact.quantize(Decimal("0.1"), ROUND_HALF_UP)
    if word(rounded) != word(score):
        rounded = exact.quantize(Decimal("0.1"), ROUND_DOWN)
    return f"{rounded:f}".removesuffix(".0")


def crosses(score: float, coverage: int, held_before: float | None, threshold: float) -> bool:
    """CS-58: whether this score crosses the threshold on its way down.

    `held_before` is the last score (with data) that was held against the
    threshold, or None if this is the first.
    """
    if not coverage or score > threshold:
        return False
    return held_before is None or held_before > threshold
