"""Reads of the inbox: viewer in, own rows out; nobody reads another member's."""

from __future__ import annotations

from django.db.models import QuerySet

from afterclose.businesses.actors import Actor
from afterclose.notifications.models import MAILED, Kind, Notification, Preference

# More than this is shown as "99+": nobody counts further, and the index is not read further.
COUNTED_UNREAD = 99


def inbox(viewer: Actor) -> QuerySet[Notification]:
    """Everything that the viewer was told, newest first."""
    return Notification.objects.filter(member_id=viewer.membership_id).order_by(
        "-created_at", "-id"
    )


def unread(viewer: Actor) -> QuerySet[Notification]:
    """What the viewer has not read yet."""
    return inbox(viewer).filter(read_at__isnull=True)


def unread_count(viewer: Actor) -> str:
    """The number on the bell: empty for none, "99+" for many."""
    count = unread(viewer)[: COUNTED_UNREAD + 1].count()
    return f"{COUNTED_UNREAD}+" if count > COUNTED_UNREAD else str(count or "")


def wishes(viewer: Actor) -> dict[Kind, tuple[bool, bool | None]]:
    """The viewer's wishes: kind to (in the inbox, by mail); None where a kind is never mailed."""
    stored = {wish.kind: wish for wish in Preference.objects.filter(member_id=viewer.membership_id)}
    return {
        kind: (
            stored[kind].in_app if kind in stored else True,
            (stored[kind].by_mail if kind in stored else True) if kind in MAILED else None,
        )
        for kind in Kind
    }
