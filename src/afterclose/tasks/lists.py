"""The list of all tasks: page, filters, bulk actions and export are one (CS-90)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, override

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone

from afterclose.accounts.fields import account_column, account_filter, contact_column
from afterclose.accounts.lists import member_labels, member_options
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right
from afterclose.tasks import many, queries, triggers
from afterclose.tasks.forms import AssigneeForm, DueForm
from afterclose.tasks.models import Priority, State, Task
from afterclose.ui.lists import (
    BulkAction,
    ChoiceColumn,
    ChoiceFilter,
    Column,
    DateColumn,
    DateRangeFilter,
    Empty,
    InstantColumn,
    InstantRangeFilter,
    List,
    ListContext,
    Option,
    PersonColumn,
    RelationFilter,
    Row,
    Selected,
    TextSearch,
    View,
    url_of,
)

PRIORITY_TONES = {
    Priority.CRITICAL: "bad",
    Priority.HIGH: "warn",
    Priority.NORMAL: "neutral",
    Priority.LOW: "neutral",
}
STATES = [(State.OPEN.value, "Open"), (State.DONE.value, "Done")]
ME = "me"


@dataclass(frozen=True)
class AssigneeFilter(RelationFilter):
    """By assignee; `?assignee=me` is whoever looks, so that one link serves everybody."""

    @override
    def parse(self, data: QueryDict, context: ListContext) -> tuple[str, ...] | None:
        given = data.getlist(self.name)
        if ME not in given:
            return super().parse(data, context)
        others = QueryDict(mutable=True)
        others.setlist(self.name, [text for text in given if text != ME])
        return (ME, *(super().parse(others, context) or ()))

    @override
    def condition(self, value: tuple[str, ...], context: ListContext) -> Q:
        mine = Q(**{self.read_path: context.viewer.membership_id}) if ME in value else Q()
        others = tuple(text for text in value if text != ME)
        return mine | super().condition(others, context) if others else mine


def _options(viewer: Actor, text: str, limit: int) -> list[Option]:
    return [Option(ME, "Me"), *member_options(viewer, text, limit)]


def _sees_accounts(viewer: Actor) -> bool:
    return viewer.may(Right.ACCOUNTS_VIEW)


def may_edit(viewer: Actor) -> bool:
    """Whether bulk changes are on offer."""
    return viewer.may(Right.TASKS_EDIT)


def _person(name: str, label: str, *, optional: bool = False) -> PersonColumn:
    full, email = f"{name}__person__name", f"{name}__person__email"
    return PersonColumn(
        name,
        label,
        needs=(full, email),
        value=lambda row: row[full] or row[email],
        optional=optional,
    )


def _source(row: Row) -> str:
    if row["trigger"]:
        return triggers.label_of(row["trigger"])
    return row["created_by__person__name"] or row["created_by__person__email"] or "Afterclose"


def _ids(selection: Selected) -> list[int]:
    return [task_id for batch in selection.ids() for task_id in batch]


def _tasks(count: int) -> str:
    return f"{count} task{'' if count == 1 else 's'}"


def complete(viewer: Actor, selection: Selected, _data: dict[str, Any]) -> str:
    """Mark the selected tasks complete."""
    count = many.complete_many(actor=viewer, at=timezone.now(), task_ids=_ids(selection))
    return f"{_tasks(count)} completed."


def reopen(viewer: Actor, selection: Selected, _data: dict[str, Any]) -> str:
    """Take back that the selected tasks are done."""
    count = many.reopen_many(actor=viewer, at=timezone.now(), task_ids=_ids(selection))
    return f"{_tasks(count)} open again."


def reassign(viewer: Actor, selection: Selected, data: dict[str, Any]) -> str:
    """Give the selected tasks to somebody."""
    count = many.reassign_many(
        actor=viewer, at=timezone.now(), task_ids=_ids(selection), assignee=data["assignee"]
    )
    return f"{_tasks(count)} given to {data['assignee'] or 'nobody'}."


def change_due(viewer: Actor, selection: Selected, data: dict[str, Any]) -> str:
    """Move the selected tasks to another day."""
    count = many.change_due_many(
        actor=viewer, at=timezone.now(), task_ids=_ids(selection), due_on=data["due_on"]
    )
    return f"{_tasks(count)} moved."


class TaskList(List):
    """Every task of the business."""

    name = "tasks"
    title = "All tasks"
    lead = "What everybody has to do, and what was done."
    noun = ("task", "tasks")
    columns = [
        Column("title", "Task", sort="title_key", link=True),
        DateColumn("due_on", "Due", sort=True),
        ChoiceColumn(
            "priority", "Priority", choices=Priority, tones=PRIORITY_TONES, sort="rank"
        ),
        _person("assignee", "Assignee"),
        account_column(),
        ChoiceColumn("state", "State", choices=STATES, tones={State.DONE.value: "good"}),
        contact_column(optional=True),
        Column(
            "source",
            "Source",
            needs=("trigger", "created_by__person__name", "created_by__person__email"),
            value=_source,
            optional=True,
        ),
        InstantColumn("created_at", "Added", sort=True, optional=True),
        InstantColumn("completed_at", "Completed", sort=True, optional=True),
        _person("completed_by", "Completed by", optional=True),
    ]  # fmt: skip
    filters = [
        ChoiceFilter("state", "State", choices=STATES),
        AssigneeFilter(
            "assignee",
            "Assignee",
            path="assignee_id",
            options=_options,
            labels=member_labels,
            empty="Nobody",
        ),
        DateRangeFilter(
            "due_on", "Due", presets=("past", "today", "this-week", "next-7", "next-30", "none")
        ),
        ChoiceFilter("priority", "Priority", choices=Priority),
        account_filter("No account"),
        InstantRangeFilter("completed_at", "Completed"),
    ]
    search = TextSearch(prefix=["title_key"], contains=["title_key"], label="Search by title")
    default_sort = "due_on"
    views = [
        View("open", "Open", "state=open"),
        View("mine", "Mine", "state=open&assignee=me"),
        View("overdue", "Overdue", "state=open&due_on=past"),
        View("unassigned", "Nobody's", "state=open&assignee=none"),
        View(
            "done",
            "Done",
            "state=done&sort=-completed_at&cols=title,completed_at,completed_by,assignee,account",
        ),
    ]
    bulk_actions = [
        BulkAction("complete", "Mark complete", complete, visible=may_edit,
                   text="Those that are done already stay as they are."),
        BulkAction("reopen", "Reopen", reopen, visible=may_edit,
                   text="Those that are open stay as they are, and so does one whose rule has "
                   "opened it anew."),
        BulkAction("reassign", "Change assignee", reassign, form=AssigneeForm, visible=may_edit,
                   form_kwargs=lambda viewer: {"viewer": viewer},
                   text="Only open tasks change hands. The new assignee is told once, of all."),
        BulkAction("due", "Change due date", change_due, form=DueForm, visible=may_edit,
                   text="Only open tasks move."),
    ]  # fmt: skip
    empty = Empty(
        "No tasks yet",
        "Add what has to be done for a customer, and give it to whoever does it.",
        actions=[("Add task", "tasks:add")],
        icon="checkbox",
    )

    @override
    def queryset(self, viewer: Actor, /) -> QuerySet[Task]:
        return queries.tasks(viewer)

    @override
    def row_url(self, row: Row, /) -> str:
        return url_of("tasks:detail", row["id"])

    @override
    def may_export(self, viewer: Actor, /) -> bool:
        return viewer.may(Right.TASKS_VIEW)
