"""Reads of tasks: viewer in, rows out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, F, Q, QuerySet
from django.http import Http404
from django.urls import reverse

from afterclose.accounts.queries import prefix
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require
from afterclose.tasks.due import Group, group_of, period
from afterclose.tasks.models import KEPT, State, Task
from afterclose.ui.palette import Hit

SHOWN_IN_GROUP = 30


def tasks(viewer: Actor) -> QuerySet[Task]:
    """Every task of the viewer's business that was not deleted."""
    require(viewer, Right.TASKS_VIEW)
    return Task.objects.filter(KEPT)


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
    """With its account, contact and people, in one query."""
    return rows.select_related(
        "account", "contact", "assignee__person", "created_by__person", "completed_by__person"
    )


def lines(rows: QuerySet[Task]) -> QuerySet[Task]:
    """With what a line shows, and nothing else, in one query."""
    return rows.select_related("account", "contact", "assignee__person").only(
        "title",
        "priority",
        "due_on",
        "account__name",
        "contact__name",
        "assignee__person__name",
        "assignee__person__email",
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
    """The viewer's open tasks by group; groups without any are left out. Two queries, whoever has
    how many: one counts, one reads the first of each group along the index of assignees."""
    own = mine(viewer)
    counts = own.aggregate(
        **{group.name: Count("pk", filter=_due_in(group, today)) for group in Group}
    )
    # What has no date stands at the end of the index, behind what is due later.
    parts = [*(_dated_in(group, today) for group in Group), Q(due_on__isnull=True)]
    first, *others = [in_order(own.filter(part)).values("pk")[:SHOWN_IN_GROUP] for part in parts]
    shown = in_order(lines(Task.objects.filter(pk__in=first.union(*others, all=True))))
    rows: dict[Group, list[Task]] = {group: [] for group in Group}
    for task in shown:
        rows[group_of(task.due_on, today)].append(task)
    return [
        Section(group, rows[group][:SHOWN_IN_GROUP], counts[group.name], *period(group, today))
        for group in Group
        if counts[group.name]
    ]


def _due_in(group: Group, today: date) -> Q:
    dated = _dated_in(group, today)
    return dated | Q(due_on__isnull=True) if group is Group.LATER else dated


def _dated_in(group: Group, today: date) -> Q:
    first, last = period(group, today)
    found = Q()
    if first is not None:
        found &= Q(due_on__gte=first)
    if last is not None:
        found &= Q(due_on__lte=last)
    return found


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
