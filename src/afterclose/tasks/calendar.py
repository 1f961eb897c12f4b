"""A member's tasks as a calendar (RFC 5545) behind a private link (CS-90).

Calendar programs ask without signing in, so the link itself is the secret: 256 random bits, of
which only a digest is stored. A due date is a whole day in every time zone, so an entry stands
on the same day wherever it is looked at.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from icalendar import Calendar, Event

from afterclose.businesses import audit
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require
from afterclose.tasks import queries
from afterclose.tasks.models import CalendarLink, Priority, Task

#: The dates that a calendar shows: no program needs more, and the answer stays small.
MOST = 1000
# RFC 5545: 1 is the highest, 9 the lowest.
PRIORITIES = {Priority.CRITICAL: 1, Priority.HIGH: 3, Priority.NORMAL: 5, Priority.LOW: 9}


def digest_of(secret: str) -> str:
    """What is stored of a link's secret, as hexadecimal SHA-256; its 256 random bits need no
    salt."""
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def renew_link(*, actor: Actor, at: datetime) -> str:
    """Make the actor's link, in place of one they have; returns its secret, which is not kept."""
    require(actor, Right.TASKS_VIEW)
    secret = secrets.token_urlsafe(32)
    link_of(actor).delete()
    CalendarLink.objects.create(
        digest=digest_of(secret),
        tenant_id=actor.business_id,
        member_id=actor.membership_id or 0,
        created_at=at,
    )
    audit.record(
        "calendar_link.renewed", actor=actor, at=at, subject_type="tasks.calendarlink",
        label=actor.name,
    )  # fmt: skip
    return secret


@transaction.atomic
def revoke_link(*, actor: Actor, at: datetime) -> bool:
    """Make the actor's link worthless; whether there was one."""
    require(actor, Right.TASKS_VIEW)
    gone, _ = link_of(actor).delete()
    if gone:
        audit.record(
            "calendar_link.revoked", actor=actor, at=at, subject_type="tasks.calendarlink",
            label=actor.name,
        )  # fmt: skip
    return bool(gone)


def link_of(viewer: Actor) -> QuerySet[CalendarLink]:
    """The viewer's own link, as a query of none or one."""
    return CalendarLink.objects.filter(
        tenant_id=viewer.business_id, member_id=viewer.membership_id or 0
    )


def link_behind(secret: str) -> CalendarLink | None:
    """The link of a secret; None for one that was never given out, renewed or revoked."""
    return CalendarLink.objects.filter(digest=digest_of(secret)).first()


def used(link: CalendarLink, on: date) -> None:
    """Note the day on which the link was last asked for."""
    if link.last_used_on != on:
        CalendarLink.objects.filter(pk=link.pk).update(last_used_on=on)


def entries(viewer: Actor) -> list[Task]:
    """The viewer's open tasks that have a date."""
    rows = queries.mine(viewer).filter(due_on__isnull=False)
    return list(queries.in_order(queries.in_full(rows))[:MOST])


def render(viewer: Actor, business: str, tasks: Iterable[Task]) -> bytes:
    """The calendar as a file; the same tasks give the same bytes."""
    calendar = Calendar()
    calendar.add("prodid", "-//Afterclose//Tasks//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", f"Tasks at {business}")
    calendar.add("x-wr-timezone", str(viewer.zone))
    # How often a program should ask again; both spellings are in use.
    calendar.add("refresh-interval", timedelta(hours=1), parameters={"value": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    sees_accounts = viewer.may(Right.ACCOUNTS_VIEW)
    for task in tasks:
        if task.due_on is not None:
            calendar.add_component(_entry(task, task.due_on, sees_accounts))
    return bytes(calendar.to_ical())


def _entry(task: Task, due_on: date, sees_accounts: bool) -> Event:
    address = f"{settings.SITE_URL}{reverse('tasks:detail', args=[task.pk])}"
    account = task.account.name if task.account and sees_accounts else ""
    entry = Event()
    entry.add("uid", f"task-{task.business_id}-{task.pk}@{urlsplit(settings.SITE_URL).hostname}")
    entry.add("dtstamp", task.updated_at.replace(microsecond=0))
    entry.add("created", task.created_at.replace(microsecond=0))
    entry.add("last-modified", task.updated_at.replace(microsecond=0))
    entry.add("summary", f"{task.title} ({account})" if account else task.title)
    entry.add("description", "\n\n".join(filter(None, [task.notes, address])))
    entry.add("url", address)
    entry.add("dtstart", due_on)
    entry.add("dtend", due_on + timedelta(days=1))
    entry.add("priority", PRIORITIES[Priority(task.priority)])
    # A task does not make its day busy.
    entry.add("transp", "TRANSPARENT")
    return entry
