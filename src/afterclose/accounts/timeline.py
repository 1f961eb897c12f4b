"""The one way a fact is told: a row on the timeline, in the transaction that made it true.

Timeline, notifications, workflows and outgoing webhooks all feed on these rows. After commit a
job runs what ``config/reactions.py`` lists for the fact, exactly once; a sweeper finds those
that a crash left (spec 00, "How low tells high").
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import batched
from typing import Any, NamedTuple

from django.db import connection
from procrastinate.contrib.django import app

from afterclose.accounts.models import Event
from afterclose.businesses.actors import Actor

RUN_REACTIONS = "config.run_reactions"
EVENTS_PER_JOB = 5000

reactive_kinds: set[str] = set()
"""Kinds that have reactions; filled from ``config/reactions.py`` as the product starts, so that
facts nobody reacts to cost neither a job nor an update."""

wanted_by: list[Callable[[set[str]], set[str]]] = []
"""Apps above that want facts of any kind add a function: of these kinds, which does the business
want to hear of now? Called with the business in context; keep it to one cheap query."""


def record(
    kind: str,
    *,
    actor: Actor,
    at: datetime,
    title: str,
    account_id: int | None = None,
    body: str = "",
    subject: Any = None,
    payload: dict[str, Any] | None = None,
    key: str | None = None,
    is_sample: bool = False,
) -> Event:
    """Record one fact and have its reactions run after commit.

    ``kind`` is ``noun.verb``; ``subject`` the model instance it is about; ``key`` makes a
    second recording of the same fact return the first. Must be called in a transaction.
    """
    event = Event(
        **_values(kind, actor, at, title, account_id, body, subject, payload, key, is_sample)
    )
    [event] = record_many([event])
    return event


def record_many(events: Iterable[Event]) -> list[Event]:
    """Record many facts with one job for all their reactions; those whose key exists are left out.

    Returns the events that are new (for a single keyed repeat: the one already there).
    """
    wanted = list(events)
    known = {
        event.key: event
        for event in Event.objects.filter(key__in=[e.key for e in wanted if e.key is not None])
    }
    fresh = [event for event in wanted if event.key is None or event.key not in known]
    reactive = _reactive({event.kind for event in fresh})
    for event in fresh:
        if event.kind not in reactive:
            event.reacted_at = event.occurred_at
    Event.objects.bulk_create(fresh, batch_size=EVENTS_PER_JOB)
    for batch in batched([e for e in fresh if e.reacted_at is None], EVENTS_PER_JOB):
        app.configure_task(RUN_REACTIONS).defer(
            business_id=batch[0].business_id, event_ids=[event.id for event in batch]
        )
    if len(wanted) == 1 and not fresh:
        return [known[wanted[0].key]]
    return fresh


class Fact(NamedTuple):
    """One of many facts of the same kind; the payload has to be what JSON can hold."""

    account_id: int
    subject_id: int
    title: str
    payload: dict[str, Any]


_RECORD_SET = """
    INSERT INTO accounts_event
           (business_id, kind, by_id, actor_name, occurred_at, recorded_at, reacted_at, body,
            subject_type, is_sample, account_id, subject_id, title, payload)
    SELECT %(business)s, %(kind)s, %(by)s, %(actor)s, %(at)s, statement_timestamp(), %(reacted)s,
           '', %(subject)s, false, f.account_id, f.subject_id, f.title, f.payload::jsonb
      FROM unnest(%(accounts)s::bigint[], %(subjects)s::bigint[], %(titles)s::text[],
                  %(payloads)s::text[]) AS f (account_id, subject_id, title, payload)
    RETURNING id
"""


def record_set(
    kind: str, *, actor: Actor, at: datetime, subject_type: str, facts: Sequence[Fact]
) -> None:
    """Record thousands of facts of one kind in one statement (spec 00, hot paths).

    The caller sees to it that each is new; must be called in a transaction.
    """
    if not facts:
        return
    is_reactive = bool(_reactive({kind}))
    with connection.cursor() as cursor:
        cursor.execute(
            _RECORD_SET,
            {
                "business": actor.business_id,
                "kind": kind,
                "by": actor.membership_id,
                "actor": actor.name,
                "at": at,
                "reacted": None if is_reactive else at,
                "subject": subject_type,
                "accounts": [fact.account_id for fact in facts],
                "subjects": [fact.subject_id for fact in facts],
                "titles": [fact.title for fact in facts],
                "payloads": [json.dumps(fact.payload) for fact in facts],
            },
        )
        ids = [row[0] for row in cursor.fetchall()]
    for batch in batched(ids if is_reactive else (), EVENTS_PER_JOB):
        app.configure_task(RUN_REACTIONS).defer(
            business_id=actor.business_id, event_ids=list(batch)
        )


def _reactive(kinds: set[str]) -> set[str]:
    """Which of these kinds have something follow from them in this business."""
    found = kinds & reactive_kinds
    for wanted in wanted_by:
        if left := kinds - found:
            found |= wanted(left)
    return found


def _values(
    kind: str,
    actor: Actor,
    at: datetime,
    title: str,
    account_id: int | None,
    body: str,
    subject: Any,
    payload: dict[str, Any] | None,
    key: str | None,
    is_sample: bool,
) -> dict[str, Any]:
    return {
        "kind": kind,
        "by_id": actor.membership_id,
        "actor_name": actor.name,
        "occurred_at": at,
        "title": title,
        "account_id": account_id,
        "body": body,
        "subject_type": subject._meta.label_lower if subject is not None else "",
        "subject_id": subject.pk if subject is not None else None,
        "payload": payload or {},
        "key": key,
        "is_sample": is_sample,
    }
