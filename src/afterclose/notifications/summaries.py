"""Summaries by mail: once per member and day (or week), at the hour that the member chose.

The mail's unique key names the member and the local day, and the lines that it holds are
settled in the same transaction; so a job that is killed or runs twice sends one summary, and
what is told after its hour waits for the next.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Min, QuerySet

from afterclose.businesses.actors import Actor
from afterclose.notifications import kinds, times
from afterclose.notifications.kinds import SUMMARIES, Kind, Pace
from afterclose.notifications.models import Notification, OutgoingMail, SummaryLine
from afterclose.notifications.wishes import Wishes, wishes_of
from afterclose.notifications.writing import Mail, key_of, written

#: How many lines a summary shows; the rest is counted and stands in the inbox.
LISTED = 60
#: How long settled lines are kept, so that a late repeat of a fact is known.
KEPT = timedelta(days=90)
WORDS = {Pace.DAILY: "Daily summary", Pace.WEEKLY: "Weekly summary"}


def write_due(*, actor: Actor, at: datetime) -> int:
    """Write the summaries that are due; returns how many. Call outside of a transaction."""
    with transaction.atomic():
        waiting = list(
            SummaryLine.objects.filter(settled_at__isnull=True)
            .values("member_id", "pace")
            .annotate(first=Min("created_at"))
        )
        wishes = wishes_of(actor, {row["member_id"] for row in waiting})
    written_now = 0
    for row in waiting:
        with transaction.atomic():
            written_now += _write(
                actor, at, wishes, row["member_id"], Pace(row["pace"]), row["first"]
            )
    with transaction.atomic():
        SummaryLine.objects.filter(settled_at__lt=at - KEPT).delete()
    return written_now


def _write(
    actor: Actor, at: datetime, wishes: Wishes, member_id: int, pace: Pace, first: datetime
) -> bool:
    """Write one member's summary if it is due and has something to say."""
    waiting = SummaryLine.objects.select_for_update().filter(
        member_id=member_id, pace=pace, settled_at__isnull=True
    )
    if member_id not in wishes.members:
        waiting.update(settled_at=at)
        return False
    wanted = wishes.times(member_id)
    day, due_at = times.summary_due(
        at, wishes.zone(member_id), pace, wanted.summary_at, wanted.summary_weekday
    )
    if first >= due_at:
        return False
    mail = _mail(member_id, pace, f"summary:{pace.value}:{day.isoformat()}")
    if OutgoingMail.objects.filter(key=key_of(mail)).exists():
        # Today's has gone. What is older than it but was recorded later waits for the next.
        return False
    _move_to_other_summary(member_id, pace, wishes, waiting)
    lines = list(waiting.filter(created_at__lt=due_at).order_by("created_at", "id"))
    SummaryLine.objects.filter(pk__in=[line.pk for line in lines]).update(settled_at=at)
    shown = _worth_saying(member_id, wishes, lines)
    if not shown:
        return False
    row = written(at, _filled(mail, pace, shown), wishes, stops=pace.value)
    return bool(OutgoingMail.objects.bulk_create([row], ignore_conflicts=True))


def _move_to_other_summary(
    member_id: int, pace: Pace, wishes: Wishes, waiting: QuerySet[SummaryLine]
) -> None:
    """What is wanted weekly by now waits for that summary, and the other way round."""
    for kind in kinds.every():
        wanted = wishes.pace(member_id, kind)
        if wanted in SUMMARIES and wanted != pace:
            waiting.filter(kind=kind.slug).update(pace=wanted)


def _worth_saying(
    member_id: int, wishes: Wishes, lines: Sequence[SummaryLine]
) -> list[SummaryLine]:
    """Without what was read in the inbox meanwhile, and what is not wanted by mail any more. What
    is wanted at once by now is said here, since no other mail does."""
    read = set(
        Notification.objects.filter(
            member_id=member_id, key__in=[line.key for line in lines], read_at__isnull=False
        ).values_list("key", flat=True)
    )
    shown = []
    for line in lines:
        kind = kinds.get(line.kind)
        if line.key not in read and kind is not None and wishes.pace(member_id, kind) != Pace.OFF:
            shown.append(line)
    return shown


def _mail(member_id: int, pace: Pace, key: str) -> Mail:
    summary = Kind(pace.value, WORDS[pace], Pace.NOW)
    return Mail(member_id, summary, key, WORDS[pace], "notifications/mail/summary", {})


def _filled(mail: Mail, pace: Pace, lines: Sequence[SummaryLine]) -> Mail:
    by_kind: dict[str, list[SummaryLine]] = defaultdict(list)
    for line in lines[:LISTED]:
        by_kind[line.kind].append(line)
    count = len(lines)
    return replace(
        mail,
        subject=f"{WORDS[pace]}: {count} notification{'' if count == 1 else 's'}",
        context={
            "pace": pace.value,
            "count": count,
            "groups": [
                (kind.label, by_kind[kind.slug]) for kind in kinds.every() if kind.slug in by_kind
            ],
            "more": max(0, count - LISTED),
        },
    )
