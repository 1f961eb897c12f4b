"""The index of settings, and the forms of the business's own."""

from __future__ import annotations

from typing import Any, Protocol

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from afterclose.businesses import actions, forms
from afterclose.businesses.models import Business
from afterclose.businesses.permissions import Right
from afterclose.businesses.settings import BusinessSettings
from afterclose.businesses.settings_pages import pages_for
from afterclose.businesses.views import MemberRequest, page


class SettingsForm(Protocol):
    """A form whose fields are settings."""

    cleaned_data: dict[str, Any]

    def changes(self) -> dict[str, Any]:
        """The settings that it wants."""

    @staticmethod
    def from_now(business: Business, settings: BusinessSettings) -> dict[str, Any]:
        """What it shows at first."""


@require_safe
@page(right=Right.SETTINGS_EDIT)
def index(request: MemberRequest) -> HttpResponse:
    """Every page of settings that this person may open."""
    context = {"groups": pages_for(request.viewer)}
    return render(request, "businesses/settings.html", context)


def _form_page(
    request: MemberRequest, form_class: Any, url_name: str, *, title: str, lead: str
) -> HttpResponse:
    business = Business.objects.get(id=request.viewer.business_id)
    initial = form_class.from_now(business, request.viewer.settings)
    form = form_class(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            _save(request, form)
        except ValidationError as problems:
            _attach(form, problems)
        else:
            messages.success(request, "Settings saved")
            return redirect(url_name)
    context = {"form": form, "title": title, "lead": lead}
    status = 422 if form.errors else 200
    return render(request, "businesses/settings_form.html", context, status=status)


@transaction.atomic
def _save(request: MemberRequest, form: Any) -> None:
    at = timezone.now()
    if "name" in form.cleaned_data:
        actions.change_business(
            actor=request.viewer,
            at=at,
            name=form.cleaned_data["name"],
            country=form.cleaned_data["country"],
        )
    actions.change_settings(actor=request.viewer, at=at, changes=form.changes())


def _attach(form: Any, problems: ValidationError) -> None:
    """Put each message at its field."""
    for key, texts in problems.message_dict.items():
        for text in texts:
            form.add_error(key if key in form.fields else None, text)


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.SETTINGS_EDIT)
def general(request: MemberRequest) -> HttpResponse:
    """Name, country, currency, time zone, language."""
    return _form_page(
        request,
        forms.GeneralForm,
        "businesses:general",
        title="General",
        lead="What your business is called, where it is, and how it counts and writes.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.SETTINGS_EDIT)
def customer_success(request: MemberRequest) -> HttpResponse:
    """Uplift, reminder days, window, threshold."""
    return _form_page(
        request,
        forms.CustomerSuccessForm,
        "businesses:customer_success",
        title="Customer success",
        lead="When a renewal is due for attention, and when an account counts as at risk.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.SETTINGS_EDIT)
def finance(request: MemberRequest) -> HttpResponse:
    """Payment terms and reminder cadence."""
    return _form_page(
        request,
        forms.FinanceForm,
        "businesses:finance",
        title="Finance",
        lead="What new invoices and their reminders begin with.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.SETTINGS_EDIT)
def features(request: MemberRequest) -> HttpResponse:
    """Which features are on."""
    return _form_page(
        request,
        forms.FeaturesForm,
        "businesses:features",
        title="Features",
        lead="What is switched off is absent for everybody, and its nightly work rests.",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.SETTINGS_EDIT)
def roles(request: MemberRequest) -> HttpResponse:
    """Which roles work in which app."""
    return _form_page(
        request,
        forms.RolesForm,
        "businesses:roles",
        title="Allowed roles",
        lead="Who works in which part. Admins and super admins always do.",
    )
