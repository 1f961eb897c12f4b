"""Sending: claim a delivery, call, note what came of it.

1. Claim, in one short transaction: the oldest that is ready and nobody sends (SKIP LOCKED, and
   ``claimed_until`` for the time after). Two workers never claim the same.
2. Call the receiver, outside of any transaction.
3. Note the attempt and what follows from it, in another transaction.

A worker that dies between 2 and 3 leaves the claim, which ends by itself; then the delivery is
sent again under the same id. So it arrives at least once, and a receiver drops copies by id.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import F, Min, Q

from afterclose.accounts import timeline
from afterclose.businesses import actors, audit
from afterclose.kit import clock, outbound
from afterclose.kit.encryption import NotReadable
from afterclose.webhooks import queries, rules, signing
from afterclose.webhooks.models import Attempt, Delivery, Endpoint, SigningSecret, Status, Why
from afterclose.webhooks.rules import Verdict

AGENT = "Afterclose-Webhooks/1"
#: For one call, everything included; a claim lasts longer.
TIMEOUT = 15.0
CLAIM = timedelta(seconds=60)
#: A pass of one endpoint ends after this, so that others get their turn.
PASS_SECONDS = 20.0
GIVE_UP_AFTER = timedelta(days=5)
#: A success is noted on the endpoint this often at most, for it is one row.
NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Left:
    """What a pass left: more that is ready now, or the instant of the next try; and how many
    it called for."""

    more: bool
    next_at: datetime | None
    sent: int


@dataclass(frozen=True, slots=True)
class _Claim:
    delivery_id: int
    endpoint_id: int
    url: str
    message_id: str
    body: bytes
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Outcome:
    at: datetime
    milliseconds: int
    status: int | None = None
    error: str = ""
    answer: str = ""
    retry_after: str | None = None


def send_pass(
    *, endpoint_id: int, now: Callable[[], datetime] = clock.now, seconds: float = PASS_SECONDS
) -> Left:
    """Send what is ready for one endpoint, oldest first, for at most ``seconds``.

    Call with the business in context and outside of a transaction.
    """
    ends, sent = time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        with transaction.atomic():
            claim = _claim(endpoint_id, now())
        if claim is None:
            with transaction.atomic():
                return Left(False, _next_at(endpoint_id, now()), sent)
        outcome = _call(claim, now)
        with transaction.atomic():
            _note(claim, outcome)
        sent += 1
    return Left(True, None, sent)


def _claim(endpoint_id: int, at: datetime) -> _Claim | None:
    endpoint = Endpoint.objects.filter(
        Q(retry_at__isnull=True) | Q(retry_at__lte=at),
        pk=endpoint_id,
        paused_at__isnull=True,
        disabled_at__isnull=True,
    ).first()
    if endpoint is None:
        return None
    waiting = Delivery.objects.filter(
        Q(claimed_until__isnull=True) | Q(claimed_until__lt=at),
        endpoint_id=endpoint_id,
        status=Status.WAITING,
    )
    waiting = waiting.select_for_update(skip_locked=True).order_by("ready_at", "id")
    chosen = waiting.filter(ready_at__lte=at).first()
    knocks = endpoint.knock_at is not None and endpoint.knock_at <= at
    if chosen is None and knocks:
        chosen = waiting.first()
    elif endpoint.retry_at is None:
        knocks = False
    if chosen is None:
        return None
    if knocks:
        # While one knocks, no other does; nor does anything follow before it was answered.
        mine = Endpoint.objects.filter(pk=endpoint_id, knock_at=endpoint.knock_at)
        later = at + CLAIM
        if not mine.update(knock_at=later, retry_at=endpoint.retry_at and later):
            return None
    chosen.claimed_until = at + CLAIM
    chosen.save(update_fields=["claimed_until"])
    return _Claim(
        delivery_id=chosen.pk,
        endpoint_id=endpoint_id,
        url=endpoint.url,
        message_id=chosen.message_id,
        body=queries.body_of(chosen),
        keys=_keys(endpoint_id, at),
    )


def _keys(endpoint_id: int, at: datetime) -> tuple[str, ...]:
    """Every secret that signs now and can be read, the newest first."""
    secrets = SigningSecret.objects.filter(
        Q(ends_at__isnull=True) | Q(ends_at__gt=at), endpoint_id=endpoint_id
    )
    found = []
    for secret in secrets.order_by("-created_at", "-id"):
        with suppress(NotReadable):
            found.append(secret.plain)
    return tuple(found)


def _call(claim: _Claim, now: Callable[[], datetime]) -> _Outcome:
    at, started = now(), time.monotonic()

    def spent() -> int:
        return round((time.monotonic() - started) * 1000)

    if not claim.keys:
        return _Outcome(at, 0, error="The signing secret cannot be read. Rotate it.")
    headers = {
        "Content-Type": "application/json",
        "User-Agent": AGENT,
        **signing.headers(message_id=claim.message_id, at=at, body=claim.body, keys=claim.keys),
    }
    try:
        answer = outbound.post(
            claim.url,
            body=claim.body,
            headers=headers,
            allow=settings.WEBHOOKS_ALLOW,
            seconds=TIMEOUT,
        )
    except (outbound.Refused, outbound.NotReached) as error:
        return _Outcome(at, spent(), error=str(error)[:300])
    return _Outcome(
        at,
        spent(),
        status=answer.status,
        error=_said(answer.status),
        answer=answer.body.decode(errors="replace").replace("\x00", "\N{REPLACEMENT CHARACTER}"),
        retry_after=answer.headers.get("retry-after"),
    )


def _said(status: int) -> str:
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return f"It answered {status}. Redirects are not followed: enter the final address."
    return f"It answered {status}."


def _note(claim: _Claim, outcome: _Outcome) -> None:
    # The endpoint first, here and in actions: so nobody waits in a circle.
    endpoint = Endpoint.objects.select_for_update(no_key=True).filter(pk=claim.endpoint_id).first()
    delivery = Delivery.objects.select_for_update().filter(pk=claim.delivery_id).first()
    if endpoint is None or delivery is None:
        return  # Removed while it was on its way.
    Attempt.objects.create(
        delivery=delivery,
        at=outcome.at,
        milliseconds=outcome.milliseconds,
        status=outcome.status,
        error=outcome.error,
        answer=outcome.answer,
    )
    delivery.claimed_until = None
    delivery.last_status, delivery.last_error = outcome.status, outcome.error
    verdict = rules.judge(outcome.status)
    if verdict is Verdict.DELIVERED:
        delivery.status, delivery.settled_at = Status.DELIVERED, outcome.at
        delivery.save()
        _is_well(endpoint, outcome.at)
        return
    pause = rules.asked_to_wait(outcome.retry_after, at=outcome.at)
    if verdict is not Verdict.GONE and delivery.status == Status.WAITING:
        _schedule(delivery, outcome.at, pause)
    delivery.save()
    _is_ill(endpoint, verdict, outcome, pause)


def _schedule(delivery: Delivery, at: datetime, pause: timedelta) -> None:
    """When it is tried again. A try before its time (after a knock) does not count."""
    if at >= delivery.due_at:
        delivery.tries += 1
        chance = random.random()  # noqa: S311  # spreads tries; guards nothing
        due_at = rules.next_try(at=at, tries=delivery.tries, chance=chance)
        if due_at is None:
            delivery.status, delivery.settled_at = Status.FAILED, at
            return
        delivery.due_at = due_at
    delivery.ready_at = delivery.due_at = max(delivery.due_at, at + pause)


def _is_well(endpoint: Endpoint, at: datetime) -> None:
    if endpoint.failures >= rules.AWAY_AFTER:
        # Back after it was away: everything that failed meanwhile goes out now, in its order.
        Delivery.objects.filter(
            endpoint=endpoint, status=Status.WAITING, ready_at__gt=F("created_at")
        ).update(ready_at=F("created_at"))
    last = endpoint.delivered_at
    if endpoint.failures or last is None or at - last >= NOTED_EVERY:
        endpoint.forget_failures()
        endpoint.delivered_at = at
        endpoint.save()


def _is_ill(endpoint: Endpoint, verdict: Verdict, outcome: _Outcome, pause: timedelta) -> None:
    at = outcome.at
    endpoint.failing_since = endpoint.failing_since or at
    endpoint.failures += 1
    knock = rules.next_knock(at=at, failures=endpoint.failures, since=endpoint.failing_since)
    if verdict is Verdict.AWAY:
        endpoint.retry_at = endpoint.knock_at = max(knock, at + pause)
    else:
        # It answered, so the others may try; when it is broken for all, one knocks later.
        endpoint.retry_at = None
        broken = verdict is Verdict.BROKEN and endpoint.failures >= rules.AWAY_AFTER
        endpoint.knock_at = max(knock, at + pause) if broken else None
    endpoint.save(update_fields=["failing_since", "failures", "retry_at", "knock_at"])
    if verdict is Verdict.GONE:
        _disable(endpoint, Why.GONE, outcome)
    elif at - endpoint.failing_since >= GIVE_UP_AFTER:
        _disable(endpoint, Why.FAILING, outcome)


def _disable(endpoint: Endpoint, why: Why, outcome: _Outcome) -> None:
    if endpoint.disabled_at is not None:
        return
    endpoint.disabled_at, endpoint.disabled_why = outcome.at, why
    endpoint.save(update_fields=["disabled_at", "disabled_why"])
    actor = actors.system(endpoint.business_id)
    name = endpoint.description or urlsplit(endpoint.url).hostname
    reason = "it answered 410 Gone" if why is Why.GONE else "it took nothing for five days"
    audit.record("webhook.disabled", actor=actor, at=outcome.at, subject=endpoint,
                 changes={"why": why.label})  # fmt: skip
    timeline.record(
        "webhook.disabled",
        actor=actor,
        at=outcome.at,
        title=f"Webhook disabled: {name}, because {reason}"[:300],
        body="What happens from now on is kept. Mend the receiver, then enable the webhook: "
        "everything that waits is sent.",
        subject=endpoint,
        payload={"endpoint": endpoint.pk, "why": str(why)},
    )


def _next_at(endpoint_id: int, at: datetime) -> datetime | None:
    """When there is something to do next; None when nothing waits or nothing may be sent."""
    endpoint = Endpoint.objects.filter(
        pk=endpoint_id, paused_at__isnull=True, disabled_at__isnull=True
    ).first()
    if endpoint is None:
        return None
    # What somebody is sending now is theirs; if they die, the sweep of the minute finds it.
    found: datetime | None = Delivery.objects.filter(
        Q(claimed_until__isnull=True) | Q(claimed_until__lt=at),
        endpoint_id=endpoint_id,
        status=Status.WAITING,
    ).aggregate(first=Min("ready_at"))["first"]
    if found is None:
        return None
    return endpoint.retry_at or min(found, endpoint.knock_at or found)
