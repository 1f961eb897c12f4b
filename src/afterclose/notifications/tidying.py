"""What does not stay for ever: mails that were sent."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from afterclose.businesses.actors import Actor
from afterclose.notifications.models import OutgoingMail

BATCH = 1000


def tidy(*, actor: Actor, at: datetime) -> int:
    """Delete mails that were sent longer ago than the business keeps them (the setting
    ``sent_mail_days``); returns how many went.

    What waits stays, and what was given up until somebody tries it again or discards it. Call
    outside of a transaction: a thousand go at a time.
    """
    before = at - timedelta(days=actor.settings.sent_mail_days)
    gone = 0
    while True:
        with transaction.atomic():
            old = OutgoingMail.objects.filter(sent_at__lt=before).order_by("sent_at")
            ids = list(old.values_list("id", flat=True)[:BATCH])
            OutgoingMail.objects.filter(id__in=ids).delete()
        gone += len(ids)
        if len(ids) < BATCH:
            return gone
