"""The timeline: one feed per account, newest first, its part of each contact, and what people
log on it (CS-4)."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from afterclose.accounts import actions, queries
from afterclose.accounts.forms import ActivityForm
from afterclose.accounts.models import Account, Contact
from afterclose.businesses.permissions import Right
from afterclose.businesses.views import MemberRequest, page
from afterclose.kit.paging import BadCursor, decode_cursor, encode_cursor
from afterclose.ui import feedback

KINDS = {
    "": "Everything",
    "email": "E-mails",
    "call": "Calls",
    "meeting": "Meetings",
    "note": "Notes",
    "system": "System",
}


@require_safe
@page(right=Right.ACCOUNTS_VIEW)
def panel(request: MemberRequest, account_id: int) -> HttpResponse:
    """One page of the feed; ``kind`` filters, ``before`` continues."""
    queries.account(request.viewer, account_id)
    return _feed(request, account_id, None)


@require_safe
@page(right=Right.ACCOUNTS_VIEW)
def of_contact(request: MemberRequest, contact_id: int) -> HttpResponse:
    """What of their account's feed is about a contact."""
    contact = queries.contact(request.viewer, contact_id)
    return _feed(request, contact.account_id, contact_id)


def _feed(request: MemberRequest, account_id: int, contact_id: int | None) -> HttpResponse:
    kind = request.GET.get("kind", "")
    events, has_more = queries.timeline(
        request.viewer, account_id, contact_id=contact_id, kind=kind, before=_before(request)
    )
    last = events[-1] if events else None
    return render(
        request,
        "accounts/_timeline_page.html" if "before" in request.GET else "accounts/_timeline.html",
        {
            "feed_url": request.path,
            "is_of_contact": contact_id is not None,
            "events": events,
            "kind": kind if kind in KINDS else "",
            "kinds": KINDS,
            "next": encode_cursor((last.occurred_at, last.id)) if last and has_more else "",
        },
    )


@require_http_methods(["GET", "POST"])
@page(right=Right.ACCOUNTS_EDIT)
def log(request: MemberRequest, account_id: int) -> HttpResponse:
    """Log an e-mail, call, meeting or note; mentioned colleagues are told."""
    account = queries.account(request.viewer, account_id)
    return _log(request, account, None)


@require_http_methods(["GET", "POST"])
@page(right=Right.ACCOUNTS_EDIT)
def log_with(request: MemberRequest, contact_id: int) -> HttpResponse:
    """Log what was done with a contact, on the timeline of their account."""
    contact = queries.contact(request.viewer, contact_id)
    return _log(request, contact.account, contact)


def _log(request: MemberRequest, account: Account, contact: Contact | None) -> HttpResponse:
    form = ActivityForm(request.POST or None, viewer=request.viewer)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            actions.log_activity(
                actor=request.viewer,
                at=timezone.now(),
                account_id=account.id,
                contact_id=contact.id if contact else None,
                kind=values["kind"],
                title=values["title"],
                body=values["body"],
                occurred_at=values["occurred_at"],
                mention=[int(key) for key in values["mention"]],
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _logged(request, account, contact)
    return render(
        request,
        "accounts/form.html",
        {
            "form": form,
            "account": account,
            "contact": contact,
            "title": f"Log activity {f'with {contact}' if contact else f'at {account}'}",
            "submit": "Log activity",
        },
        status=422 if form.errors else 200,
    )


def _logged(request: MemberRequest, account: Account, contact: Contact | None) -> HttpResponse:
    if not feedback.in_drawer(request):
        if contact is not None:
            return redirect("accounts:contact", contact.id)
        return redirect("accounts:detail", account.id)
    response = HttpResponse()
    feedback.toast(response, "Activity logged")
    feedback.announce(response, "timeline-changed")
    feedback.close_drawer(response)
    return response


def _before(request: HttpRequest) -> tuple[datetime, int] | None:
    """Where the page before ended; a damaged cursor starts at the top."""
    try:
        at, key = decode_cursor(request.GET.get("before", ""), length=2)
    except BadCursor:
        return None
    return (at, key) if isinstance(at, datetime) and isinstance(key, int) else None
