"""Merging accounts by preview, possible duplicates, and the undo of any merge."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from afterclose.accounts import queries as account_queries
from afterclose.accounts.merging import actions, queries
from afterclose.accounts.merging.duplicates import possible_duplicates
from afterclose.accounts.merging.fields import FIELDS, sides_said
from afterclose.accounts.merging.forms import OtherForm
from afterclose.businesses.models import Membership
from afterclose.businesses.permissions import Right
from afterclose.businesses.views import MemberRequest, page


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.ACCOUNTS_EDIT)
def choose(request: MemberRequest, account_id: int) -> HttpResponse:
    """Which other account is the same customer."""
    account = account_queries.account(request.viewer, account_id)
    form = OtherForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        other = form.cleaned_data["other"]
        if other.id != account.id:
            return redirect("accounts:merge", account.id, other.id)
        form.add_error("other", "That is this account itself. Choose the other one.")
    context = {
        "form": form,
        "account": account,
        "title": f"Merge {account.name} with another account",
        "lead": "You see what will happen to every row before anything is changed.",
        "submit": "Compare the two",
    }
    return render(request, "accounts/form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.ACCOUNTS_EDIT)
def merge(request: MemberRequest, account_id: int, loser_id: int) -> HttpResponse:
    """Both side by side and what follows; POST merges."""
    shown = queries.preview(request.viewer, account_id, loser_id)
    problem = shown.problem
    if request.method == "POST" and not problem:
        try:
            done = actions.merge_accounts(
                actor=request.viewer,
                at=timezone.now(),
                winner_id=account_id,
                loser_id=loser_id,
                sides=sides_said(request.POST, FIELDS),
            )
        except ValidationError as refused:
            problem = " ".join(refused.messages)
        else:
            messages.success(
                request, f"{done.loser_name} was merged. You can undo this for 30 days."
            )
            return redirect("accounts:detail", account_id)
    people = _people(shown)
    facts = [
        {
            "fact": fact,
            "winner": _said(fact, "winner", people),
            "loser": _said(fact, "loser", people),
        }
        for fact in shown.facts
    ]
    context = {"preview": shown, "facts": facts, "problem": problem}
    status = 422 if problem and request.method == "POST" else 200
    return render(request, "accounts/merging/preview.html", context, status=status)


def _people(shown: queries.Preview) -> dict[int, str]:
    ids = {
        getattr(each, role) for each in (shown.winner, shown.loser) for role in ("csm_id", "ae_id")
    }
    found = Membership.objects.filter(id__in=ids - {None}).select_related("person")
    return {member.id: str(member.person) for member in found}


def _said(fact: Any, side: str, people: dict[int, str]) -> Any:
    value = getattr(fact, side)
    if fact.name in ("csm_id", "ae_id"):
        return people.get(value, "")
    if fact.name == "stage":
        return str(value).capitalize()
    return "" if value is None else value


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.ACCOUNTS_EDIT)
def undo(request: MemberRequest, merge_id: int) -> HttpResponse:
    """What an undo would do; POST does it."""
    found = queries.merge(request.viewer, merge_id)
    pages = "accounts:detail" if found.contact_id is None else "accounts:contact"
    problem = actions.why_not_undo(found, timezone.now())
    if request.method == "POST" and not problem:
        try:
            actions.undo_merge(actor=request.viewer, at=timezone.now(), merge_id=merge_id)
        except ValidationError as refused:
            problem = " ".join(refused.messages)
        else:
            messages.success(request, f"{found.loser_name} is {_again(found.noun)} again")
            return redirect(pages, found.loser_id)
    context = {
        "merge": found,
        "problem": problem,
        "again": _again(found.noun),
        "stays_url": reverse(pages, args=[found.stays.pk]),
    }
    status = 422 if problem and request.method == "POST" else 200
    return render(request, "accounts/merging/undo.html", context, status=status)


def _again(noun: str) -> str:
    return "an account of its own" if noun == "account" else "a contact of their own"


@require_safe
@page(right=Right.ACCOUNTS_VIEW)
def duplicates(request: MemberRequest) -> HttpResponse:
    """Accounts that may be the same customer."""
    by = "name" if request.GET.get("by") == "name" else "domain"
    after = request.GET.get("after", "").replace("\x00", "")
    found, following = possible_duplicates(request.viewer, by, after)
    context = {
        "found": found,
        "by": by,
        "next": following,
        "may_edit": request.viewer.may(Right.ACCOUNTS_EDIT),
    }
    return render(request, "accounts/merging/duplicates.html", context)
