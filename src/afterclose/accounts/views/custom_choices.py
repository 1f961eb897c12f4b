"""Settings, the choices of a custom field: add, rename, order, delete, restore (CS-6)."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from afterclose.accounts import uses
from afterclose.accounts.custom_fields import actions, queries
from afterclose.accounts.custom_fields.forms import ChoiceForm
from afterclose.accounts.custom_fields.models import CustomChoice, Subject
from afterclose.accounts.views.custom_fields import (
    NOUNS,
    add_errors,
    field_of,
    ids_in,
    moved,
    show_field,
)
from afterclose.businesses.permissions import Right
from afterclose.businesses.views import MemberRequest, page


@require_POST
@page(right=Right.SETTINGS_EDIT)
def add(request: MemberRequest, field_id: int) -> HttpResponse:
    """Add a choice at the end."""
    row = field_of(request, field_id)
    form = ChoiceForm(request.POST, prefix="new")
    if form.is_valid():
        try:
            made = actions.add_choice(
                actor=request.viewer, at=timezone.now(), field_id=field_id, **form.cleaned_data
            )
        except ValidationError as problem:
            form.add_error("label", problem.messages)
        else:
            messages.success(request, f"“{made.label}” added")
            return redirect("accounts:custom_field", field_id)
    return show_field(request, row, choice_form=form)


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.SETTINGS_EDIT)
def rename(request: MemberRequest, choice_id: int) -> HttpResponse:
    """Call a choice something else; wherever it was chosen it stays chosen."""
    choice = _choice(request, choice_id)
    form = ChoiceForm(request.POST or None, initial={"label": choice.label})
    if request.method == "POST" and form.is_valid():
        try:
            actions.rename_choice(
                actor=request.viewer, at=timezone.now(), choice_id=choice_id, **form.cleaned_data
            )
        except ValidationError as problem:
            add_errors(form, problem)
        else:
            messages.success(request, "Choice renamed")
            return redirect("accounts:custom_field", choice.field_id)
    context = {
        "form": form,
        "choice": choice,
        "back": reverse("accounts:custom_field", args=[choice.field_id]),
    }
    status = 422 if form.errors else 200
    return render(request, "accounts/custom_fields/choice.html", context, status=status)


@require_POST
@page(right=Right.SETTINGS_EDIT)
def order(request: MemberRequest, field_id: int) -> HttpResponse:
    """The order after dragging: ``ids`` from top to bottom."""
    field_of(request, field_id)
    actions.order_choices(
        actor=request.viewer, at=timezone.now(), field_id=field_id, choice_ids=ids_in(request)
    )
    messages.success(request, "Order saved")
    return redirect("accounts:custom_field", field_id)


@require_POST
@page(right=Right.SETTINGS_EDIT)
def move(request: MemberRequest, choice_id: int) -> HttpResponse:
    """One place up or down, for the keyboard."""
    choice = _choice(request, choice_id)
    live = [each.id for each in choice.field.choices.all() if each.archived_at is None]
    actions.order_choices(
        actor=request.viewer,
        at=timezone.now(),
        field_id=choice.field_id,
        choice_ids=moved(live, choice_id, down=request.POST.get("direction") == "down"),
    )
    messages.success(request, f"“{choice.label}” moved")
    return redirect("accounts:custom_field", choice.field_id)


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.SETTINGS_EDIT)
def delete(request: MemberRequest, choice_id: int) -> HttpResponse:
    """Ask with the number of accounts or contacts that have it, then delete."""
    choice = _choice(request, choice_id)
    back = reverse("accounts:custom_field", args=[choice.field_id])
    if request.method == "POST":
        try:
            actions.delete_choice(actor=request.viewer, at=timezone.now(), choice_id=choice_id)
        except ValidationError as problem:
            messages.error(request, " ".join(problem.messages))
        except uses.InUse as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, f"“{choice.label}” deleted. You can restore it for 30 days.")
        return redirect(back)
    context = {
        "title": f"Delete “{choice.label}”?",
        "count": queries.count_values(request.viewer, choice.field_id, choice_id),
        "nouns": NOUNS[Subject(choice.field.subject)],
        "what": "this choice",
        "until": queries.restorable_until(timezone.now()),
        "submit": "Delete choice",
        "refused_by": uses.of(request.viewer, choice),
        "back": back,
    }
    return render(request, "accounts/custom_fields/delete.html", context)


@require_POST
@page(right=Right.SETTINGS_EDIT)
def restore(request: MemberRequest, choice_id: int) -> HttpResponse:
    """Bring a deleted choice back wherever nothing else was chosen since."""
    choice = _choice(request, choice_id)
    try:
        actions.restore_choice(actor=request.viewer, at=timezone.now(), choice_id=choice_id)
    except ValidationError as problem:
        messages.error(request, " ".join(problem.messages))
    else:
        messages.success(request, f"“{choice.label}” is back")
    return redirect("accounts:custom_field", choice.field_id)


def _choice(request: MemberRequest, choice_id: int) -> CustomChoice:
    choice = CustomChoice.objects.select_related("field").filter(id=choice_id).first()
    if choice is None:
        raise Http404("There is no such choice.")
    return choice
