"""100 segments over a book: found anew with the nightly action, each in its transaction."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle, islice

from django.db import transaction
from django.utils import timezone

from afterclose.accounts.models import Account
from afterclose.businesses import actors
from afterclose.businesses.models import Business
from afterclose.businesses.tenancy import business_context
from afterclose.segments import actions, conditions, text
from afterclose.segments.fields import catalog
from afterclose.segments.models import Segment
from afterclose.segments.refreshing import refresh
from bench.measuring import Measured, percentile, stopwatch
from bench.owner import as_owner

HOW_MANY = 100
PREFIX = "Bench "
# Every kind of source: own columns, one-to-one tables, totals, histories, related rows, nots.
CONDITIONS = (
    "stage is active and seats > {n}",
    "stage in (active, renewal) and not (arr < {n}000 USD or at_risk is yes)",
    "last_used before today - {n} days and renews_on within next 120 days",
    "usage_30_days > {n}0 and users_30_days >= 2",
    "usage_30_days changed by -{n} % over 14 days from at least 20",
    "health in (at_risk, critical) or health_score < {n}",
    "health_score changed by -{n} % over 30 days",
    "count tickets within {n}0 days where (priority is urgent or escalated is yes) >= 1",
    "no contacts where (champion is yes) and not nps >= 7 and customer_since before 2026-01-01",
    "sum arr of subscriptions where (status is active) > {n}000 USD and"
    " customer_since anniversary within {n} days",
)


@dataclass(frozen=True)
class Round:
    """One round over all segments."""

    accounts: int
    segments: int
    members: int
    first: Measured
    """Every membership is written."""
    again: Measured
    """Nothing has changed, as on most nights."""
    slowest: float
    median: float
    """Seconds of one segment, when nothing has changed."""


def segments(business: Business, how_many: int = HOW_MANY) -> Round:
    """Make the segments, find their members twice, and remove them again."""
    with business_context(business.id):
        actor = actors.system(business.id)
        with transaction.atomic():
            accounts = Account.objects.count()
        _remove(actor)
        try:
            return _measured(actor, accounts, how_many)
        finally:
            _remove(actor)


def _measured(actor: actors.Actor, accounts: int, how_many: int) -> Round:
    at = timezone.now()
    with transaction.atomic():
        known = catalog("account")
    with stopwatch() as first:
        for number, written in enumerate(islice(cycle(CONDITIONS), how_many)):
            node = text.parse(written.format(n=5 + number), known)
            made = actions.create_segment(
                actor=actor,
                at=at,
                name=f"{PREFIX}{number}",
                condition=conditions.write(node),
            )
            if made.is_counting:
                # In a big book a job finds the members; here nobody works off the queue.
                refresh(actor=actor, at=at, segment_id=made.id)
    as_owner("VACUUM (ANALYZE) segments_accountmembership")
    with transaction.atomic():
        ids = list(Segment.objects.filter(name__startswith=PREFIX).values_list("id", flat=True))
    each: list[float] = []
    with stopwatch() as again:
        for segment_id in ids:
            with stopwatch() as one:
                refresh(actor=actor, at=timezone.now(), segment_id=segment_id)
            each.append(one.seconds)
    with transaction.atomic():
        members = sum(Segment.objects.filter(id__in=ids).values_list("members", flat=True))
    return Round(accounts, len(ids), members, first, again, max(each), percentile(each, 0.5))


def _remove(actor: actors.Actor) -> None:
    with transaction.atomic():
        ids = Segment.objects.filter(name__startswith=PREFIX)
        for segment_id in ids.order_by("-id").values_list("id", flat=True):
            actions.delete_segment(actor=actor, at=timezone.now(), segment_id=segment_id)
