"""Custom fields in the forms of accounts and contacts, and the admin's forms of fields."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, override

from django import forms
from django.utils.datastructures import MultiValueDict

from afterclose.accounts.custom_fields import queries
from afterclose.accounts.custom_fields.models import (
    LABEL_LENGTH,
    TEXT_LENGTH,
    CustomField,
    Kind,
    Subject,
)
from afterclose.accounts.custom_fields.rules import (
    PLACES,
    Definition,
    WrongValueError,
    check,
)
from afterclose.businesses.actors import Actor
from afterclose.kit.currencies import EXPONENTS
from afterclose.kit.money import Money, NotAnAmount, parse_decimal
from afterclose.ui.forms import DateInput, NumberField

# So many choices are checkboxes; more are a list to search in.
MOST_CHECKBOXES = 6


class MoneyWidget(forms.MultiWidget):
    """An amount and its currency, side by side."""

    template_name = "accounts/custom_fields/money.html"

    def __init__(self, label: str, currency: str) -> None:
        amount = forms.TextInput({"inputmode": "decimal", "autocomplete": "off"})
        code = forms.TextInput(
            {"maxlength": 3, "aria-label": f"Currency of {label}", "placeholder": currency}
        )
        super().__init__([amount, code])

    @override
    def id_for_label(self, id_: str) -> str:
        return f"{id_}_0" if id_ else ""

    @override
    def decompress(self, value: Any) -> list[Any]:
        return [value.plain(), value.currency] if isinstance(value, Money) else [None, None]


class MoneyField(forms.Field):
    """Money in any currency; without one the business's counts."""

    def __init__(self, *, currency: str, label: str, **kwargs: Any) -> None:
        super().__init__(label=label, widget=MoneyWidget(label, currency), **kwargs)
        self.currency = currency

    @override
    def clean(self, value: Any) -> Money | None:
        amount, code = ((each or "").strip() for each in value or ("", ""))
        if not amount:
            super().clean(None)
            return None
        code = code.upper() or self.currency
        if code not in EXPONENTS:
            raise forms.ValidationError("Use a three-letter currency code such as USD or EUR.")
        try:
            exact = parse_decimal(amount)
        except NotAnAmount as problem:
            raise forms.ValidationError(f"{problem} Enter an amount such as 1,250.00.") from None
        try:
            money = Money.exactly(exact, code)
        except NotAnAmount as problem:
            raise forms.ValidationError(str(problem)) from None
        self.run_validators(money)
        return money

    @override
    def has_changed(self, initial: Any, data: Any) -> bool:
        return True


class AddressField(forms.URLField):
    """A web address as ``rules`` judges it: Django's own check refuses names without a dot, such as
    https://intranet/wiki, which the API and files bring, and then nobody could save the rest."""

    # Django's stubs want a list; one that all fields share could be changed by any of them.
    default_validators = ()  # type: ignore[assignment]


class WithCustomFields:
    """For a form of an account or a contact: a form field per definition, behind its own."""

    custom: Sequence[Definition]
    fields: dict[str, forms.Field]
    cleaned_data: dict[str, Any]

    def add_custom_fields(self, viewer: Actor, subject: Subject, subject_id: int | None) -> None:
        """Add them, with the values that the subject has, if it is there already."""
        self.custom = queries.fields(viewer, subject)
        held: dict[str, Any] = {}
        if subject_id is not None:
            held = queries.values(viewer, subject, [subject_id], self.custom)[subject_id]
        for one in self.custom:
            made = form_field(one, viewer.settings.currency)
            made.initial = _initial(one, held.get(one.key))
            self.fields[one.name] = made

    @property
    def own_values(self) -> dict[str, Any]:
        """What the form says about the subject's own columns."""
        mine = {one.name for one in self.custom}
        return {name: value for name, value in self.cleaned_data.items() if name not in mine}

    @property
    def custom_values(self) -> dict[str, Any]:
        """What it says about custom fields, by key, as actions take it."""
        return {one.key: said(one, self.cleaned_data.get(one.name)) for one in self.custom}


def form_field(one: Definition, currency: str) -> forms.Field:
    """The form field of a definition; its check is the one that actions make."""
    named: dict[str, Any] = {
        "label": one.label,
        "help_text": one.help,
        "required": one.is_required,
        "error_messages": {"required": f"{one.label} is required."},
        "validators": [_validator(one)],
    }
    labels = [(choice.key, choice.label) for choice in one.choices]
    match one.kind:
        case Kind.NUMBER:
            return NumberField(**named, decimal_places=PLACES)
        case Kind.MONEY:
            return MoneyField(**named, currency=currency)
        case Kind.DATE:
            return forms.DateField(**named, widget=DateInput)
        case Kind.BOOLEAN:
            words = [("", "Not said"), ("yes", "Yes"), ("no", "No")]
            return forms.ChoiceField(**{**named, "validators": []}, choices=words)
        case Kind.CHOICE:
            return forms.ChoiceField(**named, choices=[("", "None"), *labels])
        case Kind.CHOICES:
            few = len(labels) <= MOST_CHECKBOXES
            return forms.MultipleChoiceField(
                **{**named, "validators": []},
                choices=labels,
                widget=forms.CheckboxSelectMultiple()
                if few
                else forms.SelectMultiple({"data-select": ""}),
            )
        case Kind.URL:
            return AddressField(**named, max_length=TEXT_LENGTH, assume_scheme="https")
        case _:
            return forms.CharField(**named, max_length=TEXT_LENGTH)


def _validator(one: Definition) -> Any:
    def validate(value: Any) -> None:
        try:
            check(one, value)
        except WrongValueError as problem:
            text = str(problem)
            raise forms.ValidationError(text[:1].upper() + text[1:]) from None

    return validate


def _initial(one: Definition, value: Any) -> Any:
    if one.kind is Kind.BOOLEAN:
        return "" if value is None else "yes" if value else "no"
    if one.kind is Kind.CHOICES:
        return list(value or ())
    return f"{value:f}" if isinstance(value, Decimal) else value


def said(one: Definition, value: Any) -> Any:
    """What a form says about a field, as actions take it."""
    if one.kind is Kind.BOOLEAN:
        return {"yes": True, "no": False}.get(value)
    return value


class DefineForm(forms.Form):
    """A new field."""

    label = forms.CharField(label="Name", max_length=LABEL_LENGTH)
    kind = forms.ChoiceField(
        label="Type",
        choices=Kind.choices,
        help_text="The type stays as it is; the name can change at any time.",
    )
    choices = forms.CharField(
        label="Choices",
        required=False,
        widget=forms.Textarea({"rows": 4}),
        help_text="For a single or multiple choice: one on each line, in their order.",
    )
    help = forms.CharField(
        label="Help",
        required=False,
        max_length=300,
        help_text="Shown under the field, for whoever fills it in.",
    )
    is_required = forms.BooleanField(
        label="Required",
        required=False,
        help_text="Nobody can save an account or contact without it.",
    )

    @override
    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        lines = [line.strip() for line in str(values.get("choices", "")).splitlines()]
        values["choices"] = [line for line in lines if line]
        kind = values.get("kind")
        if kind and Kind(kind).has_choices and not values["choices"]:
            self.add_error("choices", "List at least one choice, one on each line.")
        if kind and not Kind(kind).has_choices and values["choices"]:
            self.add_error("choices", "Only a single or multiple choice has choices.")
        return values


class ChangeForm(forms.Form):
    """What can change of a field."""

    label = forms.CharField(label="Name", max_length=LABEL_LENGTH)
    help = forms.CharField(label="Help", required=False, max_length=300)
    is_required = forms.BooleanField(label="Required", required=False)

    @classmethod
    def of(cls, row: CustomField, data: MultiValueDict[str, Any] | None) -> ChangeForm:
        """The form with what the field is now."""
        now = {"label": row.label, "help": row.help, "is_required": row.is_required}
        return cls(data, initial=now)


class ChoiceForm(forms.Form):
    """What a choice is called."""

    label = forms.CharField(label="Choice", max_length=LABEL_LENGTH)
