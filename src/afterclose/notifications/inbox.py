"""What a member does with their own inbox: reading, and choosing what to be told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from afterclose.businesses.actors import Actor
from afterclose.notifications import queries
from afterclose.notifications.models import Kind, Preference


@transaction.atomic
def mark_read(*, actor: Actor, at: datetime, notification_id: int | None = None) -> int:
    """Mark one, or all, of the actor's own as read; returns how many were unread."""
    unread = queries.unread(actor)
    if notification_id is not None:
        unread = unread.filter(pk=notification_id)
    return unread.order_by().update(read_at=at)


@transaction.atomic
def choose(*, actor: Actor, wishes: Mapping[Kind, tuple[bool, bool]]) -> None:
    """Store the actor's wishes: kind to (in the inbox, by mail); the system has none."""
    if actor.membership_id is None:
        return
    Preference.objects.bulk_create(
        [
            Preference(member_id=actor.membership_id, kind=kind, in_app=in_app, by_mail=by_mail)
            for kind, (in_app, by_mail) in wishes.items()
        ],
        update_conflicts=True,
        unique_fields=["business", "member", "kind"],
        update_fields=["in_app", "by_mail"],
    )
