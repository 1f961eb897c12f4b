"""Merging contacts by preview, and contacts that may be the same person."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from afterclose.accounts import queries as account_queries
from afterclose.accounts.merging import contacts, queries
from afterclose.accounts.merging.duplicates import possible_duplicate_contacts
from afterclose.accounts.merging.fields import CONTACT_FIELDS, sides_said
from afterclose.accounts.merging.forms import OtherContactForm
from afterclose.businesses.permissions import Right
from afterclose.businesses.views import MemberRequest, page

OPTIONS = 20
YES_OR_NO = {True: "Yes", False: "No"}


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.ACCOUNTS_EDIT)
def choose(request: MemberRequest, contact_id: int) -> HttpResponse:
    """Which other contact is the same person."""
    contact = account_queries.contact(request.viewer, contact_id)
    form = OtherContactForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        other = form.cleaned_data["other"]
        if other.id != contact.id:
            return redirect("accounts:contact_merge", contact.id, other.id)
        form.add_error("other", "That is this contact itself. Choose the other one.")
    context = {
        "form": form,
        "account": contact.account,
        "contact": contact,
        "title": f"Merge {contact.name} with another contact",
        "lead": "You see what will happen to every row before anything is changed.",
        "submit": "Compare the two",
    }
    return render(request, "accounts/form.html", context, status=422 if form.errors else 200)


@require_safe
@page(right=Right.ACCOUNTS_VIEW)
def options(request: MemberRequest) -> JsonResponse:
    """Contacts whose name or e-mail address begins with ``?q=``, for a form."""
    text = request.GET.get("q", "").replace("\x00", "").strip().lower()
    by_name = account_queries.prefix("name_key", text)
    begins = by_name | account_queries.prefix("email", text) if text else by_name
    found = account_queries.all_contacts(request.viewer).filter(begins).order_by("name_key", "id")
    rows = found.values_list("id", "name", "account__name", "email")[:OPTIONS]
    return JsonResponse(
        [
            {"value": str(key), "text": f"{name} ({', '.join(filter(None, (account, email)))})"}
            for key, name, account, email in rows
        ],
        safe=False,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.ACCOUNTS_EDIT)
def merge(request: MemberRequest, contact_id: int, other_contact_id: int) -> HttpResponse:
    """Both side by side and what follows; POST merges."""
    shown = queries.preview_of_contacts(request.viewer, contact_id, other_contact_id)
    problem = shown.problem
    if request.method == "POST" and not problem:
        try:
            done = contacts.merge_contacts(
                actor=request.viewer,
                at=timezone.now(),
                winner_id=contact_id,
                loser_id=other_contact_id,
                sides=sides_said(request.POST, CONTACT_FIELDS),
            )
        except ValidationError as refused:
            problem = " ".join(refused.messages)
        else:
            messages.success(
                request, f"{done.loser_name} was merged. You can undo this for 30 days."
            )
            return redirect("accounts:contact", contact_id)
    facts = [
        {
            "fact": fact,
            "winner": _said(fact.name, shown.winner),
            "loser": _said(fact.name, shown.loser),
        }
        for fact in shown.facts
    ]
    context = {"preview": shown, "facts": facts, "problem": problem}
    status = 422 if problem and request.method == "POST" else 200
    return render(request, "accounts/merging/contacts_preview.html", context, status=status)


def _said(name: str, contact: Any) -> Any:
    if name == "account_id":
        return contact.account.name
    value = getattr(contact, name)
    if isinstance(value, bool):
        return YES_OR_NO[value]
    return "" if value is None else value


@require_safe
@page(right=Right.ACCOUNTS_VIEW)
def duplicates(request: MemberRequest) -> HttpResponse:
    """Contacts that may be the same person."""
    by = "name" if request.GET.get("by") == "name" else "email"
    after = request.GET.get("after", "").replace("\x00", "")
    found, following = possible_duplicate_contacts(request.viewer, by, after)
    context = {
        "found": found,
        "by": by,
        "next": following,
        "may_edit": request.viewer.may(Right.ACCOUNTS_EDIT),
    }
    return render(request, "accounts/merging/contacts_duplicates.html", context)
