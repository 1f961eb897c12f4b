"""Telling members something: a line in the inbox, and a mail at the pace that they want.

Both channels obey the member's preferences (CS-92), and both happen at most once per member
and key, however often they are asked for. Mails are written here and sent by ``delivery``;
what waits for a summary is put together by ``summaries``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched

from django.db import connection, transaction

from afterclose.businesses.actors import Actor
from afterclose.kit import texts
from afterclose.notifications.kinds import SUMMARIES, Kind, Pace
from afterclose.notifications.models import OutgoingMail, SummaryLine
from afterclose.notifications.wishes import Wishes, wishes_of
from afterclose.notifications.writing import TITLE_LENGTH, Mail, key_of, written

__all__ = ["Mail", "Message", "notify", "notify_many", "queue_mails"]

BATCH = 1000


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
            wishes = wishes_of(actor, {message.member_id for message in batch})
            told += _insert(actor, at, [m for m in batch if wishes.in_app(m.member_id, m.kind)])
            _queue(at, [_mail_of(message) for message in batch if message.by_mail], wishes)
    return told


def queue_mails(*, actor: Actor, at: datetime, mails: Iterable[Mail]) -> int:
    """Write mails for sending, or for the next summary of those who want that; returns how many
    are new. In the caller's transaction."""
    queued = 0
    with transaction.atomic():
        for batch in batched(mails, BATCH):
            wishes = wishes_of(actor, {mail.member_id for mail in batch})
            queued += _queue(at, batch, wishes)
    return queued


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
                [message.kind.slug for message in messages],
                [message.account_id for message in messages],
                [texts.one_line(message.title)[:TITLE_LENGTH] for message in messages],
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
        context={"title": texts.one_line(message.title), "body": message.body, "url": message.url},
        is_urgent=message.is_urgent,
    )


def _queue(at: datetime, mails: Sequence[Mail], wishes: Wishes) -> int:
    paced = [(mail, wishes.pace(mail.member_id, mail.kind)) for mail in mails]
    wanted = [mail for mail, pace in paced if pace is Pace.NOW]
    known = set(
        OutgoingMail.objects.filter(key__in=[key_of(mail) for mail in wanted]).values_list(
            "key", flat=True
        )
    )
    # A second writer at the same moment is stopped by the unique key.
    rows = [written(at, mail, wishes) for mail in wanted if key_of(mail) not in known]
    OutgoingMail.objects.bulk_create(rows, ignore_conflicts=True)
    lines = [_line(at, mail, pace) for mail, pace in paced if pace in SUMMARIES]
    SummaryLine.objects.bulk_create(lines, ignore_conflicts=True)
    return len(rows) + len(lines)


def _line(at: datetime, mail: Mail, pace: Pace) -> SummaryLine:
    return SummaryLine(
        member_id=mail.member_id,
        pace=pace,
        kind=mail.kind.slug,
        key=mail.key,
        title=texts.one_line(mail.subject)[:TITLE_LENGTH],
        body=str(mail.context.get("body") or ""),
        url=str(mail.context.get("url") or ""),
        is_urgent=mail.is_urgent,
        created_at=at,
    )
