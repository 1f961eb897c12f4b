"""What does not stay for ever: old deliveries, secrets that ended, texts under an old key."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from afterclose.businesses.actors import Actor
from afterclose.kit.encryption import NotReadable, renewed
from afterclose.webhooks.models import PURPOSE, Delivery, SigningSecret, Status

KEPT_DELIVERED = timedelta(days=30)
KEPT_OTHERS = timedelta(days=90)
BATCH = 1000


def tidy(*, actor: Actor, at: datetime) -> int:
    """Remove what was settled long enough ago; returns how many deliveries went.

    What waits stays, however old. Call outside of a transaction.
    """
    gone = _forget([Status.DELIVERED], at - KEPT_DELIVERED)
    gone += _forget([Status.FAILED, Status.SKIPPED], at - KEPT_OTHERS)
    with transaction.atomic():
        SigningSecret.objects.filter(ends_at__lt=at).delete()
        for secret in SigningSecret.objects.select_for_update():
            try:
                fresh = renewed(secret.encrypted, purpose=PURPOSE)
            except NotReadable:
                continue  # Its page says so; another secret helps.
            if fresh is not None:
                SigningSecret.objects.filter(pk=secret.pk).update(encrypted=fresh)
    return gone


def _forget(statuses: list[Status], before: datetime) -> int:
    gone = 0
    while True:
        with transaction.atomic():
            # What was sent or skipped late is kept as long; the older instant has the index.
            old = Delivery.objects.filter(
                status__in=statuses, created_at__lt=before, settled_at__lt=before
            )
            ids = list(old.order_by("created_at", "id").values_list("id", flat=True)[:BATCH])
            Delivery.objects.filter(id__in=ids).delete()
        gone += len(ids)
        if len(ids) < BATCH:
            return gone
