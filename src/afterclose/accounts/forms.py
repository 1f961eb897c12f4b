"""Forms of accounts: what is typed, as the actions take it."""

from __future__ import annotations

from typing import Any

from django import forms

from afterclose.accounts.custom_fields.forms import WithCustomFields
from afterclose.accounts.custom_fields.models import Subject
from afterclose.accounts.hierarchy.choosing import AccountField
from afterclose.accounts.models import Account, Contact, Stage
from afterclose.accounts.queries import ACTIVITY_KINDS, members, risk_reasons
from afterclose.businesses.actors import Actor
from afterclose.kit.money import exponent
from afterclose.ui.forms import (
    DateInput,
    DateTimeInput,
    WholeField,
    offer,
    offer_choices,
    plausible_days,
)

_SEARCHABLE = {"data-select": ""}


def currency_code(text: str) -> str:
    """A currency that money can be counted in, or none; raises ValidationError."""
    currency = text.upper()
    if currency:
        try:
            exponent(currency)
        except ValueError as unknown:
            raise forms.ValidationError("Use a three-letter code such as USD or EUR.") from unknown
    return currency


def country_code(text: str) -> str:
    """Two letters in upper case, or none; raises ValidationError."""
    country = text.upper()
    if country and not (len(country) == 2 and country.isalpha()):
        raise forms.ValidationError("Use a two-letter country code such as US or DE.")
    return country


# Django's form classes take their type argument in the stubs only, not at run time.
class AccountForm(WithCustomFields, forms.ModelForm):  # type: ignore[type-arg]
    """An account's own facts."""

    parent = AccountField(label="Parent", help_text="The account that this one is a part of.")

    class Meta:
        model = Account
        fields = (
            "name",
            "domain",
            "stage",
            "csm",
            "ae",
            "parent",
            "industry",
            "country",
            "plan",
            "seats",
            "customer_since",
            "churned_on",
            "renewal_date",
            "currency",
            "source",
            "website",
            "external_id",
        )
        labels = {
            "csm": "CSM",
            "ae": "AE",
            "external_id": "Id in its source",
            "domain": "E-mail domain",
        }
        field_classes = {"seats": WholeField}
        widgets = {
            "customer_since": DateInput,
            "churned_on": DateInput,
            "renewal_date": DateInput,
            "csm": forms.Select(attrs=_SEARCHABLE),
            "ae": forms.Select(attrs=_SEARCHABLE),
        }

    def __init__(self, *args: Any, viewer: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("csm", "ae"):
            offer(self, name, members(viewer))
        plausible_days(self)
        self.fields["currency"].help_text = f"Empty: {viewer.settings.currency}, the business's."
        self.add_custom_fields(viewer, Subject.ACCOUNT, self.instance.pk)

    def clean_currency(self) -> str:
        """A currency that money can be counted in."""
        return currency_code(str(self.cleaned_data["currency"]))

    def clean_country(self) -> str:
        """Two letters, upper case."""
        return country_code(str(self.cleaned_data["country"]))

    def clean(self) -> dict[str, Any]:
        """The day it left belongs to churned accounts alone."""
        values = super().clean() or self.cleaned_data
        if values.get("churned_on") and values.get("stage") != Stage.CHURNED:
            self.add_error("churned_on", "Only a churned account has the day it left.")
        return values

    def _post_clean(self) -> None:
        """The action validates and saves; the form must not touch the instance before."""


class StageForm(forms.Form):
    """Another stage, at once from the account page."""

    stage = forms.ChoiceField(choices=Stage)


class ContactForm(WithCustomFields, forms.ModelForm):  # type: ignore[type-arg]  # as above
    """A person at an account and the parts they play."""

    class Meta:
        model = Contact
        fields = (
            "name",
            "email",
            "title",
            "phone",
            "is_champion",
            "is_economic_buyer",
            "is_technical_buyer",
            "is_detractor",
            "left_on",
        )
        labels = {
            "is_champion": "Champion",
            "is_economic_buyer": "Economic buyer",
            "is_technical_buyer": "Technical buyer",
            "is_detractor": "Detractor",
            "email": "E-mail",
        }
        help_texts = {"email": ""}
        widgets = {"left_on": DateInput}

    def __init__(self, *args: Any, viewer: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plausible_days(self)
        self.add_custom_fields(viewer, Subject.CONTACT, self.instance.pk)

    def _post_clean(self) -> None:
        """As in AccountForm."""


class ActivityForm(forms.Form):
    """Something a person did or wants to remember."""

    kind = forms.ChoiceField(choices=ACTIVITY_KINDS, initial="activity.note", label="What")
    title = forms.CharField(max_length=300, required=False, label="Subject")
    body = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
        label="Details",
        help_text="Write @ and a name, such as @dana.reyes, to tell a colleague.",
    )
    mention = forms.MultipleChoiceField(
        required=False, label="Tell", widget=forms.SelectMultiple(attrs=_SEARCHABLE)
    )
    occurred_at = forms.DateTimeField(
        required=False, label="When", widget=DateTimeInput, help_text="Empty: now."
    )

    def __init__(self, *args: Any, viewer: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_choices(self, "mention", ((member.id, str(member)) for member in members(viewer)))

    def clean(self) -> dict[str, Any]:
        """An empty entry says nothing."""
        values = super().clean() or self.cleaned_data
        if not values.get("title") and not values.get("body"):
            self.add_error("body", "Write what happened, or at least a subject.")
        return values


class AtRiskForm(forms.Form):
    """Why an account is at risk."""

    reasons = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple)
    note = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}), required=False, help_text="What you know so far."
    )

    def __init__(self, *args: Any, viewer: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_choices(self, "reasons", risk_reasons(viewer).values_list("key", "label"))


class ClearAtRiskForm(forms.Form):
    """What changed, for whoever looks back."""

    note = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
        label="What changed",
        help_text="Kept on the timeline.",
    )
