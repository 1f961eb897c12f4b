"""Pages of tasks."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from afterclose.accounts.lists import account_options as find_accounts
from afterclose.businesses.errors import Refused
from afterclose.businesses.permissions import Right
from afterclose.businesses.views import MemberRequest, page
from afterclose.tasks import actions, queries, triggers
from afterclose.tasks.forms import QuickForm, TaskForm
from afterclose.tasks.lists import TaskList
from afterclose.tasks.models import State, Task
from afterclose.tasks.panels import groups_of
from afterclose.ui import feedback
from afterclose.ui.lists import list_view

OPTIONS = 20
CHANGED = "tasks-changed"


@require_safe
@page(right=Right.TASKS_VIEW)
def mine(request: MemberRequest) -> HttpResponse:
    """What the viewer has to do, by when; also the next task in one line."""
    return render(request, "tasks/mine.html", groups_of(request))


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.TASKS_VIEW)
def all_tasks(request: MemberRequest) -> HttpResponseBase:
    """Every task, with filters, bulk actions and export."""
    return list_view(
        request,
        TaskList,
        template="tasks/list.html",
        context={"may_edit": request.viewer.may(Right.TASKS_EDIT)},
    )


@require_http_methods(["GET", "POST"])
@page(right=Right.TASKS_EDIT)
def add(request: MemberRequest) -> HttpResponse:
    """Add a task; ``?account=`` and ``?contact=`` say whom it is about."""
    initial: dict[str, Any] = {
        "assignee": request.viewer.membership_id,
        **{name: request.GET[name] for name in ("account", "contact") if name in request.GET},
    }
    form = TaskForm(request.POST or None, viewer=request.viewer, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            task = actions.add_task(actor=request.viewer, at=timezone.now(), **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _done(request, f"{task.title} added", reverse("tasks:mine"))
    context = {"form": form, "title": "Add a task", "submit": "Add task"}
    return render(request, "tasks/form.html", context, status=422 if form.errors else 200)


@require_POST
@page(right=Right.TASKS_EDIT)
def quick(request: MemberRequest) -> HttpResponse:
    """Add a task for oneself from one line."""
    form = QuickForm(request.POST)
    if not form.is_valid():
        text = "Write what is to be done, in up to 200 characters, and a date or none."
        if feedback.is_htmx(request):
            return feedback.toast(HttpResponse(status=422), text, "error")
        messages.error(request, text)
        return redirect("tasks:mine")
    actions.add_task(
        actor=request.viewer,
        at=timezone.now(),
        assignee=request.viewer.membership,
        **form.cleaned_data,
    )
    if not feedback.is_htmx(request):
        return redirect("tasks:mine")
    answer = render(request, "tasks/_quick.html")
    return feedback.announce(answer, CHANGED)


@require_safe
@page(right=Right.TASKS_VIEW)
def detail(request: MemberRequest, task_id: int) -> HttpResponse:
    """One task; a deleted one can be restored here."""
    task = queries.task(request.viewer, task_id, deleted=True)
    context = {
        "task": task,
        "source": triggers.label_of(task.trigger) if task.trigger else "",
        "today": timezone.localdate(),
        "may_edit": request.viewer.may(Right.TASKS_EDIT),
        "sees_accounts": request.viewer.may(Right.ACCOUNTS_VIEW),
        "is_deleted": task.state == State.DELETED,
    }
    return render(request, "tasks/detail.html", context)


@require_http_methods(["GET", "POST"])
@page(right=Right.TASKS_EDIT)
def edit(request: MemberRequest, task_id: int) -> HttpResponse:
    """Change a task, or give it to somebody else."""
    task = queries.task(request.viewer, task_id)
    form = TaskForm(request.POST or None, viewer=request.viewer, initial=TaskForm.from_task(task))
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_task(
                actor=request.viewer, at=timezone.now(), task_id=task_id, **form.cleaned_data
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _done(request, "Changes saved", reverse("tasks:detail", args=[task_id]))
    context = {"form": form, "task": task, "title": "Edit task", "submit": "Save changes"}
    return render(request, "tasks/form.html", context, status=422 if form.errors else 200)


@require_POST
@page(right=Right.TASKS_EDIT)
def complete(request: MemberRequest, task_id: int) -> HttpResponse:
    """Mark a task complete."""
    queries.task(request.viewer, task_id)
    task = actions.complete(actor=request.viewer, at=timezone.now(), task_id=task_id)
    return _done(request, f"{task.title} completed", _back(task), _undo("tasks:reopen", task))


@require_POST
@page(right=Right.TASKS_EDIT)
def reopen(request: MemberRequest, task_id: int) -> HttpResponse:
    """Take back that a task is done."""
    queries.task(request.viewer, task_id)
    try:
        task = actions.reopen(actor=request.viewer, at=timezone.now(), task_id=task_id)
    except Refused as refusal:
        return _refused(request, refusal, task_id)
    return _done(request, f"{task.title} is open again", _back(task))


@require_POST
@page(right=Right.TASKS_EDIT)
def delete(request: MemberRequest, task_id: int) -> HttpResponse:
    """Delete a task; it can be restored for a while."""
    queries.task(request.viewer, task_id)
    task = actions.delete(actor=request.viewer, at=timezone.now(), task_id=task_id)
    if not feedback.is_htmx(request):
        link = format_html('<a href="{}">Look at it</a>', _back(task))
        text = format_html("{} deleted. {} to restore it within 30 days.", task.title, link)
        messages.success(request, text)
        return redirect("tasks:mine")
    return _done(request, f"{task.title} deleted", "", _undo("tasks:restore", task))


@require_POST
@page(right=Right.TASKS_EDIT)
def restore(request: MemberRequest, task_id: int) -> HttpResponse:
    """Bring a deleted task back."""
    queries.task(request.viewer, task_id, deleted=True)
    try:
        task = actions.restore(actor=request.viewer, at=timezone.now(), task_id=task_id)
    except Refused as refusal:
        return _refused(request, refusal, task_id)
    return _done(request, f"{task.title} restored", _back(task))


@require_safe
@page(right=Right.ACCOUNTS_VIEW)
def account_options(request: MemberRequest) -> JsonResponse:
    """Accounts whose name begins with ``?q=``, for the form."""
    found = find_accounts(request.viewer, request.GET.get("q", ""), OPTIONS)
    return JsonResponse([{"value": o.value, "text": o.label} for o in found], safe=False)


def _back(task: Task) -> str:
    return reverse("tasks:detail", args=[task.pk])


def _undo(url_name: str, task: Task) -> str:
    return reverse(url_name, args=[task.pk])


def _done(request: MemberRequest, text: str, url: str, undo: str = "") -> HttpResponse:
    """Say what was done: a toast beside what is looked at, or the page at ``url``."""
    if not feedback.is_htmx(request):
        messages.success(request, text)
        return redirect(url)
    answer = HttpResponse()
    feedback.toast(answer, text, undo=undo)
    feedback.announce(answer, CHANGED)
    if feedback.in_drawer(request):
        feedback.close_drawer(answer)
    return answer


def _refused(request: MemberRequest, refusal: Refused, task_id: int) -> HttpResponse:
    if feedback.is_htmx(request):
        return feedback.toast(HttpResponse(status=refusal.status), refusal.message, "error")
    messages.error(request, refusal.message)
    return redirect("tasks:detail", task_id)
