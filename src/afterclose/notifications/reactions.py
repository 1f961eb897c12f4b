"""What this app does when something became true; listed in ``config/reactions.py``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from django.urls import reverse

from afterclose.accounts.models import Event
from afterclose.businesses import actors
from afterclose.businesses.models import Membership
from afterclose.businesses.permissions import Right
from afterclose.notifications import kinds
from afterclose.notifications.actions import Message, notify_many
from afterclose.ui import formats


def tell_mentioned(event_id: int) -> None:
    """Tell the members whom a note names (CS-4)."""
    fact = Event.objects.get(pk=event_id)
    note = Event.objects.select_related("account").get(pk=fact.subject_id or 0)
    url = f"{reverse('accounts:detail', args=[note.account_id])}#timeline"
    messages = [
        Message(
            member_id=member_id,
            kind=kinds.MENTION,
            key=f"mention:{note.id}",
            title=f"{note.actor_name} mentioned you at {note.account}",
            body=note.body or note.title,
            url=url,
            account_id=note.account_id,
        )
        for member_id in note.mentions.values_list("member_id", flat=True)
    ]
    notify_many(actor=actors.system(fact.business_id), at=fact.occurred_at, messages=messages)


def tell_exporter(event_id: int) -> None:
    """Tell whoever asked for a file that it is there, or why not."""
    fact = Event.objects.get(pk=event_id)
    message = Message(
        member_id=fact.payload["member"],
        kind=kinds.EXPORT_READY,
        key=fact.key or f"export:{fact.id}",
        title=fact.title,
        body=fact.body,
        url=reverse("exports:show", args=[fact.payload["export"]]),
    )
    notify_many(actor=actors.system(fact.business_id), at=fact.occurred_at, messages=[message])


def tell_importer(event_id: int) -> None:
    """Tell whoever started an import that it is done; nobody for one from the command line."""
    fact = Event.objects.get(pk=event_id)
    member_id = fact.payload.get("member")
    if member_id is None:
        return
    message = Message(
        member_id=member_id,
        kind=kinds.IMPORT_FINISHED,
        key=fact.key or f"import:{fact.subject_id}",
        title=fact.title,
        url=reverse("imports:run", args=[fact.payload["run"]]),
    )
    notify_many(actor=actors.system(fact.business_id), at=fact.occurred_at, messages=[message])


def tell_of_disabled_webhook(event_id: int) -> None:
    """Tell whoever may mend it that a webhook was switched off by itself (OP-9)."""
    fact = Event.objects.get(pk=event_id)
    members = Membership.objects.filter(deactivated_at__isnull=True).select_related("person")
    messages = [
        Message(
            member_id=member.id,
            kind=kinds.WEBHOOK_DISABLED,
            key=f"webhook.disabled:{fact.id}",
            title=fact.title,
            body=fact.body,
            url=reverse("webhooks:endpoint", args=[fact.payload["endpoint"]]),
            is_urgent=True,
        )
        for member in members
        if actors.member(member).may(Right.WEBHOOKS_EDIT)
    ]
    notify_many(actor=actors.system(fact.business_id), at=fact.occurred_at, messages=messages)


#: With more than this at once a member gets one line for all of them, not a flood.
SEVERAL = 5


def tell_assigned(event_id: int) -> None:
    """Tell who was given a task by somebody else."""
    fact = Event.objects.get(pk=event_id)
    message = _of_task(fact, fact.payload, f"{fact.actor_name} gave you a task")
    notify_many(actor=actors.system(fact.business_id), at=fact.occurred_at, messages=[message])


def tell_assigned_many(event_id: int) -> None:
    """Tell who was given several tasks at once: of each while they are few, else of all."""
    fact = Event.objects.get(pk=event_id)
    count, tasks = fact.payload["count"], fact.payload["tasks"]
    if count <= SEVERAL:
        intro = f"{fact.actor_name} gave you a task"
        messages = [_of_task(fact, task, intro) for task in tasks]
    else:
        messages = [
            Message(
                member_id=fact.payload["member"],
                kind=kinds.TASK_ASSIGNED,
                key=f"tasks.assigned:{fact.pk}",
                title=f"{fact.actor_name} gave you {count} tasks",
                body=_named(tasks, count),
                url=reverse("tasks:mine"),
            )
        ]
    notify_many(actor=actors.system(fact.business_id), at=fact.occurred_at, messages=messages)


def tell_overdue(event_id: int) -> None:
    """Tell whose tasks became overdue: of each while they are few, else of all."""
    fact = Event.objects.get(pk=event_id)
    messages = list(_overdue(fact))
    notify_many(actor=actors.system(fact.business_id), at=fact.occurred_at, messages=messages)


def _overdue(fact: Event) -> Iterator[Message]:
    count, tasks = fact.payload["count"], fact.payload["tasks"]
    if count > SEVERAL:
        yield Message(
            member_id=fact.payload["member"],
            kind=kinds.TASK_OVERDUE,
            key=f"tasks.overdue:{fact.pk}",
            title=f"{count} of your tasks are overdue",
            body=_named(tasks, count),
            url=reverse("tasks:mine"),
            is_urgent=any(task["priority"] == "critical" for task in tasks),
        )
        return
    for task in tasks:
        yield Message(
            member_id=fact.payload["member"],
            kind=kinds.TASK_OVERDUE,
            key=f"task.overdue:{task['task']}:{task['due_on']}",
            title=f"Overdue: {task['title']}",
            body=f"It was due on {formats.day(date.fromisoformat(task['due_on']))}.",
            url=reverse("tasks:detail", args=[task["task"]]),
            account_id=task["account"],
            is_urgent=task["priority"] == "critical",
        )


def _of_task(fact: Event, task: Mapping[str, Any], intro: str) -> Message:
    due_on = task["due_on"]
    return Message(
        member_id=task["assignee"],
        kind=kinds.TASK_ASSIGNED,
        key=f"task.assigned:{task['task']}:{fact.pk}",
        title=f"{intro}: {task['title']}",
        body=f"Due on {formats.day(date.fromisoformat(due_on))}." if due_on else "",
        url=reverse("tasks:detail", args=[task["task"]]),
        account_id=task["account"],
        is_urgent=task["priority"] == "critical",
    )


def _named(tasks: list[Mapping[str, Any]], count: int) -> str:
    shown = tasks[:3]
    return "; ".join(str(task["title"]) for task in shown) + ("; …" if count > len(shown) else ".")
