"""Sending the mails that wait: each is kept until the mail server took it.

A mail is claimed in one short transaction that also sets its next try, sent outside of any,
and marked in another. So a worker that dies between sending and marking repeats that one mail
after the lease; its Message-ID stays the same, by which receivers drop the copy. SMTP has no
way to ask whether a mail was taken, so this is as near to once as it comes.
"""

from __future__ import annotations

import logging
import smtplib
import time
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, mailers
from django.db import transaction

from afterclose.businesses import audit
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require
from afterclose.notifications.models import OutgoingMail
from afterclose.notifications.wishes import wishes_of

logger = logging.getLogger(__name__)

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
#: Nobody else takes a claimed mail for so long; longer than a server takes to answer.
LEASE = timedelta(minutes=10)
#: A pass ends after this, well within the lease, which counts from its begin; the job of the
#: next minute goes on.
PASS_SECONDS = 240.0
#: A mail that no server took for so long is given up, and stands on the page of operations.
GIVE_UP_AFTER = timedelta(days=4)


class NoFailedMailError(LookupError):
    """There is no such mail that was given up."""


def pause_after(attempts: int) -> timedelta:
    """How long to wait after that many attempts: doubling, six hours at most."""
    doublings: int = 2 ** min(attempts - 1, 20)
    return min(FIRST_PAUSE * doublings, LONGEST_PAUSE)


def is_for_good(error: Exception) -> bool:
    """Whether the server said that this address will never take the mail (5xx for it)."""
    return isinstance(error, smtplib.SMTPRecipientsRefused) and all(
        500 <= code < 600 for code, _ in error.recipients.values()
    )


def send_due(*, actor: Actor, at: datetime, seconds: float = PASS_SECONDS) -> int:
    """Send the mails that are due, over one connection, for at most ``seconds``; returns how
    many the server took.

    Call outside of a transaction. When the server cannot be reached, one mail has its try and
    the rest keep theirs: they go as soon as it is back.
    """
    ends, sent = time.monotonic() + seconds, 0
    server: Any = mailers.default
    try:
        while time.monotonic() < ends and (mail := _claim(actor, at)) is not None:
            try:
                server.open()
            except Exception as error:  # whatever the network says
                _failed(mail, at, error)
                break
            sent += _send(server, mail, at)
    finally:
        # What is sent is sent, however the goodbye goes.
        with suppress(Exception):
            server.close()
    return sent


def _claim(actor: Actor, at: datetime) -> OutgoingMail | None:
    """The next mail that is due, as ours for the length of the lease."""
    while True:
        with transaction.atomic():
            mail = (
                OutgoingMail.objects.select_for_update(skip_locked=True, of=("self",))
                .filter(sent_at__isnull=True, failed_at__isnull=True, next_try_at__lte=at)
                .order_by("next_try_at", "id")
                .first()
            )
            if mail is None:
                return None
            if mail.member_id is not None:
                wishes = wishes_of(actor, {mail.member_id})
                member = wishes.members.get(mail.member_id)
                if member is None:
                    # Whose access was taken away learns nothing more, not from what waited either.
                    mail.delete()
                    continue
                # The address may be another one by now.
                mail.to = member.person.email
                # Written before the quiet hours began, or tried in vain until then.
                if (until := wishes.quiet_until(member.pk, at)) is not None:
                    mail.next_try_at = until
                    mail.save(update_fields=["next_try_at", "to"])
                    continue
            mail.attempts += 1
            mail.next_try_at = at + LEASE
            mail.save(update_fields=["attempts", "next_try_at", "to"])
            return mail


def _send(server: Any, mail: OutgoingMail, at: datetime) -> bool:
    try:
        server.send_messages([_message(mail)])
    except Exception as error:  # whatever the server or the network says
        _failed(mail, at, error)
        # A connection that broke is no good for the next one.
        with suppress(Exception):
            server.close()
        return False
    with transaction.atomic():
        OutgoingMail.objects.filter(pk=mail.pk).update(sent_at=at, last_error="")
    return True


def _message(mail: OutgoingMail) -> EmailMultiAlternatives:
    headers = {
        "Message-ID": f"<mail-{mail.business_id}-{mail.pk}@{urlsplit(settings.SITE_URL).hostname}>",
        "Auto-Submitted": "auto-generated",
    }
    if mail.stop_url:
        headers["List-Unsubscribe"] = f"<{mail.stop_url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message = EmailMultiAlternatives(
        mail.subject, mail.text, settings.DEFAULT_FROM_EMAIL, [mail.to], headers=headers
    )
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    return message


def _failed(mail: OutgoingMail, at: datetime, error: Exception) -> None:
    logger.warning("Mail %s was not sent (attempt %s): %s", mail.pk, mail.attempts, error)
    next_try = at + pause_after(mail.attempts)
    give_up = is_for_good(error) or next_try > (mail.give_up_at or mail.created_at + GIVE_UP_AFTER)
    with transaction.atomic():
        OutgoingMail.objects.filter(pk=mail.pk).update(
            last_error=str(error)[:2000],
            next_try_at=next_try,
            failed_at=at if give_up else None,
        )


@transaction.atomic
def try_again(*, actor: Actor, at: datetime, mail_id: int) -> OutgoingMail:
    """Put a mail that was given up back into the queue, for as long as a new one. Raises
    NoFailedMailError."""
    require(actor, Right.OPS_VIEW)
    mail = _given_up(mail_id)
    mail.failed_at, mail.attempts = None, 0
    mail.next_try_at, mail.give_up_at = at, at + GIVE_UP_AFTER
    mail.save(update_fields=["failed_at", "attempts", "next_try_at", "give_up_at"])
    audit.record("mail.retried", actor=actor, at=at, subject=mail)
    return mail


@transaction.atomic
def discard(*, actor: Actor, at: datetime, mail_id: int) -> None:
    """Delete a mail that was given up: nobody is to get it any more. Raises NoFailedMailError."""
    require(actor, Right.OPS_VIEW)
    mail = _given_up(mail_id)
    audit.record(
        "mail.discarded",
        actor=actor,
        at=at,
        subject=mail,
        changes={"to": mail.to, "error": mail.last_error[:300]},
    )
    mail.delete()


def _given_up(mail_id: int) -> OutgoingMail:
    mail: OutgoingMail | None = (
        OutgoingMail.objects.select_for_update(of=("self",))
        .filter(pk=mail_id, failed_at__isnull=False, sent_at__isnull=True)
        .first()
    )
    if mail is None:
        raise NoFailedMailError("There is no such mail that was given up.")
    return mail
