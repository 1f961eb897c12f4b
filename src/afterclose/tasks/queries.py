"""Reads of tasks: viewer in, rows out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import F, Q, QuerySet
from django.http import Http404
from django.urls import reverse

from afterclose.accounts.queries import prefix
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require
from afterclose.tasks.due import Group, period
from afterclose.tasks.models import State, Task
from afterclose.ui.palette import Hit

SHOWN_IN_GROUP = 30


def tasks(viewer: Actor) -> QuerySet[Task]:
    """Every task of the viewer's business that was not deleted."""
    require(viewer, Right.TASKS_VIEW)
    return Task.objects.filter(state__in=(State.OPEN, State.DONE))


def open_tasks(viewer: Actor) -> QuerySet[Task]:
    """What is still to be done, by anybody."""
    require(viewer, Right.TASKS_VIEW)
    return Task.objects.filter(state=State.OPEN)


def mine(viewer: Actor) -> QuerySet[Task]:
    """What the viewer has to do."""
    return open_tasks(viewer).filter(assignee_id=viewer.membership_id)


def task(viewer: Actor, task_id: int, *, deleted: bool = False) -> Task:
    """One task with its people; raises Http404. Deleted ones only where asked for."""
    require(viewer, Right.TASKS_VIEW)
    rows = Task.objects.all() if deleted else tasks(viewer)
    found = in_full(rows).filter(pk=task_id).first()
    if found is None:
        raise Http404("There is no such task.")
    return found


def in_full(rows: QuerySet[Task]) -> QuerySet[Task]:
    """With the rows that a line shows, in one query."""
    return rows.select_related(
        "account", "contact", "assignee__person", "created_by__person", "completed_by__person"
    )


def in_order(rows: QuerySet[Task]) -> QuerySet[Task]:
    """By due date, what has none last; what matters more first within a day."""
    return rows.order_by(F("due_on").asc(nulls_last=True), "-rank", "id")


def of_account(viewer: Actor, account_id: int) -> QuerySet[Task]:
    """What is to be done for an account."""
    return in_order(open_tasks(viewer).filter(account_id=account_id))


def of_contact(viewer: Actor, contact_id: int) -> QuerySet[Task]:
    """What is to be done about a contact."""
    return in_order(open_tasks(viewer).filter(contact_id=contact_id))


@dataclass(frozen=True, slots=True)
class Section:
    """A group of My tasks: its first rows and how many there are."""

    group: Group
    rows: list[Task]
    count: int
    first: date | None
    last: date | None

    @property
    def has_more(self) -> bool:
        """Whether there are more than are shown."""
        return self.count > len(self.rows)


def sections(viewer: Actor, today: date) -> list[Section]:
    """The viewer's open tasks by group; groups without any are left out."""
    found = [section(viewer, today, group) for group in Group]
    return [each for each in found if each.count]


def section(viewer: Actor, today: date, group: Group) -> Section:
    """One group of the viewer's open tasks."""
    rows = mine(viewer)
    first, last = period(group, today)
    within = Q()
    if first is not None:
        within &= Q(due_on__gte=first)
    if last is not None:
        within &= Q(due_on__lte=last)
    if group is Group.LATER:
        within |= Q(due_on__isnull=True)
    rows = rows.filter(within)
    shown = list(in_full(in_order(rows))[: SHOWN_IN_GROUP + 1])
    count = len(shown) if len(shown) <= SHOWN_IN_GROUP else rows.count()
    return Section(group, shown[:SHOWN_IN_GROUP], count, first, last)


def find_tasks(viewer: Actor, text: str, limit: int) -> list[Hit]:
    """Open tasks for the search box, by the start of the title."""
    key = text.strip().lower()
    if not key or not viewer.may(Right.TASKS_VIEW):
        return []
    found = (
        open_tasks(viewer)
        .filter(prefix("title_key", key))
        .order_by("title_key", "id")
        .values_list("id", "title", "account__name")[:limit]
    )
    sees_accounts = viewer.may(Right.ACCOUNTS_VIEW)
    return [
        Hit(
            label=title,
            url=reverse("tasks:detail", args=[task_id]),
            detail=(name or "") if sees_accounts else "",
            icon="checkbox",
            group="Tasks",
        )
        for task_id, title, name in found
    ]
