"""The reasons for being at risk: what a new business starts with (spec 08, 6.3; after Totango),
and how admins change the list. A reason that was given once is never removed, only archived."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils.text import slugify

from afterclose.accounts.models import RiskReason
from afterclose.businesses import audit
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require

SCORE = "score"
"""The reason that automation gives when the health score crosses the threshold (CS-58)."""

DEFAULT_REASONS = {
    SCORE: "Health score",
    "product": "Product and functionality",
    "champion-change": "Champion or leadership change",
    "business-change": "Business change or acquisition",
    "financial": "Financial standing",
    "adoption": "Adoption",
    "support": "Support",
    "engagement": "Engagement",
    "survey": "NPS or CSAT",
    "onboarding": "Delayed onboarding",
    "price": "Price",
    "competitor": "Competitor",
}


def add_default_reasons(actor: Actor, at: datetime) -> None:
    """Give a new business its list; admins change it under Settings."""
    RiskReason.objects.bulk_create(
        [
            RiskReason(key=key, label=label, order=order)
            for order, (key, label) in enumerate(DEFAULT_REASONS.items())
        ],
        ignore_conflicts=True,
    )


@transaction.atomic
def add_reason(*, actor: Actor, at: datetime, label: str) -> RiskReason:
    """Add a reason at the end of the list. Raises ValidationError for ``label``."""
    require(actor, Right.SETTINGS_EDIT)
    label = _clean(label)
    list(_locked())  # two at once would take the same place and key
    last = RiskReason.objects.aggregate(last=Max("order"))["last"]
    keys = set(RiskReason.objects.values_list("key", flat=True))
    stem = slugify(label)[:50] or "reason"
    numbered = (f"{stem}-{number}" for number in range(2, len(keys) + 3))
    key = next(each for each in (stem, *numbered) if each not in keys)
    reason = RiskReason.objects.create(key=key, label=label, order=(last or 0) + 1)
    audit.record("risk_reason.added", actor=actor, at=at, subject=reason)
    return reason


@transaction.atomic
def rename_reason(*, actor: Actor, at: datetime, reason_id: int, label: str) -> RiskReason:
    """Call a reason something else, everywhere and also in the past."""
    require(actor, Right.SETTINGS_EDIT)
    reason = _locked().get(id=reason_id)
    before, reason.label = reason.label, _clean(label, reason_id)
    if before != reason.label:
        reason.save(update_fields=["label"])
        audit.record(
            "risk_reason.renamed",
            actor=actor,
            at=at,
            subject=reason,
            changes={"label": [before, reason.label]},
        )
    return reason


@transaction.atomic
def archive_reason(*, actor: Actor, at: datetime, reason_id: int, archived: bool) -> RiskReason:
    """Take a reason out of the choice, or put it back; flags that have it keep it.

    Raises ValidationError for the reason that automation gives.
    """
    require(actor, Right.SETTINGS_EDIT)
    reason = _locked().get(id=reason_id)
    if reason.key == SCORE and archived:
        raise ValidationError(
            "The nightly run gives this reason itself. Switch the feature Health off instead."
        )
    if (reason.archived_at is not None) != archived:
        reason.archived_at = at if archived else None
        reason.save(update_fields=["archived_at"])
        verb = "risk_reason.archived" if archived else "risk_reason.restored"
        audit.record(verb, actor=actor, at=at, subject=reason)
    return reason


@transaction.atomic
def move_reason(*, actor: Actor, at: datetime, reason_id: int, down: bool) -> None:
    """Swap a reason with its neighbour in the list of those that are not archived."""
    require(actor, Right.SETTINGS_EDIT)
    reasons = list(_locked().filter(archived_at=None).order_by("order", "label"))
    here = next(place for place, each in enumerate(reasons) if each.id == reason_id)
    there = here + (1 if down else -1)
    if not 0 <= there < len(reasons):
        return
    reasons[here], reasons[there] = reasons[there], reasons[here]
    for order, each in enumerate(reasons):
        each.order = order
    RiskReason.objects.bulk_update(reasons, ["order"])
    audit.record("risk_reason.moved", actor=actor, at=at, subject=reasons[there])


def _locked() -> QuerySet[RiskReason]:
    return RiskReason.objects.select_for_update().order_by("id")


def _clean(label: str, own_id: int = 0) -> str:
    label = " ".join(label.split())
    if not 1 <= len(label) <= 100:
        raise ValidationError({"label": "Reason: enter 1 to 100 characters."})
    if RiskReason.objects.filter(label__iexact=label).exclude(id=own_id).exists():
        raise ValidationError({"label": f"Reason: “{label}” is in the list already."})
    return label
