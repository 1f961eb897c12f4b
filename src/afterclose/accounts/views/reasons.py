"""The list of reasons for being at risk, under Settings."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from afterclose.accounts import reasons
from afterclose.accounts.models import RiskReason
from afterclose.businesses.permissions import Right
from afterclose.businesses.views import MemberRequest, page


class ReasonForm(forms.Form):
    """What a reason is called."""

    label = forms.CharField(label="Reason", max_length=100)


def _reason(reason_id: int) -> RiskReason:
    found = RiskReason.objects.filter(id=reason_id).first()
    if found is None:
        raise Http404("There is no such reason.")
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.SETTINGS_EDIT)
def risk_reasons(request: MemberRequest) -> HttpResponse:
    """Every reason in its order; POST adds one."""
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            added = reasons.add_reason(
                actor=request.viewer, at=timezone.now(), label=form.cleaned_data["label"]
            )
        except ValidationError as problem:
            form.add_error("label", problem.messages)
        else:
            messages.success(request, f"“{added.label}” added")
            return redirect("accounts:reasons")
    context = {
        "form": form,
        "reasons": RiskReason.objects.filter(archived_at=None),
        "archived": RiskReason.objects.exclude(archived_at=None),
        "score": reasons.SCORE,
    }
    status = 422 if form.errors else 200
    return render(request, "accounts/reasons.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.SETTINGS_EDIT)
def rename(request: MemberRequest, reason_id: int) -> HttpResponse:
    """Call a reason something else."""
    reason = _reason(reason_id)
    form = ReasonForm(request.POST or None, initial={"label": reason.label})
    if request.method == "POST" and form.is_valid():
        try:
            reasons.rename_reason(
                actor=request.viewer,
                at=timezone.now(),
                reason_id=reason_id,
                label=form.cleaned_data["label"],
            )
        except ValidationError as problem:
            form.add_error("label", problem.messages)
        else:
            messages.success(request, "Reason renamed")
            return redirect("accounts:reasons")
    status = 422 if form.errors else 200
    context = {"form": form, "reason": reason}
    return render(request, "accounts/reason.html", context, status=status)


@require_POST
@page(right=Right.SETTINGS_EDIT)
def move(request: MemberRequest, reason_id: int) -> HttpResponse:
    """One place up or down."""
    if _reason(reason_id).archived_at is None:
        reasons.move_reason(
            actor=request.viewer,
            at=timezone.now(),
            reason_id=reason_id,
            down=request.POST.get("direction") == "down",
        )
    return redirect("accounts:reasons")


@require_POST
@page(right=Right.SETTINGS_EDIT)
def archive(request: MemberRequest, reason_id: int) -> HttpResponse:
    """Take a reason out of the choice, or put it back."""
    reason = _reason(reason_id)
    try:
        reasons.archive_reason(
            actor=request.viewer,
            at=timezone.now(),
            reason_id=reason_id,
            archived=reason.archived_at is None,
        )
    except ValidationError as problem:
        messages.error(request, problem.messages[0])
    return redirect("accounts:reasons")
