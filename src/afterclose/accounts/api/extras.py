"""Tags and custom fields of accounts and contacts in the API: a query each for a whole page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from pydantic import Field

from afterclose.accounts.custom_fields import queries, rules, writing
from afterclose.accounts.custom_fields.models import Kind, Subject
from afterclose.accounts.tags import actions as tagging
from afterclose.accounts.tags.models import AccountTag, ContactTag
from afterclose.businesses.actors import Actor
from afterclose.businesses.rest.fields import BIGGEST, WHOLE, Currency, In, up_to
from afterclose.kit.money import Money


class MoneyIn(In):
    """An amount in minor units of its currency; of the business's where that is empty."""

    amount_minor: Annotated[int, Field(ge=-BIGGEST, le=BIGGEST), WHOLE]
    currency: Currency


Word = Annotated[str, up_to(1000)]
Decimal = Annotated[float, Field(allow_inf_nan=False)]
CustomIn = Word | bool | int | Decimal | MoneyIn | Annotated[list[Word], Field(max_length=200)]
Custom = Annotated[
    dict[Annotated[str, Field(max_length=60)], CustomIn | None],
    Field(
        max_length=100,
        description="Values by the keys of /custom-fields; null empties one, those that are left"
        " out stay.",
    ),
]
Tags = Annotated[
    list[Annotated[str, up_to(60)]],
    Field(
        max_length=50,
        description="Exactly these from now on; names that are new become tags.",
    ),
]
NAMES = ("tags", "custom")


def enrich(viewer: Actor, subject: Subject, items: Sequence[Any]) -> None:
    """Set ``tags`` and ``custom`` of answers that have an ``id``."""
    ids = [item.id for item in items]
    known = queries.fields(viewer, subject)
    held = queries.values(viewer, subject, ids, known)
    tags = _tags(subject, ids)
    for item in items:
        item.tags = tags.get(item.id, [])
        item.custom = {one.key: to_json(one, held[item.id][one.key]) for one in known}


def _tags(subject: Subject, ids: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    links: Any
    if subject is Subject.ACCOUNT:
        links = AccountTag.objects.filter(account_id__in=ids).values_list("account_id", "tag__name")
    else:
        links = ContactTag.objects.filter(contact_id__in=ids).values_list("contact_id", "tag__name")
    for each, name in links.order_by("tag__key"):
        found.setdefault(each, []).append(name)
    return found


def to_json(field: rules.Definition, value: Any) -> Any:
    """A value as the API has it: money in minor units, numbers as text, choices by key."""
    if isinstance(value, Money):
        return {"amount_minor": value.minor, "currency": value.currency}
    return rules.to_json(field, value)


def save(
    viewer: Actor, subject: Subject, row_id: int, sent: Mapping[str, Any], *, complete: bool = False
) -> None:
    """Write the tags and custom values that were sent; ``complete``: required ones must be there.

    Raises ValidationError naming ``custom.<key>`` or ``tags``.
    """
    at = timezone.now()
    if "custom" in sent or complete:
        values = _checked(viewer, subject, sent.get("custom") or {})
        try:
            writing.set_values(
                actor=viewer, at=at, subject=subject, values={row_id: values}, complete=complete
            )
        except ValidationError as error:
            raise _renamed(error) from error
    if "tags" in sent:
        try:
            if subject is Subject.ACCOUNT:
                tagging.set_account_tags(
                    actor=viewer, at=at, account_id=row_id, tag_ids=(), new=sent["tags"]
                )
            else:
                tagging.set_contact_tags(
                    actor=viewer, at=at, contact_id=row_id, tag_ids=(), new=sent["tags"]
                )
        except ValidationError as error:
            raise ValidationError({"tags": error.messages}) from error


def _checked(viewer: Actor, subject: Subject, sent: Mapping[str, Any]) -> dict[str, Any]:
    known = {one.key: one for one in queries.fields(viewer, subject)} if sent else {}
    values: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for key, value in sent.items():
        one = known.get(key)
        if one is None:
            wrong[f"custom.{key}"] = "There is no such field."
            continue
        try:
            values[key] = _from_json(one, value, viewer.settings.currency)
        except rules.WrongValueError as problem:
            wrong[f"custom.{key}"] = f"{one.label}: {problem}"
    if wrong:
        raise ValidationError(dict(wrong))
    return values


def _from_json(one: rules.Definition, value: Any, currency: str) -> Any:
    if one.kind is Kind.MONEY and isinstance(value, Mapping):
        return rules.check(one, Money(value["amount_minor"], value["currency"] or currency))
    return rules.from_json(one, value)


def _renamed(error: ValidationError) -> ValidationError:
    if not hasattr(error, "error_dict"):
        return error
    return ValidationError(
        {f"custom.{name.removeprefix('cf_')}": found for name, found in error.error_dict.items()}
    )
