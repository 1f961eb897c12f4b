"""Settings, custom fields: define, change, order, delete, restore (CS-6)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from afterclose.accounts import uses
from afterclose.accounts.custom_fields import actions, queries
from afterclose.accounts.custom_fields.forms import ChangeForm, ChoiceForm, DefineForm
from afterclose.accounts.custom_fields.models import CustomField, Kind, Subject
from afterclose.businesses.permissions import Right
from afterclose.businesses.views import MemberRequest, page
from afterclose.kit.digits import whole_number

NOUNS = {Subject.ACCOUNT: ("account", "accounts"), Subject.CONTACT: ("contact", "contacts")}


@require_http_methods(["GET", "HEAD"])
@page(right=Right.SETTINGS_EDIT)
def fields(request: MemberRequest) -> HttpResponse:
    """The fields of one subject in their order, and those deleted in the last 30 days."""
    subject = subject_of(request.GET.get("subject", ""))
    rows = list(queries.defined(request.viewer, subject))
    context = {
        "subject": subject,
        "tabs": [(each, f"{NOUNS[each][1].capitalize()}") for each in Subject],
        "nouns": NOUNS[subject][1],
        "rows": [_line(row) for row in rows if row.archived_at is None],
        "deleted": [
            (row, queries.restorable_until(row.archived_at))
            for row in rows
            if row.archived_at is not None
        ],
    }
    return render(request, "accounts/custom_fields/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.SETTINGS_EDIT)
def define(request: MemberRequest) -> HttpResponse:
    """A new field."""
    subject = subject_of(request.GET.get("subject", ""))
    form = DefineForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            row = actions.define_field(
                actor=request.viewer, at=timezone.now(), subject=subject, **form.cleaned_data
            )
        except ValidationError as problem:
            add_errors(form, problem)
        else:
            messages.success(request, f"“{row.label}” is a field of {NOUNS[subject][1]} now")
            return redirect(list_url(subject))
    context = {"form": form, "noun": NOUNS[subject][0], "back": list_url(subject)}
    status = 422 if form.errors else 200
    return render(request, "accounts/custom_fields/define.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.SETTINGS_EDIT)
def change(request: MemberRequest, field_id: int) -> HttpResponse:
    """Name, help, whether it is required; and its choices."""
    row = field_of(request, field_id)
    form = ChangeForm.of(row, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_field(
                actor=request.viewer, at=timezone.now(), field_id=field_id, **form.cleaned_data
            )
        except ValidationError as problem:
            add_errors(form, problem)
        else:
            messages.success(request, "Changes saved")
            return redirect(list_url(row.subject))
    return show_field(request, row, form)


@require_POST
@page(right=Right.SETTINGS_EDIT)
def order(request: MemberRequest) -> HttpResponse:
    """The order after dragging: ``ids`` from top to bottom."""
    subject = subject_of(request.POST.get("subject", ""))
    actions.order_fields(
        actor=request.viewer, at=timezone.now(), subject=subject, field_ids=ids_in(request)
    )
    messages.success(request, "Order saved")
    return redirect(list_url(subject))


@require_POST
@page(right=Right.SETTINGS_EDIT)
def move(request: MemberRequest, field_id: int) -> HttpResponse:
    """One place up or down, for the keyboard."""
    row = field_of(request, field_id)
    live = [
        each.id for each in queries.defined(request.viewer, row.subject) if each.archived_at is None
    ]
    actions.order_fields(
        actor=request.viewer,
        at=timezone.now(),
        subject=row.subject,
        field_ids=moved(live, field_id, down=request.POST.get("direction") == "down"),
    )
    messages.success(request, f"“{row.label}” moved")
    return redirect(list_url(row.subject))


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.SETTINGS_EDIT)
def delete(request: MemberRequest, field_id: int) -> HttpResponse:
    """Ask with the number of values that go out of sight, then delete."""
    row = field_of(request, field_id)
    if request.method == "POST":
        actions.delete_field(actor=request.viewer, at=timezone.now(), field_id=field_id)
        messages.success(request, f"“{row.label}” deleted. You can restore it for 30 days.")
        return redirect(list_url(row.subject))
    context = {
        "title": f"Delete “{row.label}”?",
        "count": queries.count_values(request.viewer, field_id),
        "nouns": NOUNS[Subject(row.subject)],
        "what": "a value of this field",
        "until": queries.restorable_until(timezone.now()),
        "submit": "Delete field",
        "broken": uses.of(request.viewer, row),
        "back": list_url(row.subject),
    }
    return render(request, "accounts/custom_fields/delete.html", context)


@require_POST
@page(right=Right.SETTINGS_EDIT)
def restore(request: MemberRequest, field_id: int) -> HttpResponse:
    """Bring a deleted field back with its values."""
    row = field_of(request, field_id)
    try:
        actions.restore_field(actor=request.viewer, at=timezone.now(), field_id=field_id)
    except ValidationError as problem:
        messages.error(request, " ".join(problem.messages))
    else:
        messages.success(request, f"“{row.label}” is back with its values")
    return redirect(list_url(row.subject))


def show_field(
    request: MemberRequest,
    row: CustomField,
    form: ChangeForm | None = None,
    choice_form: ChoiceForm | None = None,
) -> HttpResponse:
    """The page of one field, with what was wrong in one of its forms."""
    form = form or ChangeForm.of(row, None)
    choice_form = choice_form or ChoiceForm(prefix="new")
    choices = list(row.choices.all())
    context = {
        "field": row,
        "kind": Kind(row.kind),
        "noun": NOUNS[Subject(row.subject)][0],
        "form": form,
        "choice_form": choice_form,
        "choices": [each for each in choices if each.archived_at is None],
        "deleted": [
            (each, queries.restorable_until(each.archived_at))
            for each in choices
            if each.archived_at is not None
        ],
        "back": list_url(row.subject),
    }
    status = 422 if form.errors or choice_form.errors else 200
    return render(request, "accounts/custom_fields/field.html", context, status=status)


def field_of(request: MemberRequest, field_id: int) -> CustomField:
    """The field's row; raises Http404."""
    for subject in Subject:
        row = queries.defined(request.viewer, subject).filter(id=field_id).first()
        if row is not None:
            return row
    raise Http404("There is no such field.")


def list_url(subject: str) -> str:
    """The settings page of a subject's fields."""
    address = reverse("accounts:custom_fields")
    return address if subject == Subject.ACCOUNT else f"{address}?subject={subject}"


def subject_of(text: str) -> Subject:
    """The subject of the address; accounts unless it says contacts."""
    return Subject.CONTACT if text == Subject.CONTACT else Subject.ACCOUNT


def ids_in(request: MemberRequest) -> list[int]:
    """The ids that a sorted list sends."""
    found = map(whole_number, request.POST.getlist("ids"))
    return [row_id for row_id in found if row_id is not None]


def moved(ids: list[int], one: int, *, down: bool) -> list[int]:
    """The ids with one of them a place further up or down."""
    if one not in ids:
        return ids
    here = ids.index(one)
    there = min(max(here + (1 if down else -1), 0), len(ids) - 1)
    ids.insert(there, ids.pop(here))
    return ids


def add_errors(form: Any, problem: ValidationError) -> None:
    """Put what an action refused at the fields that the form has."""
    if not hasattr(problem, "error_dict"):
        form.add_error(None, problem.messages)
        return
    for name, texts in problem.message_dict.items():
        form.add_error(name if name in form.fields else None, texts)


def _line(row: CustomField) -> tuple[CustomField, Kind, list[str]]:
    chosen = [each.label for each in row.choices.all() if each.archived_at is None]
    return row, Kind(row.kind), chosen
