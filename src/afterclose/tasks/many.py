"""Writes over many tasks at once, set-wise: bulk actions of the list, rules, the daily sweep."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from itertools import batched
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q

from afterclose.accounts import timeline
from afterclose.accounts.models import Event
from afterclose.businesses import audit
from afterclose.businesses.actors import Actor
from afterclose.businesses.models import Membership
from afterclose.businesses.permissions import Right, require
from afterclose.tasks import actions, triggers
from afterclose.tasks.models import State, Task

#: With more than this at once a member is told of all in one line, not of each.
LISTED = 10
BATCH = 1000


@transaction.atomic
def complete_many(*, actor: Actor, at: datetime, task_ids: Sequence[int]) -> int:
    """Complete the open ones among these tasks; returns how many that were."""
    require(actor, Right.TASKS_EDIT)
    found = _open(task_ids)
    _close(actor, at, found)
    _audit(actor, at, "tasks.completed", found, {})
    return len(found)


@transaction.atomic
def reopen_many(*, actor: Actor, at: datetime, task_ids: Sequence[int]) -> int:
    """Take back that these tasks are done; returns how many are open again. A task that its rule
    has opened anew meanwhile stays done, for the newer one stands for it."""
    require(actor, Right.TASKS_EDIT)
    done = list(
        Task.objects.select_for_update(of=("self",))
        .filter(pk__in=task_ids, state=State.DONE)
        .order_by("-completed_at", "-pk")
    )
    try:
        found = _open_again(at, done)
    except IntegrityError:
        # Its rule opened one this very moment; now it is seen.
        found = _open_again(at, done)
    _tell(actor, at, "task.reopened", "Task reopened", found)
    _audit(actor, at, "tasks.reopened", found, {})
    return len(found)


@transaction.atomic
def reassign_many(
    *, actor: Actor, at: datetime, task_ids: Sequence[int], assignee: Membership | None
) -> int:
    """Give the open ones among these tasks to somebody (or nobody); returns how many changed."""
    require(actor, Right.TASKS_EDIT)
    wanted = assignee.pk if assignee else None
    found = [task for task in _open(task_ids) if task.assignee_id != wanted]
    Task.objects.filter(pk__in=[task.pk for task in found]).update(assignee=assignee, updated_at=at)
    _audit(actor, at, "tasks.reassigned", found, {"assignee": str(assignee or "nobody")})
    if assignee is not None and wanted != actor.membership_id and found:
        for task in found:
            task.assignee_id = wanted
        count = len(found)
        timeline.record(
            "tasks.assigned",
            actor=actor,
            at=at,
            title=f"{count} task{'' if count == 1 else 's'} given to {assignee}",
            payload={
                "member": wanted,
                "count": count,
                "tasks": [actions.facts_of(task) for task in found[:LISTED]],
            },
            is_sample=all(task.is_sample for task in found),
        )
    return len(found)


@transaction.atomic
def change_due_many(
    *, actor: Actor, at: datetime, task_ids: Sequence[int], due_on: date | None
) -> int:
    """Move the open ones among these tasks to a day (or to none); returns how many changed."""
    require(actor, Right.TASKS_EDIT)
    found = [task for task in _open(task_ids) if task.due_on != due_on]
    Task.objects.filter(pk__in=[task.pk for task in found]).update(due_on=due_on, updated_at=at)
    _audit(actor, at, "tasks.moved", found, {"due_on": due_on})
    return len(found)


def open_for_trigger(
    *, actor: Actor, at: datetime, trigger: str, key: str, title: str, **values: Any
) -> Task | None:
    """Open a rule's task unless it has one open under this key; returns the new one or None.

    Safe to call each night and by two jobs at once: the unique key of open tasks decides.
    ``values`` as in ``add_task`` (assignee, account, due_on, priority, notes, contact).
    """
    require(actor, Right.TASKS_EDIT)
    with transaction.atomic():
        # Two at once: the second waits here for the first, and then finds its task.
        _one_at_a_time(actor, key)
        if Task.objects.filter(source_key=key, state=State.OPEN).exists():
            return None
        return actions.add_task(
            actor=actor, at=at, title=title, trigger=trigger, source_key=key, **values
        )


@transaction.atomic
def close_for_trigger(*, actor: Actor, at: datetime, keys: Sequence[str]) -> int:
    """Close the open tasks under these keys, as what they stand for is over; returns how many."""
    require(actor, Right.TASKS_EDIT)
    found = list(
        Task.objects.select_for_update(of=("self",)).filter(source_key__in=keys, state=State.OPEN)
    )
    _close(actor, at, found)
    _audit(actor, at, "tasks.closed_by_rule", found, {})
    return len(found)


def sweep(*, actor: Actor, at: datetime, on: date) -> tuple[int, int]:
    """The daily sweep (CS-91): close what its rule says is over, then tell what is overdue.

    Returns how many were closed and how many are newly overdue. A second run on the same day
    finds nothing left. Commits in between, so call it outside of a transaction.
    """
    require(actor, Right.TASKS_EDIT)
    closed = sum(_sweep_trigger(actor, at, on, trigger) for trigger in triggers.every())
    with transaction.atomic():
        actions.forget_deleted(actor=actor, at=at)
    overdue = 0
    while told := _tell_overdue(actor, at, on):
        overdue += told
    return closed, overdue


def _sweep_trigger(actor: Actor, at: datetime, on: date, trigger: triggers.Trigger) -> int:
    with transaction.atomic():
        keys = list(
            Task.objects.filter(trigger=trigger.name, state=State.OPEN).values_list(
                "source_key", flat=True
            )
        )
    closed = 0
    for batch in batched([key for key in keys if key is not None], BATCH):
        with transaction.atomic():
            over = set(batch) - trigger.still_holds(actor, batch, on)
            closed += close_for_trigger(actor=actor, at=at, keys=sorted(over))
    return closed


@transaction.atomic
def _tell_overdue(actor: Actor, at: datetime, on: date) -> int:
    """Tell the assignees of a batch of newly overdue tasks; the mark and the facts commit
    together, so each task is told once per due date."""
    untold = Q(overdue_told_for__isnull=True) | ~Q(overdue_told_for=F("due_on"))
    found = list(
        Task.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(untold, state=State.OPEN, due_on__lt=on)
        .order_by("assignee_id", "due_on", "-rank", "id")[:BATCH]
    )
    Task.objects.filter(pk__in=[task.pk for task in found]).update(overdue_told_for=F("due_on"))
    # Sample data is told apart: it goes to no webhook, and is removed with the samples.
    by_member: dict[tuple[int, bool], list[Task]] = defaultdict(list)
    for task in found:
        if task.assignee_id is not None:
            by_member[task.assignee_id, task.is_sample].append(task)
    timeline.record_many(
        Event(
            kind="tasks.overdue",
            actor_name=actor.name,
            occurred_at=at,
            title=f"{len(tasks)} task{'' if len(tasks) == 1 else 's'} overdue",
            payload={
                "member": member_id,
                "on": on.isoformat(),
                "count": len(tasks),
                "tasks": [actions.facts_of(task) for task in tasks[:LISTED]],
            },
            is_sample=is_sample,
        )
        for (member_id, is_sample), tasks in by_member.items()
    )
    return len(found)


def _open(task_ids: Sequence[int]) -> list[Task]:
    return list(
        Task.objects.select_for_update(of=("self",))
        .filter(pk__in=task_ids, state=State.OPEN)
        .order_by("pk")
    )


@transaction.atomic
def _open_again(at: datetime, done: Sequence[Task]) -> list[Task]:
    """Open those whose rule has none open; of several under one key the last one."""
    keys = {task.source_key for task in done if task.source_key is not None}
    open_ones = Task.objects.filter(source_key__in=keys, state=State.OPEN)
    taken = set(open_ones.values_list("source_key", flat=True))
    found = []
    for task in done:
        if task.source_key is None or task.source_key not in taken:
            taken.add(task.source_key)
            found.append(task)
    Task.objects.filter(pk__in=[task.pk for task in found]).update(
        completed_at=None, completed_by=None, updated_at=at
    )
    return found


def _close(actor: Actor, at: datetime, found: list[Task]) -> None:
    Task.objects.filter(pk__in=[task.pk for task in found]).update(
        completed_at=at, completed_by=actor.membership_id, updated_at=at
    )
    _tell(actor, at, "task.completed", "Task completed", found)


def _tell(actor: Actor, at: datetime, kind: str, what: str, found: Sequence[Task]) -> None:
    """A fact about each of these tasks."""
    timeline.record_many(
        Event(
            kind=kind,
            by_id=actor.membership_id,
            actor_name=actor.name,
            occurred_at=at,
            title=f"{what}: {task.title}"[:300],
            account_id=task.account_id,
            subject_type=Task._meta.label_lower,
            subject_id=task.pk,
            payload=actions.facts_of(task),
            is_sample=task.is_sample,
        )
        for task in found
    )


def _audit(
    actor: Actor, at: datetime, verb: str, found: Sequence[Task], changes: dict[str, Any]
) -> None:
    """One entry for all: who did what to which tasks."""
    if found:
        audit.record(
            verb,
            actor=actor,
            at=at,
            subject_type=Task._meta.label_lower,
            label=found[0].title if len(found) == 1 else f"{len(found)} tasks",
            changes={**changes, "tasks": [task.pk for task in found]},
        )


def _one_at_a_time(actor: Actor, key: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, %s))",
            [f"tasks:{key}", actor.business_id],
        )
