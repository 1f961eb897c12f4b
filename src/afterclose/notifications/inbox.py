"""What a member does with their own inbox: reading, and choosing what to be told, how, when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time

from django.core.exceptions import ValidationError
from django.db import transaction

from afterclose.businesses.actors import Actor
from afterclose.notifications import kinds, queries
from afterclose.notifications.kinds import Kind, Pace
from afterclose.notifications.models import MailTimes, Preference


@transaction.atomic
def mark_read(
    *, actor: Actor, at: datetime, notification_id: int | None = None, kind: str = ""
) -> int:
    """Mark one, all of a kind, or all of the actor's own as read; returns how many were unread."""
    unread = queries.unread(actor)
    if notification_id is not None:
        unread = unread.filter(pk=notification_id)
    if kind:
        unread = unread.filter(kind=kind)
    return unread.order_by().update(read_at=at)


@transaction.atomic
def mark_unread(*, actor: Actor, notification_id: int) -> bool:
    """Mark one of the actor's own as not read; whether it was read."""
    mine = queries.inbox(actor).filter(pk=notification_id, read_at__isnull=False)
    return bool(mine.order_by().update(read_at=None))


@transaction.atomic
def choose(*, actor: Actor, wishes: Mapping[Kind, tuple[bool, Pace]]) -> None:
    """Store the actor's wishes: kind to (in the inbox, pace of mails); the system has none."""
    if actor.membership_id is None:
        return
    Preference.objects.bulk_create(
        [
            Preference(member_id=actor.membership_id, kind=kind.slug, in_app=in_app, mail=pace)
            for kind, (in_app, pace) in wishes.items()
        ],
        update_conflicts=True,
        unique_fields=["business", "member", "kind"],
        update_fields=["in_app", "mail"],
    )


@transaction.atomic
def choose_times(
    *,
    actor: Actor,
    quiet_from: time | None,
    quiet_to: time | None,
    summary_at: time,
    summary_weekday: int,
) -> None:
    """Store when the actor wants mails, as wall times of their zone; ValidationError names what
    does not fit. What waits already follows."""
    if actor.membership_id is None:
        return
    if (quiet_from is None) != (quiet_to is None):
        missing = "quiet_to" if quiet_to is None else "quiet_from"
        raise ValidationError({missing: "Quiet hours need a beginning and an end."})
    if quiet_from is not None and quiet_from == quiet_to:
        raise ValidationError({"quiet_to": "Quiet hours end at another time than they begin."})
    if not 0 <= summary_weekday <= 6:
        raise ValidationError({"summary_weekday": "Choose a day of the week."})
    MailTimes.objects.bulk_create(
        [
            MailTimes(
                member_id=actor.membership_id,
                quiet_from=quiet_from,
                quiet_to=quiet_to,
                summary_at=summary_at,
                summary_weekday=summary_weekday,
            )
        ],
        update_conflicts=True,
        unique_fields=["business", "member"],
        update_fields=["quiet_from", "quiet_to", "summary_at", "summary_weekday"],
    )


def stop_mails(*, actor: Actor, what: str) -> int:
    """Switch mails off: of the kind with that slug, or of every kind in the summary of that
    pace; returns how many kinds that are. The inbox stays as it is."""
    wishes = queries.wishes(actor)
    stopped = {
        kind: (in_app, Pace.OFF)
        for kind, (in_app, pace) in wishes.items()
        if kind.slug == what or (what in kinds.SUMMARIES and pace == what)
    }
    choose(actor=actor, wishes=stopped)
    return len(stopped)
