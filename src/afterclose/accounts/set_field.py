"""Giving a field of many accounts or contacts the same value (CS-9): which field, which value, how
many rows that would change; only then is it done."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from typing import Any, override

from django import forms
from django.http import QueryDict
from django.utils import timezone

from afterclose.accounts import many
from afterclose.accounts.custom_fields import queries as custom
from afterclose.accounts.custom_fields.forms import form_field, said
from afterclose.accounts.custom_fields.models import Subject
from afterclose.accounts.custom_fields.rules import Definition, check, words
from afterclose.accounts.custom_fields.writing import set_values
from afterclose.accounts.forms import AccountForm, ContactForm, country_code, currency_code
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right
from afterclose.ui import formats
from afterclose.ui.forms import offer_choices
from afterclose.ui.lists import BulkAction, Selected

_FORMS = {Subject.ACCOUNT: AccountForm, Subject.CONTACT: ContactForm}
_CODES = {"currency": currency_code, "country": country_code}


@dataclass(frozen=True, slots=True)
class Wish:
    """That a field becomes a value; ``custom`` is the field if a business made it itself."""

    subject: Subject
    name: str
    label: str
    value: Any
    custom: Definition | None = None

    @property
    def shown(self) -> str:
        """The value in words; empty for none."""
        if self.custom is not None:
            return words(self.custom, self.value)
        if isinstance(self.value, date):
            return formats.day(self.value)
        return "" if self.value is None else str(self.value)

    def differing(self, viewer: Actor, ids: list[int]) -> int:
        """How many of these rows have another value."""
        if self.custom is None:
            return many.differing(subject=self.subject, ids=ids, field=self.name, value=self.value)
        held = custom.values(viewer, self.subject, ids, [self.custom])
        return sum(each[self.custom.key] != self.value for each in held.values())

    def fulfil(self, actor: Actor, ids: list[int]) -> int:
        """Make it so; how many rows changed."""
        at = timezone.now()
        if self.custom is None:
            return many.set_own(
                actor=actor, at=at, subject=self.subject, ids=ids, field=self.name, value=self.value
            )
        values = {each: {self.custom.key: self.value} for each in ids}
        return set_values(actor=actor, at=at, subject=self.subject, values=values)


class FieldForm(forms.Form):
    """Which field, and, once that is chosen, what it becomes."""

    field = forms.ChoiceField(label="Field")

    def __init__(self, data: QueryDict | None = None, *, viewer: Actor, subject: Subject) -> None:
        self.subject = subject
        self.own = {name: _FORMS[subject].base_fields[name] for name in many.SETTABLE[subject]}
        self.custom = {one.name: one for one in custom.fields(viewer, subject)}
        chosen = data.get("field", "") if data is not None else ""
        known = chosen in self.own or chosen in self.custom
        # Until the value of this field has been asked for, there is nothing to check.
        is_asked = data is not None and data.get("value_of") == chosen
        super().__init__(data if is_asked or not known else None, initial={"field": chosen})
        self._offer()
        if known:
            self.fields["value"] = self._value(chosen, viewer)
            self.fields["value_of"] = forms.CharField(widget=forms.HiddenInput, initial=chosen)

    def _offer(self) -> None:
        own = [(name, str(field.label)) for name, field in self.own.items()]
        groups: list[Any] = [("", "Choose a field"), ("Fields", own)]
        if self.custom:
            mine = [(name, one.label) for name, one in self.custom.items()]
            groups.append(("Custom fields", mine))
        offer_choices(self, "field", groups)

    def _value(self, chosen: str, viewer: Actor) -> forms.Field:
        """The input of the value, as the form of one account or contact has it."""
        if one := self.custom.get(chosen):
            made = form_field(one, viewer.settings.currency)
        else:
            made = deepcopy(self.own[chosen])
        made.label = "Becomes"
        if not made.required:
            made.help_text = " ".join(
                filter(None, [str(made.help_text), "Leave it empty to clear the field."])
            )
        return made

    @override
    def clean(self) -> dict[str, Any]:
        """The wish, as ``wish``."""
        values = super().clean() or self.cleaned_data
        if "field" not in values or "value" not in values:
            return values
        name, value = values["field"], values["value"]
        if one := self.custom.get(name):
            wish = Wish(self.subject, name, one.label, check(one, said(one, value)), one)
        else:
            if name in _CODES:
                try:
                    value = _CODES[name](value)
                except forms.ValidationError as wrong:
                    self.add_error("value", wrong)
            wish = Wish(self.subject, name, str(self.own[name].label), value)
        return {**values, "wish": wish}


def _action(subject: Subject) -> BulkAction:
    noun = subject.value

    def counted(count: int) -> str:
        return f"{formats.number(count)} {noun}{'' if count == 1 else 's'}"

    def look(viewer: Actor, selection: Selected, data: dict[str, Any]) -> str:
        wish: Wish = data["wish"]
        total = selection.count
        count = sum(wish.differing(viewer, ids) for ids in selection.ids())
        becomes = (
            f"“{wish.label}” becomes {wish.shown}" if wish.shown else f"“{wish.label}” is cleared"
        )
        if not count:
            return "Nothing would change: all of them have it already."
        same = (
            f" The other {formats.number(total - count)} have it already." if total > count else ""
        )
        return f"{counted(count)} would change: {becomes}.{same}"

    def run(viewer: Actor, selection: Selected, data: dict[str, Any]) -> str:
        wish: Wish = data["wish"]
        # The ids first: what is set may move rows out of the filter.
        count = sum(wish.fulfil(viewer, ids) for ids in list(selection.ids()))
        what = f"“{wish.label}” is {wish.shown}" if wish.shown else f"“{wish.label}” is cleared"
        return f"{counted(count)} changed: {what}." if count else "Nothing had to change."

    return BulkAction(
        "field",
        "Set a field",
        run,
        form=FieldForm,
        form_kwargs=lambda viewer: {"viewer": viewer, "subject": subject},
        visible=lambda viewer: viewer.may(Right.ACCOUNTS_EDIT),
        text="Every change is in the audit log, with what was there before.",
        look=look,
    )


ACCOUNT_FIELDS = [_action(Subject.ACCOUNT)]
CONTACT_FIELDS = [_action(Subject.CONTACT)]
