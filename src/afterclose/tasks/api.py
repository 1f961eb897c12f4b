"""Tasks in the API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.core.exceptions import ValidationError
from django.http import Http404
from django.utils import timezone
from ninja import Path
from pydantic import Field

from afterclose.accounts import queries as accounts
from afterclose.accounts.models import Account, Contact
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right
from afterclose.businesses.rest import etags
from afterclose.businesses.rest.fields import AddressId, Day, Id, In, Named, Out, filled, up_to
from afterclose.businesses.rest.lists import list_operation
from afterclose.businesses.rest.router import ROOT, ApiRequest, ApiRouter, Created
from afterclose.tasks import actions, queries
from afterclose.tasks.lists import TaskList
from afterclose.tasks.models import Task

router = ApiRouter()
PriorityName = Literal["critical", "high", "normal", "low"]


class TaskOut(Out):
    """Something that a member has to do."""

    id: int
    title: str
    notes: str
    due_on: date | None
    priority: PriorityName
    state: Literal["open", "done"]
    assignee: Named | None
    account: Named | None
    contact: Named | None
    created_at: datetime
    updated_at: datetime
    completed_at: datetime | None


PLAIN = (
    "id", "title", "notes", "due_on", "priority", "state", "created_at", "updated_at",
    "completed_at",
)  # fmt: skip
PATHS = (
    *PLAIN, "assignee_id", "assignee__person__name", "assignee__person__email", "account_id",
    "account__name", "contact_id", "contact__name",
)  # fmt: skip


def _named(row: Mapping[str, Any], path: str, *names: str) -> Named | None:
    if not row[f"{path}_id"]:
        return None
    name = next((row[f"{path}__{each}"] for each in names if row[f"{path}__{each}"]), "")
    return Named.model_construct(id=row[f"{path}_id"], name=name)


def task_out(row: Mapping[str, Any]) -> TaskOut:
    """A task of the API from its values."""
    return TaskOut.model_construct(
        **{name: row[name] for name in PLAIN},
        assignee=_named(row, "assignee", "person__name", "person__email"),
        account=_named(row, "account", "name"),
        contact=_named(row, "contact", "name"),
    )


class TaskFields(In):
    """What can be set on a task."""

    notes: Annotated[str, up_to(10_000)] = ""
    due_on: Day | None = None
    priority: PriorityName = "normal"
    assignee_id: Id | None = Field(None, description="A member's id, from /members.")
    account_id: Id | None = None
    contact_id: Id | None = Field(None, description="What is about a contact is about its account.")


class TaskNew(TaskFields):
    """A task to add."""

    title: Annotated[str, filled(200)]


class TaskPatch(TaskFields):
    """Fields of a task to change; those that are left out stay as they are."""

    title: Annotated[str, filled(200)] = "unchanged"


TASK = {
    "id": 61, "title": "Call about the renewal", "notes": "", "due_on": "2026-03-09",
    "priority": "high", "state": "open", "assignee": {"id": 4, "name": "Dana Reyes"},
    "account": {"id": 17, "name": "Globex"}, "contact": None,
    "created_at": "2026-03-02T09:00:00Z", "updated_at": "2026-03-02T09:00:00Z",
    "completed_at": None,
}  # fmt: skip

list_operation(
    router,
    "/tasks",
    TaskList,
    right=Right.TASKS_VIEW,
    out=TaskOut,
    paths=PATHS,
    build=task_out,
    example=TASK,
    operation_id="list_tasks",
)


def _task(viewer: Actor, task_id: int) -> TaskOut:
    row = queries.tasks(viewer).filter(pk=task_id).values(*PATHS).first()
    if row is None:
        raise Http404
    return task_out(row)


def _values(viewer: Actor, body: TaskFields) -> dict[str, Any]:
    """What was sent, as the action takes it. Raises ValidationError for rows that are not there."""
    values = body.model_dump(exclude_unset=True)
    found: dict[str, Any] = {
        "assignee": lambda key: accounts.members(viewer).filter(id=key).first(),
        "account": lambda key: Account.objects.filter(id=key).first(),
        "contact": lambda key: Contact.objects.filter(id=key).first(),
    }
    problems: dict[str, str] = {}
    for part, find in found.items():
        if f"{part}_id" in values:
            key = values.pop(f"{part}_id")
            values[part] = find(key) if key else None
            if key and values[part] is None:
                problems[f"{part}_id"] = f"There is no {part} with this id."
    if problems:
        raise ValidationError(dict(problems))
    return values


@router.operation(
    "POST",
    "/tasks",
    right=Right.TASKS_EDIT,
    returns=TaskOut,
    status=201,
    example=TASK,
    takes={"title": "Call about the renewal", "due_on": "2026-03-09", "account_id": 17},
)
def create_task(request: ApiRequest, body: TaskNew) -> Created:
    """Add a task; whoever gets it is told."""
    made = actions.add_task(
        actor=request.viewer, at=timezone.now(), **_values(request.viewer, body)
    )
    return Created(_task(request.viewer, made.pk), f"{ROOT}/tasks/{made.pk}")


@router.operation(
    "GET",
    "/tasks/{task_id}",
    right=Right.TASKS_VIEW,
    returns=TaskOut,
    example=TASK,
    cached=True,
)
def get_task(request: ApiRequest, task_id: Path[AddressId]) -> TaskOut:
    """Read a task."""
    return _task(request.viewer, task_id)


@router.operation(
    "PATCH",
    "/tasks/{task_id}",
    right=Right.TASKS_EDIT,
    returns=TaskOut,
    example=TASK,
    takes={"due_on": "2026-03-16"},
)
def change_task(request: ApiRequest, task_id: Path[AddressId], body: TaskPatch) -> TaskOut:
    """Change fields of a task."""
    etags.lock(request, Task.objects.filter(pk=task_id))
    etags.require_match(request, _task(request.viewer, task_id))
    actions.change_task(
        actor=request.viewer, at=timezone.now(), task_id=task_id, **_values(request.viewer, body)
    )
    return _task(request.viewer, task_id)


@router.operation(
    "POST",
    "/tasks/{task_id}/complete",
    right=Right.TASKS_EDIT,
    returns=TaskOut,
    example=TASK | {"state": "done", "completed_at": "2026-03-09T10:00:00Z"},
)
def complete_task(request: ApiRequest, task_id: Path[AddressId]) -> TaskOut:
    """Mark a task complete; a second time changes nothing."""
    actions.complete(actor=request.viewer, at=timezone.now(), task_id=task_id)
    return _task(request.viewer, task_id)


@router.operation(
    "POST",
    "/tasks/{task_id}/reopen",
    right=Right.TASKS_EDIT,
    returns=TaskOut,
    example=TASK,
)
def reopen_task(request: ApiRequest, task_id: Path[AddressId]) -> TaskOut:
    """Take back that a task is complete."""
    actions.reopen(actor=request.viewer, at=timezone.now(), task_id=task_id)
    return _task(request.viewer, task_id)


@router.operation("DELETE", "/tasks/{task_id}", right=Right.TASKS_EDIT, returns=None, status=204)
def delete_task(request: ApiRequest, task_id: Path[AddressId]) -> None:
    """Delete a task; people can bring it back for 30 days."""
    actions.delete(actor=request.viewer, at=timezone.now(), task_id=task_id)
