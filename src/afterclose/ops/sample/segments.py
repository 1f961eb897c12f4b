"""Segments over the sample customers, with the members and the counts of the past weeks."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError

from afterclose.businesses.actors import Actor
from afterclose.segments import actions, conditions, text
from afterclose.segments.fields import catalog
from afterclose.segments.models import Segment

#: Name, what it is for, of what, and the condition as a CSM would write it.
_SEGMENTS = (
    (
        "Large customers",
        "Where a call beats a mail.",
        "account",
        "stage in (active, renewal, expanding) and arr >= 50000 USD",
    ),
    (
        "Large and quiet",
        "Large customers that have stopped using the product.",
        "account",
        'segment any "Large customers" and (last_used before today - 14 days or'
        " usage_30_days changed by -20 % over 28 days from at least 20)",
    ),
    (
        "Renews soon, not healthy",
        "Renewals of the next quarter to save.",
        "account",
        "renews_on within next 90 days and health in (at_risk, critical)",
    ),
    (
        "No touch for a month",
        "Live customers that nobody has called, met or written to.",
        "account",
        "stage in (active, renewal, expanding) and not last_touch within last 30 days",
    ),
    (
        "Ready to grow",
        "Happy, healthy, and no urgent ticket open.",
        "account",
        "health is healthy and nps >= 9 and no tickets where (open is yes and priority is urgent)",
    ),
    (
        "References in EMEA",
        "Whom to ask for a quote or a call with a prospect.",
        "account",
        'tag all (EMEA, "Reference customer") and health in (healthy, ok)',
    ),
    (
        "Top tiers without an NDA",
        "Get the paper signed before the next roadmap call.",
        "account",
        "cf_tier in (gold, platinum) and cf_nda_signed is no",
    ),
    (
        "Champions at risk",
        "Champions of accounts that are at risk: call them first.",
        "contact",
        "champion is yes and left_on empty and account.at_risk is yes",
    ),
)


def make_segments(*, actor: Actor, at: datetime) -> None:
    """Make them; a segment of the business's own of the same name stays as it is."""
    for name, description, subject, condition in _SEGMENTS:
        if Segment.objects.filter(name_key=name.lower()).exists():
            continue
        known = catalog(subject)
        try:
            node = text.parse(condition, known)
        except conditions.ConditionError:
            continue  # it asks for a field that the business has made otherwise
        try:
            actions.create_segment(
                actor=actor,
                at=at,
                name=name,
                subject=subject,
                description=description,
                condition=conditions.write(node),
                is_sample=True,
            )
        except ValidationError:
            return  # there are as many segments as there can be
