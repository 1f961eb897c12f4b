"""The stage of a renewal, and why (CS-41). No database, no clock.

`queries.stage_of` is the same rule in SQL; a property test holds the two together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

WINDOWS = (30, 60, 90)
"""The windows on offer, in days; both ends included."""

DEFAULT_WINDOW = 90


class RenewalStage(StrEnum):
    """How a renewal stands, worst first."""

    CHURNING = "churning"
    AT_RISK = "at_risk"
    EXPANDING = "expanding"
    ON_TRACK = "on_track"

    @property
    def label(self) -> str:
        """The stage in words."""
        return LABELS[self]


LABELS = {
    RenewalStage.CHURNING: "Churning",
    RenewalStage.AT_RISK: "At risk",
    RenewalStage.EXPANDING: "Expanding",
    RenewalStage.ON_TRACK: "On track",
}


@dataclass(frozen=True, slots=True)
class Signs:
    """What is known about a renewal. `score` is 0 to 100, None without data; a renewal date set
    by hand has no subscription and so neither of its signs."""

    days: int
    is_cancelled: bool = False
    cancels_at_period_end: bool = False
    is_past_due: bool = False
    account_churned: bool = False
    account_expanding: bool = False
    is_flagged: bool = False
    score: float | None = None


def stage_of(signs: Signs, *, window_days: int, threshold: float) -> RenewalStage:
    """The first stage that matches (CS-41); below the threshold is strict."""
    cancels_inside = signs.cancels_at_period_end and 0 <= signs.days <= window_days
    if signs.is_cancelled or signs.account_churned or cancels_inside:
        return RenewalStage.CHURNING
    if signs.is_past_due or signs.is_flagged or _is_low(signs, threshold):
        return RenewalStage.AT_RISK
    return RenewalStage.EXPANDING if signs.account_expanding else RenewalStage.ON_TRACK


def reasons(signs: Signs, *, window_days: int, threshold: float) -> list[str]:
    """Every reason for the stage, in words; for on track that there is no sign of risk."""
    stage = stage_of(signs, window_days=window_days, threshold=threshold)
    if stage is RenewalStage.CHURNING:
        told = {
            "Subscription cancelled": signs.is_cancelled,
            "Account churned": signs.account_churned,
            "Cancels at period end": signs.cancels_at_period_end and not signs.is_cancelled,
        }
        return [words for words, holds in told.items() if holds]
    if stage is RenewalStage.AT_RISK:
        told = {
            "Payment past due": signs.is_past_due,
            "Flagged at risk": signs.is_flagged,
            f"Health {_shown(signs.score)} (below {threshold:g})": _is_low(signs, threshold),
        }
        return [words for words, holds in told.items() if holds]
    return ["Account expanding"] if stage is RenewalStage.EXPANDING else ["No risk signal"]


def _is_low(signs: Signs, threshold: float) -> bool:
    return signs.score is not None and signs.score < threshold


def _shown(score: float | None) -> str:
    """One decimal, cut off, so that 49.96 does not read as the 50.0 that it is below."""
    return "" if score is None else f"{math.floor(score * 10) / 10:.1f}"
