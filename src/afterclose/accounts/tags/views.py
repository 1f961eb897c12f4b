"""The tag manager, and the tags of one account or contact."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from afterclose.accounts import queries as account_queries, uses
from afterclose.accounts.models import Account, Contact
from afterclose.accounts.tags import actions, queries, removals
from afterclose.accounts.tags.forms import MergeForm, TagDetailsForm, TagsForm
from afterclose.accounts.tags.lists import TagList
from afterclose.accounts.tags.models import Tag, Tone
from afterclose.businesses.permissions import Right
from afterclose.businesses.views import MemberRequest, page
from afterclose.ui.lists import list_view


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.ACCOUNTS_VIEW)
def tag_list(request: MemberRequest) -> HttpResponseBase:
    """Every tag with how many accounts and contacts have it."""
    may_arrange = request.viewer.may(Right.SETTINGS_EDIT)
    context = {
        "may_edit": request.viewer.may(Right.ACCOUNTS_EDIT),
        "removals": queries.removals(request.viewer, timezone.now()) if may_arrange else [],
    }
    return list_view(request, TagList, template="accounts/tags/list.html", context=context)


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.ACCOUNTS_EDIT)
def add(request: MemberRequest) -> HttpResponse:
    """A new tag."""
    form = TagDetailsForm(request.POST or None, initial={"tone": Tone.NEUTRAL})
    if request.method == "POST" and form.is_valid():
        try:
            tag = actions.create_tag(actor=request.viewer, at=timezone.now(), **form.cleaned_data)
        except ValidationError as problem:
            form.add_error(None, problem)
        else:
            messages.success(request, f"Tag “{tag.name}” added")
            return redirect("accounts:tags")
    context = {"form": form, "title": "Add tag", "submit": "Add tag"}
    return _render(request, "accounts/tags/form.html", form, context)


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.ACCOUNTS_EDIT)
def edit(request: MemberRequest, tag_id: int) -> HttpResponse:
    """Rename or recolour a tag; merging and deleting stand below for those who may."""
    tag = queries.tag(request.viewer, tag_id)
    initial = {"name": tag.name, "tone": tag.tone}
    form = TagDetailsForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_tag(
                actor=request.viewer, at=timezone.now(), tag_id=tag_id, **form.cleaned_data
            )
        except ValidationError as problem:
            form.add_error(None, problem)
        else:
            messages.success(request, "Tag changed")
            return redirect("accounts:tags")
    may_arrange = request.viewer.may(Right.SETTINGS_EDIT)
    context = {
        "form": form,
        "tag": tag,
        "title": f"Change {tag.name}",
        "submit": "Save changes",
        "merge_form": MergeForm(exclude=tag_id, prefix="merge") if may_arrange else None,
        "may_arrange": may_arrange,
        "uses": uses.of(request.viewer, tag) if may_arrange else [],
    }
    return _render(request, "accounts/tags/form.html", form, context)


@require_POST
@page(right=Right.SETTINGS_EDIT)
def merge(request: MemberRequest, tag_id: int) -> HttpResponse:
    """Make a tag one with another, which stays."""
    tag = queries.tag(request.viewer, tag_id)
    form = MergeForm(request.POST, exclude=tag_id, prefix="merge")
    if not form.is_valid():
        messages.error(request, f"“{tag.name}” was not merged: choose the tag that stays.")
        return redirect("accounts:tag", tag_id)
    into = form.cleaned_data["into"]
    actions.merge_tags(actor=request.viewer, at=timezone.now(), tag_ids=[tag_id], into_id=into.id)
    messages.success(request, f"“{tag.name}” is “{into.name}” now. You can undo this for 30 days.")
    return redirect("accounts:tags")


@require_POST
@page(right=Right.SETTINGS_EDIT)
def delete(request: MemberRequest, tag_id: int) -> HttpResponse:
    """Delete a tag and take it off everything."""
    tag = queries.tag(request.viewer, tag_id)
    try:
        actions.delete_tags(actor=request.viewer, at=timezone.now(), tag_ids=[tag_id])
    except uses.InUse as refusal:
        messages.error(request, refusal.message)
        return redirect("accounts:tag", tag_id)
    messages.success(request, f"Tag “{tag.name}” deleted. You can restore it for 30 days.")
    return redirect("accounts:tags")


@require_POST
@page(right=Right.SETTINGS_EDIT)
def undo(request: MemberRequest, removal_id: int) -> HttpResponse:
    """Bring back what was deleted or merged."""
    removal = queries.removal(request.viewer, removal_id)
    try:
        removals.undo(actor=request.viewer, at=timezone.now(), removal_id=removal_id)
    except ValidationError as problem:
        messages.error(request, f"“{removal}” was not brought back. {' '.join(problem.messages)}")
    else:
        messages.success(request, f"“{removal}” is back, wherever it was")
    return redirect("accounts:tags")


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.ACCOUNTS_EDIT)
def of_account(request: MemberRequest, account_id: int) -> HttpResponse:
    """Which tags an account has."""
    account = account_queries.account(request.viewer, account_id)
    return _of_row(
        request,
        account,
        f"Tags of {account.name}",
        queries.tags_of_account(request.viewer, account_id),
        lambda **tags: actions.set_account_tags(
            actor=request.viewer, at=timezone.now(), account_id=account_id, **tags
        ),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.ACCOUNTS_EDIT)
def of_contact(request: MemberRequest, account_id: int, contact_id: int) -> HttpResponse:
    """Which tags a contact has."""
    account = account_queries.account(request.viewer, account_id)
    contact = account_queries.contact(request.viewer, contact_id, account_id=account_id)
    return _of_row(
        request,
        account,
        f"Tags of {contact.name}",
        queries.tags_of_contact(request.viewer, contact_id),
        lambda **tags: actions.set_contact_tags(
            actor=request.viewer, at=timezone.now(), contact_id=contact_id, **tags
        ),
        contact,
    )


def _of_row(
    request: MemberRequest,
    account: Account,
    title: str,
    held: list[Tag],
    save: Callable[..., None],
    contact: Contact | None = None,
) -> HttpResponse:
    # An empty choice is an answer too: it takes the last tag away.
    data = request.POST if request.method == "POST" else None
    form = TagsForm(data, initial={"tags": held})
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            save(tag_ids=[tag.id for tag in values["tags"]], new=values["new"])
        except ValidationError as problem:
            form.add_error("new", problem)
        else:
            messages.success(request, "Tags saved")
            if contact is not None:
                return redirect("accounts:contact", contact.id)
            return redirect("accounts:detail", account.id)
    context = {
        "form": form,
        "account": account,
        "contact": contact,
        "title": title,
        "submit": "Save tags",
    }
    return _render(request, "accounts/form.html", form, context)


def _render(
    request: MemberRequest, template: str, form: Any, context: dict[str, Any]
) -> HttpResponse:
    return render(request, template, context, status=422 if form.errors else 200)
