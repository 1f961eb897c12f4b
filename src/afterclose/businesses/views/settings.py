"""The index of settings, and the forms of the business's own."""

from __future__ import annotations

from collections.abc import Callable
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
from afterclose.businesses.views import MemberRequest, attach, page


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


def _form_page(form_class: Any, url_name: str, *, title: str, lead: str) -> Callable[..., Any]:
    """The view of one form of settings."""

    @require_http_methods(["GET", "HEAD", "POST"])
    @page(right=Right.SETTINGS_EDIT)
    def view(request: MemberRequest) -> HttpResponse:
        business = Business.objects.get(id=request.viewer.business_id)
        initial = form_class.from_now(business, request.viewer.settings)
        form = form_class(request.POST or None, initial=initial)
        if request.method == "POST" and form.is_valid():
            try:
                _save(request, form)
            except ValidationError as problems:
                attach(form, problems)
            else:
                messages.success(request, "Settings saved")
                return redirect(url_name)
        context = {"form": form, "title": title, "lead": lead}
        status = 422 if form.errors else 200
        return render(request, "businesses/settings_form.html", context, status=status)

    return view


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


general = _form_page(
    forms.GeneralForm,
    "businesses:general",
    title="General",
    lead="What your business is called, where it is, and how it counts and writes.",
)
customer_success = _form_page(
    forms.CustomerSuccessForm,
    "businesses:customer_success",
    title="Customer success",
    lead="When a renewal is due for attention, and when an account counts as at risk.",
)
finance = _form_page(
    forms.FinanceForm,
    "businesses:finance",
    title="Finance",
    lead="What new invoices and their reminders begin with.",
)
features = _form_page(
    forms.FeaturesForm,
    "businesses:features",
    title="Features",
    lead="What is switched off is absent for everybody, and its nightly work rests.",
)
roles = _form_page(
    forms.RolesForm,
    "businesses:roles",
    title="Allowed roles",
    lead="Who works in which part. Admins and super admins always do.",
)
