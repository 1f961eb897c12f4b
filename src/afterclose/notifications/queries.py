"""Reads of the inbox: viewer in, own rows out; nobody reads another member's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Min, Q, QuerySet

from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require
from afterclose.notifications import kinds
from afterclose.notifications.kinds import Kind, Pace
from afterclose.notifications.models import MailTimes, Notification, OutgoingMail, Preference

# More than this is shown as "99+": nobody counts further, and the index is not read further.
COUNTED_UNREAD = 99
SHOWN = 50


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


def wishes(viewer: Actor) -> dict[Kind, tuple[bool, Pace]]:
    """The viewer's wishes for every kind: (in the inbox, pace of mails)."""
    stored = {wish.kind: wish for wish in Preference.objects.filter(member_id=viewer.membership_id)}
    return {
        kind: (stored[kind.slug].in_app, Pace(stored[kind.slug].mail))
        if kind.slug in stored
        else (True, kind.pace)
        for kind in kinds.every()
    }


def mail_times(viewer: Actor) -> MailTimes:
    """When the viewer wants mails; the product's own times where nothing was chosen."""
    found = MailTimes.objects.filter(member_id=viewer.membership_id).first()
    return found or MailTimes(business_id=viewer.business_id)


@dataclass(frozen=True, slots=True)
class MailCounts:
    """How many mails wait, since when the oldest, and how many were given up."""

    waiting: int
    oldest: datetime | None
    given_up: int


def mail_counts() -> MailCounts:
    """The mails of the business in context in three numbers; for monitors, so no viewer asks."""
    numbers = _waiting().aggregate(count=Count("id"), oldest=Min("created_at"))
    return MailCounts(numbers["count"], numbers["oldest"], _given_up().count())


def _waiting() -> QuerySet[OutgoingMail]:
    return OutgoingMail.objects.filter(sent_at__isnull=True, failed_at__isnull=True)


def _given_up() -> QuerySet[OutgoingMail]:
    return OutgoingMail.objects.filter(failed_at__isnull=False, sent_at__isnull=True)


@dataclass(frozen=True, slots=True)
class MailQueue:
    """How the mails of a business stand; ``problem`` is what the server said last."""

    waiting: int
    oldest: datetime | None
    tried: int
    problem: str
    given_up: list[OutgoingMail]


def mail_queue(viewer: Actor) -> MailQueue:
    """The mails that wait or were given up, for the page of operations."""
    require(viewer, Right.OPS_VIEW)
    waiting = _waiting()
    numbers = waiting.aggregate(
        count=Count("id"),
        oldest=Min("created_at"),
        tried=Count("id", filter=~Q(last_error="")),
        last=Max("next_try_at", filter=~Q(last_error="")),
    )
    problem = ""
    if numbers["last"] is not None:
        latest = waiting.exclude(last_error="").filter(next_try_at=numbers["last"]).first()
        problem = latest.last_error if latest else ""
    return MailQueue(
        waiting=numbers["count"],
        oldest=numbers["oldest"],
        tried=numbers["tried"],
        problem=problem,
        given_up=list(_given_up().order_by("-failed_at", "-id")[:SHOWN]),
    )
