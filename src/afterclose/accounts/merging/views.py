"""Merging by preview, possible duplicates and the undo, of accounts and of contacts (``kinds``)."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from afterclose.accounts import queries as account_queries
from afterclose.accounts.merging import actions, queries
from afterclose.accounts.merging.fields import sides_said
from afterclose.accounts.merging.kinds import Kind, kind_of
from afterclose.businesses.permissions import Right
from afterclose.businesses.views import MemberRequest, page

OPTIONS = 20


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.ACCOUNTS_EDIT)
def choose(request: MemberRequest, /, kind: Kind, **ids: int) -> HttpResponse:
    """Which other one is the same."""
    [row_id] = ids.values()
    row = kind.read(request.viewer, row_id)
    form = kind.form(request.POST or None)
    if request.method == "POST" and form.is_valid():
        other = form.cleaned_data["other"]
        if other.pk != row.pk:
            return redirect(kind.merge_url, row.pk, other.pk)
        form.add_error("other", f"That is this {kind.noun} itself. Choose the other one.")
    context = {
        "form": form,
        "account": getattr(row, "account", row),
        "contact": row if hasattr(row, "account") else None,
        "title": f"Merge {row.name} with another {kind.noun}",
        "lead": "You see what will happen to every row before anything is changed.",
        "submit": "Compare the two",
    }
    return render(request, "accounts/form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.ACCOUNTS_EDIT)
def merge(request: MemberRequest, /, kind: Kind, **ids: int) -> HttpResponse:
    """Both side by side and what follows; POST merges. The one that stays comes first in the
    address."""
    winner_id, loser_id = ids.values()
    shown = queries.preview(request.viewer, kind, winner_id, loser_id)
    problem = shown.problem
    if request.method == "POST" and not problem:
        try:
            done = kind.merge(
                actor=request.viewer,
                at=timezone.now(),
                winner_id=winner_id,
                loser_id=loser_id,
                sides=sides_said(request.POST, shown.facts),
            )
        except ValidationError as refused:
            problem = " ".join(refused.messages)
        else:
            text = f"{done.loser_name} was merged. You can undo this for 30 days."
            messages.success(request, text)
            return redirect(kind.page_url, winner_id)
    context = {"kind": kind, "preview": shown, "problem": problem}
    status = 422 if problem and request.method == "POST" else 200
    template = f"accounts/merging/{kind.prefix}preview.html"
    return render(request, template, context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.ACCOUNTS_EDIT)
def undo(request: MemberRequest, merge_id: int) -> HttpResponse:
    """What an undo would do; POST does it."""
    found = queries.merge(request.viewer, merge_id)
    kind = kind_of(found)
    problem = actions.why_not_undo(found, timezone.now())
    if request.method == "POST" and not problem:
        try:
            actions.undo_merge(actor=request.viewer, at=timezone.now(), merge_id=merge_id)
        except ValidationError as refused:
            problem = " ".join(refused.messages)
        else:
            messages.success(request, f"{found.loser_name} is {kind.of_their_own} again")
            return redirect(kind.page_url, found.loser_id)
    context = {"kind": kind, "merge": found, "problem": problem}
    status = 422 if problem and request.method == "POST" else 200
    return render(request, "accounts/merging/undo.html", context, status=status)


@require_safe
@page(right=Right.ACCOUNTS_VIEW)
def duplicates(request: MemberRequest, kind: Kind) -> HttpResponse:
    """Which may be the same."""
    first = next(iter(kind.alike))
    by = request.GET.get("by", first)
    by = by if by in kind.alike else first
    after = request.GET.get("after", "").replace("\x00", "")
    found, following = kind.duplicates(request.viewer, by, after)
    context = {
        "kind": kind,
        "found": found,
        "by": by,
        "first": first,
        "next": following,
        "may_edit": request.viewer.may(Right.ACCOUNTS_EDIT),
    }
    return render(request, f"accounts/merging/{kind.prefix}duplicates.html", context)


@require_safe
@page(right=Right.ACCOUNTS_VIEW)
def contact_options(request: MemberRequest) -> JsonResponse:
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
