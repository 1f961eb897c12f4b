"""A score put into rows for a page: components with their share and sentence, and the change.

No database; addresses are those of the source rows (CS-55).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from django.urls import reverse

from afterclose.health import scoring
from afterclose.health.narratives import LABELS, MISSING, narrative
from afterclose.health.queries import Explanation
from afterclose.health.scoring import Component, Source


@dataclass(frozen=True, slots=True)
class ComponentRow:
    """One line of "Why?": `score` 0 to 100 or None without input; `points` is what it gives to
    the score, `share` the percentage of the weight in use."""

    label: str
    weight: int
    share: int | None
    score: str | None
    percent: float
    points: Decimal | None
    sentence: str
    url: str


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """What one component did to the score; `reason` where it only counts for more or less."""

    label: str
    points: Decimal
    before: str
    after: str
    reason: str

    @property
    def direction(self) -> str:
        """up, down or flat."""
        return "up" if self.points > 0 else "down" if self.points < 0 else "flat"


def source_url(key: str, component: Component | None, account_id: int) -> str:
    """Where the rows are that a component was computed from."""
    query = f"?account={account_id}"
    if key == scoring.USAGE:
        return reverse("usage:daily", args=[account_id])
    if key == scoring.SUPPORT:
        return reverse("support:tickets") + query
    if key == scoring.CONTRACT:
        return reverse("billing:subscriptions") + query
    source = component.inputs[0] if component else ""
    if source == Source.CONTACTS:
        return reverse("accounts:contacts") + query
    survey = f"&survey={source}" if source else ""
    return reverse("feedback:answers") + query + survey


def component_rows(explanation: Explanation, account_id: int) -> list[ComponentRow]:
    """Every component of the scorecard, those without input last in place but empty."""
    weights = explanation.card.weights
    found = {component.key: component for component in explanation.components}
    total = sum(weights[key] for key in found) or 1
    parts = {key: Fraction(weights[key], total) * each.score for key, each in found.items()}
    points = dict(zip(parts, scoring.tenths(list(parts.values())), strict=True))
    rows = []
    for key, weight in weights.items():
        component = found.get(key)
        rows.append(
            ComponentRow(
                label=LABELS[key],
                weight=weight,
                share=round(100 * weight / total) if component else None,
                score=scoring.shown(float(component.score)) if component else None,
                percent=float(component.score) if component else 0.0,
                points=points.get(key),
                sentence=narrative(component, explanation.snapshot.on)
                if component
                else MISSING[key],
                url=source_url(key, component, account_id),
            )
        )
    return rows


def change_rows(explanation: Explanation) -> list[ChangeRow]:
    """The change since the last score by component; the points sum to the change shown."""
    before, after = explanation.before, explanation.snapshot
    if before is None or not after.coverage:
        return []
    old = scoring.components_of(before.breakdown)
    new = explanation.components
    card = scoring.SCORECARDS[before.scorecard_version]
    parts = scoring.parts_of_change(old, new, card, explanation.card)
    sentences = (_sentences(old, before.on), _sentences(new, after.on))
    return [
        ChangeRow(
            label=LABELS[part.key],
            points=points,
            before=sentences[0].get(part.key, MISSING[part.key]),
            after=sentences[1].get(part.key, MISSING[part.key]),
            reason=_reason(part, sentences[0], sentences[1]),
        )
        for part, points in zip(parts, scoring.tenths([part.points for part in parts]), strict=True)
    ]


def change_shown(rows: list[ChangeRow]) -> Decimal:
    """The whole change, with one decimal."""
    return sum((row.points for row in rows), Decimal(0))


def _sentences(components: tuple[Component, ...], on: date) -> Mapping[str, str]:
    return {each.key: narrative(each, on) for each in components}


def _reason(part: scoring.Part, old: Mapping[str, str], new: Mapping[str, str]) -> str:
    if part.key not in old:
        return "Has input now, and counts"
    if part.key not in new:
        return "Has no input any more, and does not count"
    if part.shifted and not part.moved:
        return "Unchanged, but its share of the score is another, because others came or went"
    return ""
