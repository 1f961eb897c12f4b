"""Telling members something: a line in the inbox, and a mail where the kind is mailed.

Both channels obey the member's preferences (CS-92), and both happen at most once per member
and key, however often they are asked for. Mails are written here and sent by ``delivery``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched

from django.conf import settings
from django.db import connection, transaction
from django.template.loader import render_to_string
from django.utils import translation

from afterclose.businesses.actors import Actor
from afterclose.businesses.models import Business, Membership
from afterclose.notifications.models import MAILED, Kind, OutgoingMail, Preference

BATCH = 1000
TITLE_LENGTH = 300


@dataclass(frozen=True, slots=True)
class Message:
    """Something that a member is told. `url` is a path of ours; `key` names the fact, so that
    it is told once; `by_mail` False leaves the mail to the caller (who groups several)."""

    member_id: int
    kind: Kind
    key: str
    title: str
    body: str = ""
    url: str = ""
    account_id: int | None = None
    is_urgent: bool = False
    by_mail: bool = True


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to a member: `template` names a pair of templates, `<template>.txt` and
    `<template>.html`, that get `context`, `business`, `member` and `site_url`."""

    member_id: int
    kind: Kind
    key: str
    subject: str
    template: str
    context: dict[str, object]


def notify(*, actor: Actor, at: datetime, message: Message) -> bool:
    """Tell one member; False when they were told before or have switched the kind off."""
    return bool(notify_many(actor=actor, at=at, messages=[message]))


def notify_many(*, actor: Actor, at: datetime, messages: Iterable[Message]) -> int:
    """Tell members, set-wise; returns how many inbox lines are new.

    Must run in the transaction that made the messages true. Members who have left are not told.
    """
    told = 0
    with transaction.atomic():
        for batch in batched(messages, BATCH):
            wishes = _wishes(actor, {message.member_id for message in batch})
            told += _insert(actor, at, [m for m in batch if wishes.in_app(m.member_id, m.kind)])
            _queue(
                at,
                [
                    _mail_of(message)
                    for message in batch
                    if message.by_mail and message.kind in MAILED
                ],
                wishes,
            )
    return told


def queue_mails(*, actor: Actor, at: datetime, mails: Iterable[Mail]) -> int:
    """Write mails for sending; returns how many are new. In the caller's transaction."""
    queued = 0
    with transaction.atomic():
        for batch in batched(mails, BATCH):
            queued += _queue(at, batch, _wishes(actor, {mail.member_id for mail in batch}))
    return queued


class _Wishes:
    """Who is still a member, and what each has switched off."""

    def __init__(self, business: Business, members: dict[int, Membership]) -> None:
        self.business = business
        self.members = members
        self._off: dict[tuple[int, str], Preference] = {
            (wish.member_id, wish.kind): wish
            for wish in Preference.objects.filter(member_id__in=members)
        }

    def in_app(self, member_id: int, kind: Kind) -> bool:
        wish = self._off.get((member_id, kind))
        return member_id in self.members and (wish is None or wish.in_app)

    def by_mail(self, member_id: int, kind: Kind) -> bool:
        wish = self._off.get((member_id, kind))
        return member_id in self.members and (wish is None or wish.by_mail)


def _wishes(actor: Actor, member_ids: set[int]) -> _Wishes:
    members = Membership.objects.filter(
        id__in=member_ids, deactivated_at__isnull=True
    ).select_related("person")
    business = Business.objects.get(pk=actor.business_id)
    return _Wishes(business, {member.id: member for member in members})


_INSERT = """
    INSERT INTO notifications_notification
           (business_id, member_id, kind, account_id, title, body, url, is_urgent, created_at, key)
    SELECT %s, m.*
      FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[],
                  %s::boolean[], %s::timestamptz[], %s::text[]) AS m
        ON CONFLICT (business_id, member_id, key) DO NOTHING
"""


def _insert(actor: Actor, at: datetime, messages: Sequence[Message]) -> int:
    if not messages:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            [
                actor.business_id,
                [message.member_id for message in messages],
                [message.kind.value for message in messages],
                [message.account_id for message in messages],
                [message.title[:TITLE_LENGTH] for message in messages],
                [message.body for message in messages],
                [message.url for message in messages],
                [message.is_urgent for message in messages],
                [at for _ in messages],
                [message.key for message in messages],
            ],
        )
        return int(cursor.rowcount)


def _mail_of(message: Message) -> Mail:
    return Mail(
        member_id=message.member_id,
        kind=message.kind,
        key=message.key,
        subject=message.title,
        template="notifications/mail/message",
        context={"title": message.title, "body": message.body, "url": message.url},
    )


def _queue(at: datetime, mails: Sequence[Mail], wishes: _Wishes) -> int:
    wanted = [mail for mail in mails if wishes.by_mail(mail.member_id, mail.kind)]
    known = set(
        OutgoingMail.objects.filter(key__in=[_key(mail) for mail in wanted]).values_list(
            "key", flat=True
        )
    )
    # A second writer at the same moment is stopped by the unique key.
    rows = [_rendered(at, mail, wishes) for mail in wanted if _key(mail) not in known]
    OutgoingMail.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _key(mail: Mail) -> str:
    return f"{mail.member_id}:{mail.key}"


def _rendered(at: datetime, mail: Mail, wishes: _Wishes) -> OutgoingMail:
    member = wishes.members[mail.member_id]
    context = {
        **mail.context,
        "subject": mail.subject,
        "business": wishes.business,
        "member": member,
        "site_url": settings.SITE_URL,
    }
    with translation.override(member.person.locale or None):
        text = render_to_string(f"{mail.template}.txt", context)
        html = render_to_string(f"{mail.template}.html", context)
    return OutgoingMail(
        to=member.person.email,
        subject=" ".join(mail.subject.split())[:TITLE_LENGTH],
        text=text.strip() + "\n",
        html=html,
        created_at=at,
        next_try_at=at,
        key=_key(mail),
    )
