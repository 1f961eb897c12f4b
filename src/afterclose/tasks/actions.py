"""Writes of tasks: each one verb, checked, audited and told as a fact."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from afterclose.accounts import timeline
from afterclose.accounts.models import Contact
from afterclose.businesses import audit
from afterclose.businesses.actors import Actor
from afterclose.businesses.models import Membership
from afterclose.businesses.permissions import Right, require
from afterclose.kit import texts
from afterclose.tasks.errors import AlreadyOpenAgain
from afterclose.tasks.models import State, Task

#: How long a deleted task can be brought back.
UNDO_DAYS = 30


@transaction.atomic
def add_task(
    *, actor: Actor, at: datetime, title: str, assignee: Membership | None = None, **values: Any
) -> Task:
    """Add a task; ValidationError names the fields that do not fit.

    ``values`` are fields of Task. What is about a contact is about their account.
    """
    require(actor, Right.TASKS_EDIT)
    task = Task(
        title=title,
        assignee=assignee,
        created_at=at,
        updated_at=at,
        created_by_id=actor.membership_id,
        **values,
    )
    _settle(task)
    task.save()
    audit.record("task.added", actor=actor, at=at, subject=task)
    _tell(actor, at, task, "task.added", f"Task added: {task.title}")
    _tell_assignee(actor, at, task)
    return task


@transaction.atomic
def change_task(*, actor: Actor, at: datetime, task_id: int, **values: Any) -> Task:
    """Change fields of a task; nothing is written when nothing differs."""
    require(actor, Right.TASKS_EDIT)
    task = _locked(task_id)
    changes = audit.difference({name: getattr(task, name) for name in values}, values)
    if not changes:
        return task
    before = task.assignee_id
    for name, value in values.items():
        setattr(task, name, value)
    task.updated_at = at
    _settle(task)
    task.save()
    audit.record("task.changed", actor=actor, at=at, subject=task, changes=changes)
    if task.assignee_id != before:
        _tell_assignee(actor, at, task)
    return task


def reassign(*, actor: Actor, at: datetime, task_id: int, assignee: Membership | None) -> Task:
    """Give a task to somebody else, or to nobody; who gets it is told."""
    return change_task(actor=actor, at=at, task_id=task_id, assignee=assignee)


@transaction.atomic
def complete(*, actor: Actor, at: datetime, task_id: int) -> Task:
    """Say that a task is done; a second time changes nothing."""
    require(actor, Right.TASKS_EDIT)
    task = _locked(task_id)
    if task.completed_at is None:
        task.completed_at, task.completed_by_id = at, actor.membership_id
        task.updated_at = at
        task.save(update_fields=["completed_at", "completed_by", "updated_at"])
        audit.record("task.completed", actor=actor, at=at, subject=task)
        _tell(actor, at, task, "task.completed", f"Task completed: {task.title}")
    return task


@transaction.atomic
def reopen(*, actor: Actor, at: datetime, task_id: int) -> Task:
    """Take back that a task is done. Raises AlreadyOpenAgain for one that its rule has opened
    anew meanwhile."""
    require(actor, Right.TASKS_EDIT)
    task = _locked(task_id)
    if task.completed_at is not None:
        task.completed_at = task.completed_by = None
        task.updated_at = at
        _save_open(task, ["completed_at", "completed_by", "updated_at"])
        audit.record("task.reopened", actor=actor, at=at, subject=task)
        _tell(actor, at, task, "task.reopened", f"Task reopened: {task.title}")
    return task


@transaction.atomic
def delete(*, actor: Actor, at: datetime, task_id: int) -> Task:
    """Delete a task; ``restore`` brings it back within ``UNDO_DAYS``."""
    require(actor, Right.TASKS_EDIT)
    task = _locked(task_id)
    task.deleted_at = task.updated_at = at
    task.save(update_fields=["deleted_at", "updated_at"])
    audit.record("task.deleted", actor=actor, at=at, subject=task)
    _tell(actor, at, task, "task.deleted", f"Task deleted: {task.title}", on_timeline=False)
    return task


@transaction.atomic
def restore(*, actor: Actor, at: datetime, task_id: int) -> Task:
    """Bring a deleted task back as it was. Raises AlreadyOpenAgain, Task.DoesNotExist."""
    require(actor, Right.TASKS_EDIT)
    task = Task.objects.select_for_update(of=("self",)).get(pk=task_id)
    if task.deleted_at is not None:
        task.deleted_at, task.updated_at = None, at
        _save_open(task, ["deleted_at", "updated_at"])
        audit.record("task.restored", actor=actor, at=at, subject=task)
    return task


@transaction.atomic
def forget_deleted(*, actor: Actor, at: datetime) -> int:
    """Remove for good what was deleted longer ago than it can be undone; returns how many."""
    require(actor, Right.TASKS_EDIT)
    gone, _ = Task.objects.filter(deleted_at__lt=at - timedelta(days=UNDO_DAYS)).delete()
    return gone


def _locked(task_id: int) -> Task:
    """The task for writing; raises Task.DoesNotExist, also for one that was deleted."""
    rows = Task.objects.select_for_update(of=("self",)).select_related("account", "assignee")
    return rows.exclude(state=State.DELETED).get(pk=task_id)


def _save_open(task: Task, fields: list[str]) -> None:
    """Save a task that may be open again; its rule may have opened another meanwhile."""
    try:
        with transaction.atomic():
            task.save(update_fields=fields)
    except IntegrityError as clash:
        raise AlreadyOpenAgain(task.title) from clash


def _settle(task: Task) -> None:
    """Make account and contact agree, and check every field."""
    task.title = texts.one_line(task.title)
    if task.contact_id is not None:
        contact = Contact.objects.filter(pk=task.contact_id).first()
        if contact is None:
            raise ValidationError({"contact": "There is no such contact."})
        if task.account_id is None:
            task.account_id = contact.account_id
        elif task.account_id != contact.account_id:
            raise ValidationError({"contact": "Choose a contact of the account, or no account."})
    task.full_clean(exclude=["business"], validate_constraints=False)


def _tell(
    actor: Actor, at: datetime, task: Task, kind: str, title: str, *, on_timeline: bool = True
) -> None:
    timeline.record(
        kind,
        actor=actor,
        at=at,
        title=title[:300],
        account_id=task.account_id if on_timeline else None,
        subject=task,
        payload=facts_of(task),
        is_sample=task.is_sample,
    )


def _tell_assignee(actor: Actor, at: datetime, task: Task) -> None:
    """That a task is somebody's now; nobody needs to be told of what they took themselves."""
    if task.assignee_id is None or task.assignee_id == actor.membership_id or not task.is_open:
        return
    timeline.record(
        "task.assigned",
        actor=actor,
        at=at,
        title=f"Task given to {task.assignee}: {task.title}"[:300],
        subject=task,
        payload=facts_of(task),
        is_sample=task.is_sample,
    )


def facts_of(task: Task) -> dict[str, Any]:
    """What a fact about a task carries along, as JSON can hold it."""
    return {
        "task": task.pk,
        "title": task.title,
        "due_on": task.due_on.isoformat() if task.due_on else None,
        "priority": str(task.priority),
        "assignee": task.assignee_id,
        "account": task.account_id,
    }
