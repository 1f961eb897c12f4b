"""The reasons for being at risk that a new business starts with (spec 08, 6.3; after Totango)."""

from __future__ import annotations

from datetime import datetime

from afterclose.accounts.models import RiskReason
from afterclose.businesses.actors import Actor

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
