"""Writes of renewals: the reminders (CS-44)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import batched
from typing import Any

from django.db import connection, transaction

from afterclose.accounts import timeline
from afterclose.accounts.models import Event
from afterclose.billing.models import Subscription
from afterclose.businesses.actors import Actor
from afterclose.businesses.models import Membership, Role
from afterclose.businesses.permissions import Right, require
from afterclose.kit.money import Money
from afterclose.notifications.actions import Mail, Message, notify_many, queue_mails
from afterclose.renewals import queries, telling
from afterclose.renewals.models import Reminder
from afterclose.renewals.telling import Due

REMINDED = "renewal.reminded"
CHUNK = 4000
NOBODYS = "/renewals/90-days/?csm=none"


def send_reminders(*, actor: Actor, at: datetime, on: date) -> int:
    """Remind of every renewal that has come to a threshold by the day `on`; returns how many.

    Each chunk is one transaction: reminders, timeline, inbox and mails are there together or
    not at all, so a run that dies is continued by the next and repeats nothing.
    """
    require(actor, Right.RENEWALS_EDIT)
    with transaction.atomic():
        due = list(queries.to_remind(actor, on).values_list("id", flat=True))
    return sum(_remind_chunk(actor, at, on, ids) for ids in batched(due, CHUNK))


@transaction.atomic
def _remind_chunk(actor: Actor, at: datetime, on: date, ids: Sequence[int]) -> int:
    """Remind of those of the renewals that are still due once nobody else is at it."""
    _one_at_a_time(actor)
    rows = list(queries.to_remind(actor, on).filter(id__in=ids))
    by_member: dict[int | None, list[Due]] = defaultdict(list)
    for row in rows:
        by_member[row["told_id"]].append(_due(row))
    _write(actor, at, by_member)
    _tell(actor, at, by_member)
    return len(rows)


def _one_at_a_time(actor: Actor) -> None:
    """Make a second run of the same business wait; it then finds nothing left to do. The
    unique key of Reminder stands behind it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('renewals.reminders'), %s::int)",
            [actor.business_id % 2**31],
        )


def _due(row: Mapping[str, Any]) -> Due:
    standing = queries.standing_of(row)
    return Due(
        account_id=row["account_id"],
        account_name=row["account__name"],
        subscription_id=row["subscription_id"],
        plan=row["plan"],
        renews_on=row["renews_on"],
        days=standing.days,
        threshold=row["due"],
        value=Money(row["arr"], row["currency"]) if row["arr"] is not None else None,
        ends=row["cancel_at_period_end"],
        stage=standing.stage.label,
        reasons=tuple(standing.reasons),
    )


def _write(actor: Actor, at: datetime, by_member: Mapping[int | None, list[Due]]) -> None:
    found = [(member_id, due) for member_id, all_due in by_member.items() for due in all_due]
    Reminder.objects.bulk_create(
        Reminder(
            account_id=due.account_id,
            subscription_id=due.subscription_id,
            renews_on=due.renews_on,
            threshold=due.threshold,
            told_id=member_id,
            sent_at=at,
        )
        for member_id, due in found
    )
    timeline.record_many(
        Event(
            kind=REMINDED,
            actor_name=actor.name,
            by_id=actor.membership_id,
            account_id=due.account_id,
            occurred_at=at,
            title=f"Renewal reminder sent: {due.plan or 'renewal'} {due.when}",
            body=due.standing,
            subject_type=Subscription._meta.label_lower if due.subscription_id else "",
            subject_id=due.subscription_id,
            payload={"threshold": due.threshold, "renews_on": due.renews_on.isoformat()},
            key=due.key,
        )
        for _, due in found
    )


def _tell(actor: Actor, at: datetime, by_member: Mapping[int | None, list[Due]]) -> None:
    messages: list[Message] = []
    mails: list[Mail] = []
    for member_id, due in by_member.items():
        if member_id is not None:
            messages += telling.messages(member_id, due)
            mails.append(telling.mail(member_id, due))
    for admin_id in _admins() if None in by_member else ():
        due = by_member[None]
        messages.append(telling.message_to_admin(admin_id, due))
        mails.append(telling.mail(admin_id, due, whose="of accounts without a CSM", url=NOBODYS))
    notify_many(actor=actor, at=at, messages=messages)
    queue_mails(actor=actor, at=at, mails=mails)


def _admins() -> list[int]:
    admins = Membership.objects.filter(
        role__in=[Role.ADMIN, Role.SUPER_ADMIN], deactivated_at__isnull=True
    )
    return list(admins.values_list("id", flat=True))
