"""Saved views of lists that come with sample data, shared by the member who asked for it."""

from __future__ import annotations

from datetime import datetime

from afterclose.businesses.models import Membership, SavedView

# List, name, and what it shows.
VIEWS = (
    (
        "accounts",
        "Renewing this quarter",
        "period_ends_on=next-90&stage=active&stage=renewal&sort=-arr"
        "&cols=name,stage,arr,period_ends_on,csm",
    ),
    ("accounts", "Quiet customers", "last_used_on=none&stage=active&cols=name,stage,csm,arr"),
    ("contacts", "Champions to thank", "champion=yes&sort=name&cols=name,account,title,email"),
)


def share_views(*, at: datetime, member_id: int | None) -> None:
    """Share them, where nobody has views of these names."""
    owner_id = (
        member_id
        or (
            Membership.objects.filter(deactivated_at=None)
            .order_by("id")
            .values_list("id", flat=True)
        ).first()
    )
    if owner_id is None:
        return
    for list_name, name, query in VIEWS:
        SavedView.objects.get_or_create(
            list_name=list_name,
            owner_id=owner_id,
            name=name,
            defaults={"query": query, "is_shared": True, "is_sample": True, "saved_at": at},
        )
