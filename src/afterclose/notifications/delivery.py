"""Sending the mails that ``actions`` wrote: each is kept until the mail server took it.

A mail is claimed in one short transaction that also sets its next try, sent outside of any,
and marked in another. So a worker that dies between sending and marking repeats that one mail
after the pause; its Message-ID stays the same, by which receivers drop the copy.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction

from afterclose.businesses.actors import Actor
from afterclose.notifications.models import OutgoingMail

logger = logging.getLogger(__name__)

CLAIM = 50
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
#: With the pauses growing to six hours, this is a bit over two days.
MOST_ATTEMPTS = 16


def pause_after(attempts: int) -> timedelta:
    """How long to wait after that many attempts: doubling, six hours at most."""
    doublings: int = 2 ** min(attempts - 1, 20)
    return min(FIRST_PAUSE * doublings, LONGEST_PAUSE)


def send_due(*, actor: Actor, at: datetime) -> int:
    """Send the mails that are due; returns how many the server took.

    Call outside of a transaction. When the server cannot be reached at all, the rest waits
    for its own next try.
    """
    sent = 0
    while mails := _claim(at):
        sent += sum(_send(mail, at) for mail in mails)
    return sent


def _claim(at: datetime) -> list[OutgoingMail]:
    with transaction.atomic():
        mails = list(
            OutgoingMail.objects.select_for_update(skip_locked=True)
            .filter(sent_at__isnull=True, failed_at__isnull=True, next_try_at__lte=at)
            .order_by("next_try_at")[:CLAIM]
        )
        for mail in mails:
            mail.attempts += 1
            mail.next_try_at = at + pause_after(mail.attempts)
        OutgoingMail.objects.bulk_update(mails, ["attempts", "next_try_at"])
    return mails


def _send(mail: OutgoingMail, at: datetime) -> bool:
    message = EmailMultiAlternatives(
        mail.subject,
        mail.text,
        settings.DEFAULT_FROM_EMAIL,
        [mail.to],
        headers={
            "Message-ID": f"<mail-{mail.business_id}-{mail.pk}@{_host()}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    if mail.html:
        message.attach_alternative(mail.html, "text/html")
    try:
        message.send()
    except Exception as error:  # whatever the server or the network says
        logger.warning("Mail %s was not sent (attempt %s): %s", mail.pk, mail.attempts, error)
        given_up = at if mail.attempts >= MOST_ATTEMPTS else None
        with transaction.atomic():
            OutgoingMail.objects.filter(pk=mail.pk).update(
                last_error=str(error)[:2000], failed_at=given_up
            )
        return False
    with transaction.atomic():
        OutgoingMail.objects.filter(pk=mail.pk).update(sent_at=at, last_error="")
    return True


def _host() -> str:
    return settings.SITE_URL.split("//")[-1].split("/")[0].split(":")[0]
