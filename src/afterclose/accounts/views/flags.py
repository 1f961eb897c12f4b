"""Flagging an account at risk by hand, and closing the loop."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from afterclose.accounts import actions, queries
from afterclose.accounts.forms import AtRiskForm, ClearAtRiskForm
from afterclose.businesses.permissions import Right
from afterclose.businesses.views import MemberRequest, page


@require_http_methods(["GET", "POST"])
@page(right=Right.ACCOUNTS_EDIT)
def flag(request: MemberRequest, account_id: int) -> HttpResponse:
    """Say that an account is at risk, and why; or change the reasons."""
    account = queries.account(request.viewer, account_id)
    open_flag = queries.at_risk_flag(request.viewer, account_id)
    initial = {"reasons": open_flag.reasons, "note": open_flag.note} if open_flag else None
    form = AtRiskForm(request.POST or None, viewer=request.viewer, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            actions.flag_at_risk(
                actor=request.viewer, at=timezone.now(), account_id=account_id, **form.cleaned_data
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"{account.name} is at risk")
            return redirect("accounts:detail", account_id)
    return render(
        request,
        "accounts/form.html",
        {
            "form": form,
            "account": account,
            "title": "Change at-risk reasons" if open_flag else f"Flag {account.name} at risk",
            "lead": "The flag stays until a person clears it.",
            "submit": "Save reasons" if open_flag else "Flag at risk",
        },
        status=422 if form.errors else 200,
    )


@require_http_methods(["GET", "POST"])
@page(right=Right.ACCOUNTS_EDIT)
def clear(request: MemberRequest, account_id: int) -> HttpResponse:
    """Say that an account is not at risk any more."""
    account = queries.account(request.viewer, account_id)
    form = ClearAtRiskForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        cleared = actions.clear_at_risk(
            actor=request.viewer, at=timezone.now(), account_id=account_id, **form.cleaned_data
        )
        if cleared:
            messages.success(request, f"{account.name} is no longer at risk")
        else:
            messages.info(request, f"{account.name} was not flagged")
        return redirect("accounts:detail", account_id)
    return render(
        request,
        "accounts/form.html",
        {
            "form": form,
            "account": account,
            "title": f"{account.name} is no longer at risk",
            "lead": "Automation flags it again only when its score crosses the threshold anew.",
            "submit": "Clear the flag",
        },
    )
