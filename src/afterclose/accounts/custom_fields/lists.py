"""Custom fields in lists: optional columns, a filter per type, sorts, export (CS-6, CS-9)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, override

from django.db.models import Q, QuerySet
from django.utils.safestring import SafeString

from afterclose.accounts.custom_fields import queries
from afterclose.accounts.custom_fields.models import Kind, Subject
from afterclose.accounts.custom_fields.rules import SCALE, Definition, number_out, text_key
from afterclose.accounts.custom_fields.showing import exact_number, external_link
from afterclose.businesses.actors import Actor
from afterclose.ui.escaping import format_html_join
from afterclose.ui.lists import (
    NOTHING,
    BooleanColumn,
    ChoiceColumn,
    ChoiceFilter,
    Column,
    DateColumn,
    DateRangeFilter,
    List,
    ListContext,
    MoneyColumn,
    MoneyRangeFilter,
    NumberColumn,
    NumberRangeFilter,
    Row,
    TextFilter,
)
from afterclose.ui.lists.filters import NONE, Filter
from afterclose.ui.templatetags.ui import badge


class WithCustomFields(List):
    """A list of accounts or contacts with their custom fields; ``queryset`` passes its rows
    through ``with_custom``."""

    subject: ClassVar[Subject]

    @property
    def custom(self) -> tuple[Definition, ...]:
        """The fields of the business, read once for an answer."""
        memo = self.context.memo
        if "custom_fields" not in memo:
            memo["custom_fields"] = queries.fields(self.context.viewer, self.subject)
        found: tuple[Definition, ...] = memo["custom_fields"]
        return found

    def with_custom[Rows: QuerySet[Any]](self, rows: Rows) -> Rows:
        """The rows with the values within reach."""
        return queries.joined(rows, self.custom)

    @override
    def gone(self, name: str, /) -> tuple[str, str] | None:
        if not name.startswith("cf_"):
            return None
        memo = self.context.memo
        if "deleted_fields" not in memo:
            memo["deleted_fields"] = queries.deleted(self.context.viewer, self.subject)
        for key, label in memo["deleted_fields"].items():
            # Bounds have names of their own, such as cf_seats_min.
            if name == f"cf_{key}" or name.startswith(f"cf_{key}_"):
                return label, f"The field was deleted. {queries.RESTORABLE}"
        return f"“{name[:60]}”", "There is no custom field of that name any more."

    @override
    def extra_columns(self, viewer: Actor, /) -> Sequence[Column]:
        return [column_of(each) for each in self.custom]

    @override
    def extra_filters(self, viewer: Actor, /) -> Sequence[Filter]:
        return [filter_of(each) for each in self.custom]


@dataclass(frozen=True)
class ExactNumberColumn(NumberColumn):
    """A number with as many decimals as it has."""

    @override
    def format(self, value: Any) -> SafeString:
        return exact_number(value)


@dataclass(frozen=True)
class ExactNumberFilter(NumberRangeFilter):
    """Bounds in the units that people type; stored are millionths."""

    scale: int = field(default=SCALE, kw_only=True)


@dataclass(frozen=True)
class KeyedChoiceFilter(ChoiceFilter):
    """Choices by their keys in the address; ``ids`` are what is stored. With ``of`` the rows
    have many choices, so the condition is a semi-join."""

    ids: tuple[tuple[str, Any], ...] = field(default=(), kw_only=True)
    of: Definition | None = field(default=None, kw_only=True)

    @override
    def condition(self, value: tuple[str, ...], context: ListContext) -> Q:
        stored = dict(self.ids)
        wanted = [stored[text] for text in value if text != NONE]
        found = Q()
        if self.of is not None:
            if wanted:
                found = Q(queries.having(self.of, Q(choice_id__in=wanted)))
            return found | Q(~queries.having(self.of)) if NONE in value else found
        if wanted:
            found = Q(**{f"{self.read_path}__in": wanted})
        return found | Q(**{f"{self.read_path}__isnull": True}) if NONE in value else found

    @override
    def apply(self, rows: QuerySet[Any], value: tuple[str, ...], context: ListContext) -> Any:
        return rows.filter(self.condition(value, context))


def column_of(one: Definition) -> Column:
    """The optional column of a field."""
    at = one.relation
    named: dict[str, Any] = {
        "name": one.name,
        "label": one.label,
        "optional": True,
        "help": one.help,
    }
    match one.kind:
        case Kind.NUMBER:
            path = f"{at}__number"
            return ExactNumberColumn(
                **named, sort=path, needs=(path,), value=lambda row: _number(row[path])
            )
        case Kind.MONEY:
            amount, currency = f"{at}__minor", f"{at}__currency"
            return MoneyColumn(**named, amount=amount, currency=currency, sort=True, total=True)
        case Kind.DATE:
            return DateColumn(**named, path=f"{at}__day", sort=True)
        case Kind.BOOLEAN:
            return BooleanColumn(**named, path=f"{at}__flag", sort=True)
        case Kind.CHOICE:
            labels = [(choice.id, choice.label) for choice in one.choices]
            return ChoiceColumn(
                **named, path=f"{at}__choice_id", sort=f"{at}__place", choices=labels
            )
        case Kind.CHOICES:
            return _choices_column(one, named)
        case Kind.URL:
            return Column(
                **named, path=f"{at}__text", sort=f"{at}__text_key", render=_external_link
            )
        case _:
            return Column(**named, path=f"{at}__text", sort=f"{at}__text_key")


def filter_of(one: Definition) -> Filter:
    """The filter of a field."""
    at = one.relation
    named: dict[str, Any] = {"name": one.name, "label": one.label, "help": one.help}
    match one.kind:
        case Kind.NUMBER:
            return ExactNumberFilter(**named, path=f"{at}__number")
        case Kind.MONEY:
            return MoneyRangeFilter(
                **named,
                path=f"{at}__minor",
                currency=f"{at}__currency",
                currency_of=lambda viewer: viewer.settings.currency,
            )
        case Kind.DATE:
            return DateRangeFilter(**named, path=f"{at}__day")
        case Kind.BOOLEAN:
            words = [("yes", "Yes"), ("no", "No")]
            return KeyedChoiceFilter(
                **named,
                path=f"{at}__flag",
                choices=words,
                ids=(("yes", True), ("no", False)),
                empty="Not said",
            )
        case Kind.CHOICE | Kind.CHOICES:
            return KeyedChoiceFilter(
                **named,
                path=f"{at}__choice_id",
                # "none" is what the address says for rows without a value.
                choices=[(choice.key, choice.label) for choice in one.choices],
                ids=tuple((choice.key, choice.id) for choice in one.choices),
                of=one if one.kind is Kind.CHOICES else None,
                empty="No value",
            )
        case _:
            return TextFilter(**named, path=f"{at}__text_key", key=text_key)


def _number(scaled: int | None) -> Any:
    return None if scaled is None else number_out(scaled)


def _choices_column(one: Definition, named: dict[str, Any]) -> Column:
    at = one.relation

    def labels(row: Row) -> str | None:
        held = set(row[at] or ())
        words = [choice.label for choice in one.choices if choice.id in held]
        # Semicolons, so that an import reads labels with commas back.
        return "; ".join(words) or None

    def badges(row: Row, _value: Any) -> SafeString:
        held = set(row[at] or ())
        words = [choice.label for choice in one.choices if choice.id in held]
        return format_html_join(" ", "{}", ((badge(word),) for word in words)) or NOTHING

    return Column(**named, needs=(at,), value=labels, render=badges)


def _external_link(_row: Row, value: str | None) -> SafeString:
    return external_link(value) if value else NOTHING
