"""Parts of pages that show tasks: My tasks by day, the panels of accounts, contacts and Home."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from afterclose.accounts import queries as accounts
from afterclose.accounts.models import Contact
from afterclose.businesses.permissions import Right
from afterclose.businesses.views import MemberRequest, page
from afterclose.tasks import queries
from afterclose.tasks.due import Group
from afterclose.tasks.lists import ME, TaskList
from afterclose.tasks.models import State, Task

SHOWN_IN_PANEL = 6


@require_safe
@page(right=Right.TASKS_VIEW)
def groups(request: MemberRequest) -> HttpResponse:
    """What the viewer has to do, by when."""
    return render(request, "tasks/_groups.html", groups_of(request))


def groups_of(request: MemberRequest) -> dict[str, object]:
    """The context of the groups, for the page and the part alike."""
    today = timezone.localdate()
    found = queries.sections(request.viewer, today)
    path = reverse("tasks:list")
    return {
        "today": today,
        "may_edit": request.viewer.may(Right.TASKS_EDIT),
        "sees_accounts": request.viewer.may(Right.ACCOUNTS_VIEW),
        "overdue": Group.OVERDUE,
        "sections": [
            (
                each,
                TaskList.url(
                    path,
                    state=State.OPEN.value,
                    assignee=ME,
                    **{
                        name: day.isoformat()
                        for name, day in (("due_on_from", each.first), ("due_on_to", each.last))
                        if day is not None
                    },
                ),
            )
            for each in found
        ],
    }


@require_safe
@page(right=Right.TASKS_VIEW)
def mine(request: MemberRequest) -> HttpResponse:
    """The next things that the viewer has to do, for Home."""
    rows = queries.in_order(queries.lines(queries.mine(request.viewer)))
    found = list(rows[: SHOWN_IN_PANEL + 1])
    context = {
        "tasks": found[:SHOWN_IN_PANEL],
        "has_more": len(found) > SHOWN_IN_PANEL,
        "today": timezone.localdate(),
        "may_edit": request.viewer.may(Right.TASKS_EDIT),
        "sees_accounts": request.viewer.may(Right.ACCOUNTS_VIEW),
    }
    return render(request, "tasks/_mine_panel.html", context)


@require_safe
@page(right=Right.TASKS_VIEW)
def account(request: MemberRequest, account_id: int) -> HttpResponse:
    """What is to be done for an account, by anybody."""
    found = accounts.account(request.viewer, account_id)
    rows = queries.of_account(request.viewer, account_id)
    return _about(request, rows, found.name, account_id)


@require_safe
@page(right=Right.TASKS_VIEW)
def contact(request: MemberRequest, contact_id: int) -> HttpResponse:
    """What is to be done about a contact, by anybody; those of the account stand on its page."""
    found = accounts.contact(request.viewer, contact_id)
    rows = queries.of_contact(request.viewer, contact_id)
    return _about(request, rows, found.name, found.account_id, contact=found)


def _about(
    request: MemberRequest,
    rows: QuerySet[Task],
    name: str,
    account_id: int,
    contact: Contact | None = None,
) -> HttpResponse:
    found = list(queries.lines(rows)[: SHOWN_IN_PANEL + 1])
    if contact is not None:
        label = f"Tasks of {contact.account}"
    else:
        label = "All tasks" if len(found) > SHOWN_IN_PANEL else "Tasks as a list"
    context = {
        "name": name,
        "about": f"account={account_id}" + (f"&contact={contact.id}" if contact else ""),
        "tasks": found[:SHOWN_IN_PANEL],
        "all_url": TaskList.url(reverse("tasks:list"), account=account_id),
        "all_label": label,
        "today": timezone.localdate(),
        "may_edit": request.viewer.may(Right.TASKS_EDIT),
    }
    return render(request, "tasks/_account_panel.html", context)
