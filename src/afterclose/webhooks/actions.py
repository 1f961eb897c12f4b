"""Writes: endpoints and their secrets, and what is done again by hand; each is audited."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F

from afterclose.accounts import facts
from afterclose.businesses import audit
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require
from afterclose.kit import outbound
from afterclose.webhooks import jobs, signing
from afterclose.webhooks.models import Attempt, Delivery, Endpoint, SigningSecret, Status

TEST = "webhook.test"
#: So long the secret before a rotation signs too.
OLD_SECRET_LASTS = timedelta(hours=24)
MOST_ENDPOINTS = 50


def add_endpoint(
    *,
    actor: Actor,
    at: datetime,
    url: str,
    description: str = "",
    all_kinds: bool = True,
    kinds: Sequence[str] = (),
) -> tuple[Endpoint, SigningSecret]:
    """Have facts sent to an address from now on; returns the endpoint and its secret.

    Call outside of a transaction, for the host's name is looked up. Raises ValidationError
    naming the field.
    """
    require(actor, Right.WEBHOOKS_EDIT)
    values = _values(url, description, all_kinds, kinds)
    _vet(values["url"])
    with transaction.atomic():
        if Endpoint.objects.count() >= MOST_ENDPOINTS:
            raise ValidationError(
                f"There are {MOST_ENDPOINTS} webhooks, the most there can be. Remove one first."
            )
        endpoint = Endpoint.objects.create(
            **values, created_at=at, created_by_id=actor.membership_id
        )
        secret = _new_secret(endpoint, at)
        audit.record("webhook.added", actor=actor, at=at, subject=endpoint, changes=values)
    return endpoint, secret


def change_endpoint(
    *,
    actor: Actor,
    at: datetime,
    endpoint_id: int,
    url: str,
    description: str = "",
    all_kinds: bool = True,
    kinds: Sequence[str] = (),
) -> Endpoint:
    """Change where facts go, and which. What waits goes to the new address.

    Call outside of a transaction. Raises ValidationError naming the field.
    """
    require(actor, Right.WEBHOOKS_EDIT)
    values = _values(url, description, all_kinds, kinds)
    _vet(values["url"])
    with transaction.atomic():
        endpoint = _locked(endpoint_id)
        changes = audit.difference({key: getattr(endpoint, key) for key in values}, values)
        if not changes:
            return endpoint
        for key, value in values.items():
            setattr(endpoint, key, value)
        if "url" in changes:
            # Another address deserves a try of its own.
            endpoint.forget_failures()
        endpoint.save()
        audit.record("webhook.changed", actor=actor, at=at, subject=endpoint, changes=changes)
        jobs.wake(actor.business_id, endpoint.pk)
    return endpoint


@transaction.atomic
def pause(*, actor: Actor, at: datetime, endpoint_id: int) -> Endpoint:
    """Send nothing for now; what happens meanwhile is kept."""
    require(actor, Right.WEBHOOKS_EDIT)
    endpoint = _locked(endpoint_id)
    if endpoint.paused_at is None and endpoint.disabled_at is None:
        endpoint.paused_at = at
        endpoint.save(update_fields=["paused_at"])
        audit.record("webhook.paused", actor=actor, at=at, subject=endpoint)
    return endpoint


@transaction.atomic
def resume(*, actor: Actor, at: datetime, endpoint_id: int, skip_waiting: bool = False) -> Endpoint:
    """Send again, after a pause or when it was disabled: everything that waits, in order.

    ``skip_waiting`` leaves that unsent instead; it stays in the log and can be sent from there.
    """
    require(actor, Right.WEBHOOKS_EDIT)
    endpoint = _locked(endpoint_id)
    if endpoint.is_sending:
        return endpoint
    endpoint.paused_at = endpoint.disabled_at = None
    endpoint.disabled_why = ""
    endpoint.forget_failures()
    endpoint.save()
    waiting = Delivery.objects.filter(endpoint=endpoint, status=Status.WAITING)
    if skip_waiting:
        count = waiting.update(status=Status.SKIPPED, settled_at=at)
    else:
        count = waiting.filter(ready_at__gt=F("created_at")).update(ready_at=F("created_at"))
        jobs.wake(actor.business_id, endpoint.pk)
    audit.record("webhook.resumed", actor=actor, at=at, subject=endpoint,
                 changes={"skipped": count} if skip_waiting else {})  # fmt: skip
    return endpoint


@transaction.atomic
def remove_endpoint(*, actor: Actor, at: datetime, endpoint_id: int) -> None:
    """Remove an endpoint with its secrets and its log."""
    require(actor, Right.WEBHOOKS_EDIT)
    endpoint = _locked(endpoint_id)
    audit.record("webhook.removed", actor=actor, at=at, subject=endpoint,
                 changes={"url": endpoint.url})  # fmt: skip
    # A log may have a million rows: a statement per table, where Django would load each.
    Attempt.objects.filter(delivery__endpoint=endpoint).delete()
    log = Delivery.objects.filter(endpoint=endpoint)
    log._raw_delete(log.db)
    endpoint.delete()


@transaction.atomic
def rotate_secret(*, actor: Actor, at: datetime, endpoint_id: int) -> SigningSecret:
    """Make a new secret; the old one signs along for OLD_SECRET_LASTS."""
    require(actor, Right.WEBHOOKS_EDIT)
    endpoint = _locked(endpoint_id)
    ends_at = at + OLD_SECRET_LASTS
    SigningSecret.objects.filter(endpoint=endpoint, ends_at__isnull=True).update(ends_at=ends_at)
    audit.record("webhook.secret_rotated", actor=actor, at=at, subject=endpoint,
                 changes={"old_secret_ends": ends_at})  # fmt: skip
    return _new_secret(endpoint, at)


@transaction.atomic
def send_test(*, actor: Actor, at: datetime, endpoint_id: int) -> Delivery:
    """Have a test sent, about nothing; it goes the way that facts go."""
    require(actor, Right.WEBHOOKS_EDIT)
    endpoint = _locked(endpoint_id)
    if not endpoint.is_sending:
        raise ValidationError("Nothing is sent to this webhook now. Resume it first.")
    test = Delivery.objects.create(
        endpoint=endpoint, kind=TEST, created_at=at, ready_at=at, due_at=at
    )
    # A person waits for the result, so a pause after failures does not hold it back.
    Endpoint.objects.filter(pk=endpoint.pk, retry_at__gt=at).update(retry_at=None)
    jobs.wake(actor.business_id, endpoint.pk)
    return test


@transaction.atomic
def replay(*, actor: Actor, at: datetime, delivery_ids: Collection[int]) -> int:
    """Send these again, under the same ids as before; returns how many. Those that wait for
    their next try go now."""
    require(actor, Right.WEBHOOKS_EDIT)
    return _replay(actor, at, lambda rows: rows.filter(pk__in=delivery_ids), {})


@transaction.atomic
def replay_failed(*, actor: Actor, at: datetime, endpoint_id: int, since: datetime) -> int:
    """Send everything again that failed for good and came about since then."""
    require(actor, Right.WEBHOOKS_EDIT)
    _locked(endpoint_id)
    return _replay(
        actor,
        at,
        lambda rows: rows.filter(
            endpoint_id=endpoint_id, status=Status.FAILED, created_at__gte=since
        ),
        {"since": since},
    )


def _replay(
    actor: Actor, at: datetime, chosen: Callable[[Any], Any], changes: dict[str, Any]
) -> int:
    rows = chosen(Delivery.objects.all())
    by_endpoint: set[int] = set(rows.order_by().values_list("endpoint_id", flat=True).distinct())
    total = 0
    for endpoint_id in sorted(by_endpoint):
        endpoint = _locked(endpoint_id)
        count = chosen(Delivery.objects.filter(endpoint_id=endpoint_id)).update(
            status=Status.WAITING, ready_at=at, due_at=at, tries=0, settled_at=None
        )
        total += count
        audit.record("webhook.replayed", actor=actor, at=at, subject=endpoint,
                     changes={"deliveries": count, **changes})  # fmt: skip
        jobs.wake(actor.business_id, endpoint_id)
    return total


def _values(url: str, description: str, all_kinds: bool, kinds: Sequence[str]) -> dict[str, Any]:
    try:
        outbound.parse(url.strip(), allow=settings.WEBHOOKS_ALLOW)
    except outbound.Refused as refusal:
        raise ValidationError({"url": str(refusal)}) from refusal
    known = {kind.name for kind in facts.declared()}
    if unknown := sorted(set(kinds) - known):
        raise ValidationError({"kinds": f"There is no fact “{unknown[0]}”."})
    if not all_kinds and not kinds:
        raise ValidationError({"kinds": "Choose at least one fact, or all of them."})
    return {
        "url": url.strip(),
        "description": " ".join(description.split())[:200],
        "all_kinds": all_kinds,
        "kinds": [] if all_kinds else sorted(set(kinds)),
    }


def _vet(url: str) -> None:
    """Refuse a name that leads into a private network; one that nobody knows yet may come."""
    try:
        outbound.vet(url, allow=settings.WEBHOOKS_ALLOW, seconds=3)
    except outbound.Refused as refusal:
        raise ValidationError({"url": str(refusal)}) from refusal
    except outbound.NotReached:
        return


def _new_secret(endpoint: Endpoint, at: datetime) -> SigningSecret:
    secret = SigningSecret(endpoint=endpoint, created_at=at)
    secret.plain = signing.new_secret()
    secret.save()
    return secret


def _locked(endpoint_id: int) -> Endpoint:
    return Endpoint.objects.select_for_update(no_key=True).get(pk=endpoint_id)
