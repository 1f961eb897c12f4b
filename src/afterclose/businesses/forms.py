"""Forms of settings, people and the profile; the rules are in ``validation``."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from babel import Locale
from django import forms

from afterclose.businesses.models import Business, Membership, Person, Role, Theme
from afterclose.businesses.settings import APPS, FEATURES, BusinessSettings
from afterclose.businesses.validation import CONFIGURABLE_ROLES, LOCALES
from afterclose.kit.currencies import EXPONENTS

Choices = list[tuple[str, str]]

FEATURE_WORDS = {
    "renewals": ("Renewals", "The pipeline of renewals, reminders, and their numbers."),
    "health": ("Health", "Scores, the nightly run, and automatic at-risk flags."),
}
APP_WORDS = {"home": "Home dashboard"}


@lru_cache(maxsize=1)
def countries() -> Choices:
    """ISO 3166-1 codes with their English names, by name."""
    names = {str(code): str(name) for code, name in Locale("en").territories.items()}
    codes = [code for code in names if len(code) == 2 and code.isalpha()]
    unreal = {"EU", "EZ", "UN", "XA", "XB", "ZZ", "QO", "AC", "CP", "CQ", "DG", "EA", "IC", "TA"}
    return sorted(
        ((code, names[code]) for code in codes if code not in unreal), key=lambda pair: pair[1]
    )


@lru_cache(maxsize=1)
def currencies() -> Choices:
    """ISO 4217 codes with their English names."""
    names = Locale("en").currencies
    return [(code, f"{code} – {names.get(code) or code}") for code in sorted(EXPONENTS)]


@lru_cache(maxsize=1)
def time_zones() -> Choices:
    """The time zones of the IANA list that name a place."""
    named = (zone for zone in available_timezones() if "/" in zone or zone == "UTC")
    return [
        (zone, zone.replace("_", " "))
        for zone in sorted(named)
        if not zone.startswith(("Etc/", "SystemV/", "posix/", "right/"))
    ]


def _select(choices: Callable[[], Choices], **options: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        choices=choices, widget=forms.Select(attrs={"data-select": ""}), **options
    )


class GeneralForm(forms.Form):
    """What the business is called, where it is, how it counts and writes."""

    name = forms.CharField(label="Name", max_length=200)
    country = _select(countries, label="Country", help_text="Decides the paper size of documents.")
    currency = _select(
        currencies,
        label="Currency",
        help_text="For new amounts, and for the sums of pages. Amounts in others stay as they are.",
    )
    time_zone = _select(
        time_zones, label="Time zone", help_text="Decides when a day begins, for every deadline."
    )
    locale = forms.ChoiceField(
        label="Language and region",
        choices=LOCALES,
        help_text="How dates and numbers are written, unless a person chose their own.",
    )
    sent_mail_days = forms.CharField(
        label="Keep sent mails",
        help_text="Days after which the text of a mail that was sent is deleted, 7 to 3650.",
    )

    @staticmethod
    def from_now(business: Business, settings: BusinessSettings) -> dict[str, Any]:
        """What the form shows at first."""
        return {
            "name": business.name,
            "country": business.country,
            "currency": settings.currency,
            "time_zone": settings.time_zone,
            "locale": settings.locale,
            "sent_mail_days": settings.sent_mail_days,
        }

    def changes(self) -> dict[str, Any]:
        """The settings among the fields."""
        keys = ("currency", "time_zone", "locale", "sent_mail_days")
        return {key: self.cleaned_data[key] for key in keys}


class CustomerSuccessForm(forms.Form):
    """Renewals and health."""

    renewal_window_days = forms.CharField(
        label="Renewal window",
        help_text="How many days before the end of its period a subscription enters the pipeline.",
    )
    renewal_reminder_days = forms.CharField(
        label="Reminder days",
        help_text="Days before the end on which the owner is reminded, such as 90, 60, 30, 14.",
    )
    renewal_uplift_percentage = forms.CharField(
        label="Renewal uplift", help_text="In percent; what a renewal proposal adds to the price."
    )
    at_risk_threshold = forms.CharField(
        label="At-risk threshold",
        help_text="A score that falls below this flags the account. 0 to 100.",
    )

    @staticmethod
    def from_now(business: Business, settings: BusinessSettings) -> dict[str, Any]:
        """What the form shows at first."""
        _ = business
        return {
            "renewal_window_days": settings.renewal_window_days,
            "renewal_reminder_days": _listed(settings.renewal_reminder_days),
            "renewal_uplift_percentage": settings.renewal_uplift_percentage,
            "at_risk_threshold": settings.at_risk_threshold,
        }

    def changes(self) -> dict[str, Any]:
        """Every field is a setting."""
        return dict(self.cleaned_data)


class FinanceForm(forms.Form):
    """What new invoices and their reminders begin with."""

    payment_terms_days = forms.CharField(
        label="Payment terms", help_text="Days from the invoice to its due date."
    )
    dunning_cadence_days = forms.CharField(
        label="Reminder cadence",
        help_text="Days after the due date on which a customer is reminded, such as 7, 14, 30, 45.",
    )

    @staticmethod
    def from_now(business: Business, settings: BusinessSettings) -> dict[str, Any]:
        """What the form shows at first."""
        _ = business
        return {
            "payment_terms_days": settings.payment_terms_days,
            "dunning_cadence_days": _listed(settings.dunning_cadence_days),
        }

    def changes(self) -> dict[str, Any]:
        """Every field is a setting."""
        return dict(self.cleaned_data)


class FeaturesForm(forms.Form):
    """One switch per feature."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for feature in FEATURES:
            name, text = FEATURE_WORDS.get(feature, (feature.replace("_", " ").capitalize(), ""))
            self.fields[feature] = forms.BooleanField(label=name, help_text=text, required=False)

    @staticmethod
    def from_now(business: Business, settings: BusinessSettings) -> dict[str, Any]:
        """What the form shows at first."""
        _ = business
        return {feature: feature not in settings.features_off for feature in FEATURES}

    def changes(self) -> dict[str, Any]:
        """The features without a tick are off."""
        return {"features_off": [key for key in FEATURES if not self.cleaned_data[key]]}


class RolesForm(forms.Form):
    """Per app, the roles below admin that work in it (CS-96)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for app in APPS:
            self.fields[app] = forms.MultipleChoiceField(
                label=APP_WORDS.get(app, app.replace("_", " ").capitalize()),
                choices=[(role, Role(role).label) for role in CONFIGURABLE_ROLES],
                widget=forms.CheckboxSelectMultiple,
                required=False,
            )

    @staticmethod
    def from_now(business: Business, settings: BusinessSettings) -> dict[str, Any]:
        """What the form shows at first."""
        _ = business
        return {app: [role.value for role in settings.roles_of(app)] for app in APPS}

    def changes(self) -> dict[str, Any]:
        """Apps with their usual roles are left out, so that they follow the product."""
        chosen = {app: self.cleaned_data[app] for app in APPS}
        usual = BusinessSettings()
        return {
            "allowed_roles": {
                app: roles
                for app, roles in chosen.items()
                if set(roles) != {role.value for role in usual.roles_of(app)}
            }
        }


class AddMemberForm(forms.Form):
    """Somebody new."""

    email = forms.EmailField(label="E-mail", max_length=254)
    name = forms.CharField(label="Name", max_length=150, required=False)
    title = forms.CharField(label="Job title", max_length=100, required=False)
    role = forms.ChoiceField(label="Role", choices=Role.choices, initial=Role.MANAGER)


class MemberForm(forms.Form):
    """The role of somebody who is there."""

    role = forms.ChoiceField(label="Role", choices=Role.choices)

    @staticmethod
    def from_now(membership: Membership) -> dict[str, Any]:
        """What the form shows at first."""
        return {"role": membership.role}


class PasswordForm(forms.Form):
    """One's password, before what matters; nothing for whoever has none and signed in just now."""

    def __init__(self, *args: Any, person: Person | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if person is not None and person.has_usable_password():
            self.fields["password"] = forms.CharField(
                label="Your password",
                widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
            )


class HandOverForm(PasswordForm):
    """Proof that it is the owner."""


class EmailForm(PasswordForm):
    """Another address, and proof that it is really them who want it."""

    email = forms.EmailField(
        label="New address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        help_text="A link goes there. Until you open it, nothing changes.",
    )


class ProfileForm(forms.Form):
    """One's own."""

    name = forms.CharField(label="Name", max_length=150)
    locale = forms.ChoiceField(
        label="Language and region",
        choices=[("", "As the business"), *LOCALES],
        required=False,
        help_text="How dates and numbers are written for you.",
    )
    time_zone = _select(
        lambda: [("", "As the business"), *time_zones()], label="Time zone", required=False
    )
    theme = forms.ChoiceField(label="Theme", choices=Theme.choices, widget=forms.RadioSelect)

    @staticmethod
    def from_now(person: Person) -> dict[str, Any]:
        """What the form shows at first."""
        return {
            "name": person.name,
            "locale": person.locale,
            "time_zone": person.time_zone,
            "theme": person.theme,
        }


def _listed(days: tuple[int, ...]) -> str:
    return ", ".join(map(str, days))
