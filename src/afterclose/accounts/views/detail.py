"""The account page, and creating and changing an account."""

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
from afterclose.accounts.forms import AccountForm, StageForm
from afterclose.accounts.merging.kinds import ACCOUNTS
from afterclose.accounts.merging.queries import merged_into, undoable
from afterclose.accounts.models import Stage
from afterclose.accounts.panels import panels
from afterclose.accounts.tags.queries import tags_of_account
from afterclose.businesses.permissions import Right
from afterclose.businesses.views import MemberRequest, page


@require_safe
@page(right=Right.ACCOUNTS_VIEW)
def detail(request: MemberRequest, account_id: int) -> HttpResponse:
    """One customer on one page; everything but the head loads lazily (CS-5)."""
    try:
        account = queries.account(request.viewer, account_id)
    except Http404:
        # An old link to an account that was merged leads to the one that took over.
        into = merged_into(request.viewer, ACCOUNTS, account_id)
        if into is None:
            raise
        return redirect("accounts:detail", into)
    flag = queries.at_risk_flag(request.viewer, account_id)
    return render(
        request,
        "accounts/detail.html",
        {
            "account": account,
            "flag": flag,
            "merges": undoable(request.viewer, account, timezone.now()),
            "tags": tags_of_account(request.viewer, account_id),
            "custom": custom_facts(request.viewer, Subject.ACCOUNT, account_id),
            "reasons": queries.reason_labels(flag.reasons) if flag else [],
            "stages": Stage.choices,
            "main_panels": panels(request.viewer, "main"),
            "side_panels": panels(request.viewer, "side"),
            "may_edit": request.viewer.may(Right.ACCOUNTS_EDIT),
        },
    )


@require_http_methods(["GET", "POST"])
@page(right=Right.ACCOUNTS_EDIT)
def create(request: MemberRequest) -> HttpResponse:
    """A new account by hand."""
    form = AccountForm(request.POST or None, viewer=request.viewer)
    if request.method == "POST" and form.is_valid():
        try:
            account = actions.create_account(
                actor=request.viewer,
                at=timezone.now(),
                custom=form.custom_values,
                **form.own_values,
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"{account.name} created")
            return redirect("accounts:detail", account.id)
    return _form(request, form, "Create account", "Create account")


@require_http_methods(["GET", "POST"])
@page(right=Right.ACCOUNTS_EDIT)
def edit(request: MemberRequest, account_id: int) -> HttpResponse:
    """Change an account's own facts."""
    account = queries.account(request.viewer, account_id)
    form = AccountForm(request.POST or None, instance=account, viewer=request.viewer)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_account(
                actor=request.viewer,
                at=timezone.now(),
                account_id=account_id,
                custom=form.custom_values,
                **form.own_values,
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, "Changes saved")
            return redirect("accounts:detail", account_id)
    return _form(request, form, f"Edit {account.name}", "Save changes")


@require_POST
@page(right=Right.ACCOUNTS_EDIT)
def stage(request: MemberRequest, account_id: int) -> HttpResponse:
    """Move the account to another stage."""
    queries.account(request.viewer, account_id)
    form = StageForm(request.POST)
    if form.is_valid():
        account = actions.change_stage(
            actor=request.viewer,
            at=timezone.now(),
            account_id=account_id,
            stage=form.cleaned_data["stage"],
        )
        messages.success(request, f"Stage is now {Stage(account.stage).label.lower()}")
    else:
        messages.error(request, "There is no such stage. Choose one from the list.")
    return redirect("accounts:detail", account_id)


def _form(request: MemberRequest, form: AccountForm, title: str, submit: str) -> HttpResponse:
    return render(
        request,
        "accounts/form.html",
        {"form": form, "title": title, "submit": submit},
        status=422 if form.errors else 200,
    )
