"""Reads: endpoints, their log, and which facts somebody wants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import (
    Case,
    CharField,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)

from afterclose.accounts.models import Event
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require
from afterclose.webhooks import payload
from afterclose.webhooks.models import Attempt, Delivery, Endpoint, Standing, Status

#: What should have gone longer ago than this is late: the receiver is away, or nobody sends.
BEHIND_AFTER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Lag:
    """Deliveries that wait at endpoints that are on; how many of these endpoints are behind, and
    since when the oldest delivery is ready."""

    waiting: int
    behind: int
    oldest: datetime | None


def lag(at: datetime) -> Lag:
    """How far sending is behind in the business in context; for monitors, so no viewer asks."""
    on = Endpoint.objects.filter(paused_at__isnull=True, disabled_at__isnull=True)
    of_one = Delivery.objects.filter(endpoint_id=OuterRef("pk"), status=Status.WAITING)
    behind = on.annotate(first=_first_ready(of_one)).filter(first__lt=at - BEHIND_AFTER)
    waiting = Delivery.objects.filter(
        status=Status.WAITING, endpoint_id__in=list(on.values_list("id", flat=True))
    )
    oldest = waiting.filter(ready_at__lte=at).aggregate(first=Min("ready_at"))["first"]
    return Lag(waiting.count(), behind.count(), oldest)


def _first_ready(waiting: QuerySet[Delivery]) -> Subquery:
    """When the first of these is ready, in the order of the index: for EXISTS the planner would
    read the whole table when much waits, since it takes each endpoint to have some of it."""
    return Subquery(waiting.order_by("ready_at", "id").values("ready_at")[:1])


def wanted(kinds: set[str]) -> set[str]:
    """Which of these kinds an endpoint of the business in context collects."""
    found: set[str] = set()
    for all_kinds, chosen in Endpoint.objects.values_list("all_kinds", "kinds"):
        found |= kinds if all_kinds else kinds.intersection(chosen)
    return found


def endpoints(viewer: Actor) -> QuerySet[Endpoint]:
    """Every endpoint with its ``standing``."""
    require(viewer, Right.WEBHOOKS_EDIT)
    standing = Case(
        When(disabled_at__isnull=False, then=Value(Standing.DISABLED.value)),
        When(paused_at__isnull=False, then=Value(Standing.PAUSED.value)),
        When(failing_since__isnull=False, then=Value(Standing.FAILING.value)),
        default=Value(Standing.ACTIVE.value),
        output_field=CharField(),
    )
    return Endpoint.objects.annotate(how=standing)


def endpoint(viewer: Actor, endpoint_id: int) -> Endpoint:
    """One endpoint; raises Endpoint.DoesNotExist."""
    return endpoints(viewer).get(pk=endpoint_id)


def deliveries(viewer: Actor, endpoint_id: int | None = None) -> QuerySet[Delivery]:
    """The log, of one endpoint or of all."""
    require(viewer, Right.WEBHOOKS_EDIT)
    found = Delivery.objects.all()
    return found if endpoint_id is None else found.filter(endpoint_id=endpoint_id)


def delivery(viewer: Actor, delivery_id: int) -> Delivery:
    """One delivery with its endpoint; raises Delivery.DoesNotExist."""
    found: Delivery = deliveries(viewer).select_related("endpoint").get(pk=delivery_id)
    return found


def attempts(viewer: Actor, delivery_id: int) -> list[Attempt]:
    """What was tried, newest first; the hundred last."""
    require(viewer, Right.WEBHOOKS_EDIT)
    found = Attempt.objects.filter(delivery_id=delivery_id).order_by("-at", "-id")
    return list(found[:100])


def counts(viewer: Actor, endpoint_id: int) -> tuple[int, int]:
    """How many deliveries of an endpoint wait, and how many have failed."""
    mine = deliveries(viewer, endpoint_id)
    return (
        mine.filter(status=Status.WAITING).count(),
        mine.filter(status=Status.FAILED).count(),
    )


def body_of(delivery: Delivery) -> bytes:
    """What is sent for a delivery: the fact as it was recorded, or the test."""
    if delivery.event_id is None:
        return payload.encoded(payload.of_test(at=delivery.created_at))
    event = Event.objects.select_related("account").get(pk=delivery.event_id)
    return payload.encoded(payload.of_event(event))


def to_send(at: datetime) -> list[int]:
    """Endpoints that have something to send at this instant."""
    free = Q(claimed_until__isnull=True) | Q(claimed_until__lt=at)
    waiting = Delivery.objects.filter(free, endpoint_id=OuterRef("pk"), status=Status.WAITING)
    found = (
        Endpoint.objects.filter(
            Q(retry_at__isnull=True) | Q(retry_at__lte=at),
            paused_at__isnull=True,
            disabled_at__isnull=True,
        )
        .annotate(first=_first_ready(waiting))
        .filter(Q(first__lte=at) | Q(first__isnull=False, knock_at__lte=at))
        .order_by("id")
    )
    return list(found.values_list("id", flat=True))
