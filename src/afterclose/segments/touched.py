"""Accounts that something happened to since the last sweep, and their segments.

What is new is found by ids past a watermark and by accounts' updated_at, both along an index;
what changes otherwise (the calendar, a corrected ticket) the nightly refresh finds.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection, models, transaction
from django.db.models import Max

from afterclose.accounts.models import Account, Contact, Event
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require
from afterclose.segments.models import Segment, Subject, Watermark
from afterclose.segments.refreshing import refresh

# Beyond so many the whole book is asked again, which is quicker.
MOST = 2000
# A transaction that began before the last sweep and ended after it is still seen; asking about
# an account again changes nothing. Ids are read from where the sweep before the last one stood,
# so that a quarter of an hour in which nothing happened asks about nobody.
OVERLAP = timedelta(minutes=5)
BEFORE = "before:"

_sources: dict[type[models.Model], str] = {Event: "account_id", Contact: "account_id"}


def register(model: type[models.Model], column: str = "account_id") -> None:
    """New rows of this model touch the account in ``column``; from an ``AppConfig.ready``."""
    _sources[model] = column


@transaction.atomic
def refresh_touched(*, actor: Actor, at: datetime) -> int:
    """Ask every segment about the accounts touched since the last sweep; returns how many
    accounts that were. The first sweep only notes where it stands: the nightly refresh has
    seen what is before."""
    require(actor, Right.SEGMENTS_VIEW)
    mark = Watermark.objects.select_for_update().first()
    heads = {
        model._meta.db_table: model._default_manager.aggregate(last=Max("id"))["last"] or 0
        for model in _sources
    }
    if mark is None:
        Watermark.objects.create(swept_at=at, positions=heads | _before(heads))
        return 0
    ids = _touched(mark, actor.business_id) if Segment.objects.exists() else []
    mark.swept_at, mark.positions = at, heads | _before(mark.positions)
    mark.save()
    if not ids:
        return 0
    every = len(ids) > MOST
    contacts = (
        list(Contact.objects.filter(account_id__in=ids).values_list("id", flat=True)[: MOST * 10])
        if not every
        else []
    )
    for segment_id, subject in Segment.objects.order_by("id").values_list("id", "subject"):
        among = ids if subject == Subject.ACCOUNT else contacts
        if every or among:
            refresh(actor=actor, at=at, segment_id=segment_id, only=None if every else among)
    return len(ids)


def _before(positions: dict[str, int]) -> dict[str, int]:
    """The positions of a sweep as the next one keeps them beside its own."""
    return {BEFORE + table: at for table, at in positions.items() if not table.startswith(BEFORE)}


def _touched(mark: Watermark, business_id: int) -> list[int]:
    """At most one more than MOST, so that too many are seen."""
    found: set[int] = set(
        Account.objects.filter(updated_at__gte=mark.swept_at - OVERLAP)
        .order_by()
        .values_list("id", flat=True)[: MOST + 1]
    )
    for model, column in _sources.items():
        table = model._meta.db_table
        after = mark.positions.get(BEFORE + table, 0)
        with connection.cursor() as cursor:
            cursor.execute(
                # Names of registered models and columns alone; no value is set in.
                f"SELECT DISTINCT {column} FROM {table}"  # noqa: S608
                f" WHERE business_id = %s AND id > %s AND {column} IS NOT NULL LIMIT %s",
                [business_id, after, MOST + 1],
            )
            found.update(row[0] for row in cursor.fetchall())
    return sorted(found)
