"""A business's own fields and tags, as fields that conditions can ask about."""

from __future__ import annotations

from collections.abc import Callable

from afterclose.accounts.custom_fields import queries
from afterclose.accounts.custom_fields.models import AccountValue, ContactValue, Kind
from afterclose.accounts.custom_fields.rules import SCALE, Definition
from afterclose.accounts.tags.models import AccountTag, ContactTag, Tag
from afterclose.businesses.context import current_business_id
from afterclose.segments import fields
from afterclose.segments.fields import Choice, Field, Many, One, Type

GROUP = "Custom fields"
_TYPES = {
    Kind.TEXT: Type.TEXT,
    Kind.URL: Type.TEXT,
    Kind.NUMBER: Type.NUMBER,
    Kind.MONEY: Type.MONEY,
    Kind.DATE: Type.DATE,
    Kind.BOOLEAN: Type.BOOLEAN,
    Kind.CHOICE: Type.CHOICE,
    Kind.CHOICES: Type.SET,
}
_VALUES: dict[str, type[AccountValue] | type[ContactValue]] = {
    "account": AccountValue,
    "contact": ContactValue,
}


def register() -> None:
    """Called as the product starts."""
    fields.register_provider(custom_fields)
    for subject, model in (("account", AccountTag), ("contact", ContactTag)):
        source = Many(model, "tag_id", key=f"{subject}_id")
        group = subject.capitalize()
        fields.register(Field("tag", "Tag", group, Type.SET, source, subject=subject, choices=tags))


def tags() -> list[Choice]:
    """The tags of the business, written by their name."""
    return [Choice(key, name, name) for key, name in Tag.objects.values_list("id", "name")]


def custom_fields(subject: str) -> list[Field]:
    """The fields of the business in context that are not deleted."""
    if current_business_id() is None:
        return []
    return [_field(each, subject) for each in queries.current(subject)]


def _field(each: Definition, subject: str) -> Field:
    model = _VALUES[subject]
    kind = _TYPES[each.kind]
    where = f"{{t}}.field_id = {int(each.id)}"
    if each.kind.has_choices:
        # Values of a deleted choice are kept while it can be restored, and count as empty.
        among = ", ".join(str(int(choice.id)) for choice in each.choices)
        where += f" AND {{t}}.choice_id IN ({among or 'NULL'})"
    source: One | Many
    if each.kind == Kind.CHOICES:
        source = Many(model, "choice_id", key="subject_id", where=where)
    else:
        value = f"({{t}}.number::float8 / {SCALE})" if each.kind == Kind.NUMBER else each.column
        source = One(model, value, key="subject_id", currency="currency", where=where)
    return Field(
        each.name,
        each.label,
        GROUP,
        kind,
        source,
        subject=subject,
        choices=_choices(each) if each.kind.has_choices else None,
        help=each.help,
    )


def _choices(each: Definition) -> Callable[[], list[Choice]]:
    """Written by their key, which outlives every renaming."""
    found = [Choice(choice.id, choice.label, choice.key) for choice in each.choices]
    return lambda: found
