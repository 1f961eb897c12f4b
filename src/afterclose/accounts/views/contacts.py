"""People at an account: the panel, the page of one, adding, changing and removing them (CS-3)."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from afterclose.accounts import actions, queries
from afterclose.accounts.custom_fields.models import Subject
from afterclose.accounts.custom_fields.showing import custom_facts
from afterclose.accounts.forms import ContactForm
from afterclose.accounts.merging.duplicates import contacts_like
from afterclose.accounts.merging.kinds import CONTACTS
from afterclose.accounts.merging.queries import merged_into, undoable
from afterclose.accounts.panels import panels
from afterclose.accounts.tags.queries import tags_of_contact, tags_of_contacts
from afterclose.businesses.permissions import Right
from afterclose.businesses.views import MemberRequest, page

SHOWN_IN_PANEL = 8


@require_safe
@page(right=Right.ACCOUNTS_VIEW)
def panel(request: MemberRequest, account_id: int) -> HttpResponse:
    """The people who matter, those with a part to play first."""
    account = queries.account(request.viewer, account_id)
    found = list(queries.contacts(request.viewer, account_id)[: SHOWN_IN_PANEL + 1])
    tags = tags_of_contacts(request.viewer, [each.id for each in found])
    return render(
        request,
        "accounts/_contacts_panel.html",
        {
            "account": account,
            "contacts": [(each, tags.get(each.id, [])) for each in found[:SHOWN_IN_PANEL]],
            "has_more": len(found) > SHOWN_IN_PANEL,
            "may_edit": request.viewer.may(Right.ACCOUNTS_EDIT),
        },
    )


@require_safe
@page(right=Right.ACCOUNTS_VIEW)
def detail(request: MemberRequest, contact_id: int) -> HttpResponse:
    """One person on one page; everything but the facts loads lazily."""
    viewer = request.viewer
    try:
        contact = queries.contact(viewer, contact_id)
    except Http404:
        # An old link to a contact that was merged leads to the one that took over.
        into = merged_into(viewer, CONTACTS, contact_id)
        if into is None:
            raise
        return redirect("accounts:contact", into)
    may_edit = viewer.may(Right.ACCOUNTS_EDIT)
    return render(
        request,
        "accounts/contact.html",
        {
            "contact": contact,
            "account": contact.account,
            "tags": tags_of_contact(viewer, contact_id),
            "custom": custom_facts(viewer, Subject.CONTACT, contact_id),
            "main_panels": panels(viewer, "main", "contact"),
            "side_panels": panels(viewer, "side", "contact"),
            "merges": undoable(viewer, contact, timezone.now()),
            "alike": contacts_like(viewer, contact) if may_edit else [],
            "may_edit": may_edit,
        },
    )


@require_http_methods(["GET", "POST"])
@page(right=Right.ACCOUNTS_EDIT)
def add(request: MemberRequest, account_id: int) -> HttpResponse:
    """Add a person to an account."""
    account = queries.account(request.viewer, account_id)
    form = ContactForm(request.POST or None, viewer=request.viewer)
    if request.method == "POST" and form.is_valid():
        try:
            contact = actions.add_contact(
                actor=request.viewer,
                at=timezone.now(),
                account_id=account_id,
                custom=form.custom_values,
                **form.own_values,
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"{contact.name} added")
            return redirect("accounts:contact", contact.id)
    return render(
        request,
        "accounts/form.html",
        {
            "form": form,
            "account": account,
            "title": f"Add a contact to {account.name}",
            "submit": "Add contact",
        },
        status=422 if form.errors else 200,
    )


@require_http_methods(["GET", "POST"])
@page(right=Right.ACCOUNTS_EDIT)
def edit(request: MemberRequest, account_id: int, contact_id: int) -> HttpResponse:
    """Change a person at an account."""
    account = queries.account(request.viewer, account_id)
    contact = queries.contact(request.viewer, contact_id, account_id=account_id)
    form = ContactForm(request.POST or None, instance=contact, viewer=request.viewer)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_contact(
                actor=request.viewer,
                at=timezone.now(),
                contact_id=contact_id,
                custom=form.custom_values,
                **form.own_values,
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, "Changes saved")
            return redirect("accounts:contact", contact_id)
    return render(
        request,
        "accounts/form.html",
        {
            "form": form,
            "account": account,
            "contact": contact,
            "may_remove": True,
            "title": f"Edit {contact.name}",
            "submit": "Save changes",
        },
        status=422 if form.errors else 200,
    )


@require_POST
@page(right=Right.ACCOUNTS_EDIT)
def remove(request: MemberRequest, account_id: int, contact_id: int) -> HttpResponse:
    """Remove a person from an account."""
    contact = queries.contact(request.viewer, contact_id, account_id=account_id)
    actions.remove_contact(actor=request.viewer, at=timezone.now(), contact_id=contact_id)
    messages.success(request, f"{contact.name} removed")
    return redirect("accounts:detail", account_id)
