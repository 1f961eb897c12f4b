"""Form rendering: labels above, help under, errors at the field and in a summary."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any, cast, override

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms.renderers import TemplatesSetting

from afterclose.kit import clock
from afterclose.kit.money import NotAnAmount, plain_decimal


class Renderer(TemplatesSetting):
    """FORM_RENDERER: every `{{ form }}` of the product looks the same."""

    form_template_name = "ui/forms/form.html"
    field_template_name = "ui/forms/field.html"
    formset_template_name = "ui/forms/formset.html"


def plausible_day(value: date) -> None:
    """A validator: a day that somebody can have meant."""
    if not clock.is_plausible(value):
        raise ValidationError(f"Enter a date from {clock.FIRST_YEAR} to {clock.LAST_YEAR}.")


def plausible_days(form: forms.BaseForm) -> None:
    """Have every date of a form be a plausible one; for fields that a model makes."""
    for field in form.fields.values():
        if isinstance(field, forms.DateField):
            field.validators = [*field.validators, plausible_day]


def typed_number(value: Any) -> Decimal | None:
    """A number as a form sends it, None for nothing; raises ValidationError.

    Django's own fields take what Python takes: 1_000, 1e5, digits of any script.
    """
    text = str(value).strip() if value is not None else ""
    if not text:
        return None
    try:
        return plain_decimal(text)
    except NotAnAmount as problem:
        raise ValidationError(f"{problem} Write digits, such as 1250.", code="invalid") from None


class NumberField(forms.DecimalField):
    """A number in a form, judged as everywhere (`kit.money.plain_decimal`)."""

    @override
    # Django's DecimalField is an IntegerField, whose values it changes too.
    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        return typed_number(value)


class WholeField(forms.IntegerField):
    """A whole number in a form; 12.0 is one."""

    @override
    def to_python(self, value: Any) -> int | None:
        number = typed_number(value)
        if number is None:
            return None
        if number != number.to_integral_value():
            raise ValidationError(f"“{value}” is not a whole number.", code="invalid")
        return int(number)


class DateInput(forms.DateInput):
    """The browser's date picker, which writes the date in the person's locale."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class DateTimeInput(forms.DateTimeInput):
    """The browser's date and time picker, in the active time zone."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%dT%H:%M")


class MoneyInput(forms.TextInput):
    """An amount: right-aligned, a decimal keyboard on phones, the currency in front."""

    def __init__(self, currency: str = "", attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"inputmode": "decimal", "autocomplete": "off", **(attrs or {})})
        self.currency = currency


class SearchInput(forms.TextInput):
    """A search field with the clear button of the browser."""

    input_type = "search"


def offer(form: forms.BaseForm, name: str, rows: QuerySet[Any]) -> None:
    """Say which rows a field of the form lets choose from."""
    # A form's fields are typed as plain fields; that this one chooses rows is the form's own word.
    cast("forms.ModelChoiceField[Any]", form.fields[name]).queryset = rows


def offer_choices(form: forms.BaseForm, name: str, choices: Iterable[tuple[Any, str]]) -> None:
    """Say which values a field of the form lets choose from, with their labels."""
    cast(forms.ChoiceField, form.fields[name]).choices = list(choices)


def control_class(field: forms.BoundField) -> str:
    """The CSS classes of the field's control, by its widget."""
    widget = field.field.widget
    if isinstance(widget, forms.CheckboxInput | forms.RadioSelect | forms.CheckboxSelectMultiple):
        base = "form-check-input"
    elif isinstance(widget, forms.Select):
        base = "form-select"
    elif isinstance(widget, MoneyInput):
        base = "form-control num"
    else:
        base = "form-control"
    own = str(widget.attrs.get("class", ""))
    return " ".join(part for part in (base, own, "is-invalid" if field.errors else "") if part)


def kind_of(field: forms.BoundField) -> str:
    """How the field template lays the control out: check, options, money or plain."""
    widget = field.field.widget
    if isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        return "options"
    if isinstance(widget, forms.CheckboxInput):
        return "check"
    if isinstance(widget, MoneyInput) and widget.currency:
        return "money"
    return "plain"
