"""What a value of each kind is: checked, as typed columns, back again, in words, as JSON.

No database and no clock here. In Python a value is ``str`` (text, web address), ``Decimal``
(number), ``Money``, ``date``, ``bool``, a choice's key, or a tuple of keys in the order of the
choices; None is "no value". No number ever becomes a float.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, Protocol
from urllib.parse import urlsplit

from afterclose.accounts.custom_fields.models import TEXT_KEY_LENGTH, TEXT_LENGTH, Kind, Subject
from afterclose.kit import clock
from afterclose.kit.currencies import EXPONENTS
from afterclose.kit.money import LARGEST_MINOR, Money, NotAnAmount, plain_decimal

PLACES = 6
SCALE = 10**PLACES
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
LARGEST = 10**12
COLUMNS = ("text", "number", "minor", "currency", "day", "flag", "choice_id")


class WrongValueError(ValueError):
    """A value that its field cannot hold; the message is a sentence for the person."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What can be chosen now."""

    id: int
    key: str
    label: str
    order: int = 0


@dataclass(frozen=True, slots=True)
class Definition:
    """A field as everybody but its admin sees it; ``choices`` are those not deleted, in order.

    ``has_deleted_choices``: values of these are hidden, not gone, while they can be restored.
    """

    id: int
    subject: Subject
    key: str
    label: str
    kind: Kind
    help: str = ""
    is_required: bool = False
    choices: tuple[Choice, ...] = ()
    has_deleted_choices: bool = False

    @property
    def name(self) -> str:
        """What it is called in forms, lists, addresses and imports: ``cf_`` and its key."""
        return f"cf_{self.key}"

    @property
    def column(self) -> str:
        """The typed column that holds its values."""
        return _COLUMN[self.kind]

    @property
    def relation(self) -> str:
        """The alias under which ``queries.joined`` joins its value to a row of the subject."""
        return f"custom_{self.id}"


_COLUMN = {
    Kind.TEXT: "text",
    Kind.URL: "text",
    Kind.NUMBER: "number",
    Kind.MONEY: "minor",
    Kind.DATE: "day",
    Kind.BOOLEAN: "flag",
    Kind.CHOICE: "choice_id",
    Kind.CHOICES: "choice_id",
}


class Stored(Protocol):
    """A row of a value table."""

    text: str | None
    number: int | None
    minor: int | None
    currency: str | None
    day: date | None
    flag: bool | None
    choice_id: int | None


def text_key(text: str) -> str:
    """The form in which texts are compared: case-folded, the first 200 characters."""
    return text.casefold()[:TEXT_KEY_LENGTH]


def check(field: Definition, value: Any) -> Any:
    """The value in its one form, None for empty. Raises WrongValueError."""
    if isinstance(value, str):
        value = value.strip()
    if value is None or value == "" or (isinstance(value, list | tuple | set) and not value):
        return None
    return _CHECKS[field.kind](field, value)


def check_all(
    fields: Iterable[Definition], given: Mapping[str, Any], *, complete: bool
) -> tuple[dict[str, Any], dict[str, str]]:
    """Checked values by key, and what is wrong by field name (``cf_…``).

    ``complete``: what is not given counts as empty, so a required field must be there;
    otherwise only what is given is looked at. An unknown key is an error.
    """
    known = {field.key: field for field in fields}
    wrong = {f"cf_{key}": f"There is no field “{key}”." for key in given if key not in known}
    values: dict[str, Any] = {}
    for key, field in known.items():
        if key not in given and not complete:
            continue
        try:
            values[key] = check(field, given.get(key))
        except WrongValueError as problem:
            wrong[field.name] = f"{field.label}: {problem}"
            continue
        if values[key] is None and field.is_required:
            wrong[field.name] = f"{field.label} is required."
    return values, wrong


def _text(field: Definition, value: Any) -> str:
    if not isinstance(value, str):
        raise WrongValueError("enter text.")
    if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise WrongValueError("it contains a character that cannot be stored.")
    if len(value) > TEXT_LENGTH:
        raise WrongValueError(f"use at most {TEXT_LENGTH:,} characters.")
    return value


def _number(field: Definition, value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise WrongValueError("enter a number.")
    try:
        number = plain_decimal(value) if isinstance(value, str) else Decimal(value)
    except NotAnAmount:
        raise WrongValueError("enter a number.") from None
    if not number.is_finite() or abs(number) > LARGEST:
        raise WrongValueError(f"enter a number of at most {LARGEST:,}.")
    scaled = Fraction(number) * SCALE
    if scaled.denominator != 1:
        raise WrongValueError(f"use at most {PLACES} decimals.")
    return number_out(scaled.numerator)


def number_out(scaled: int) -> Decimal:
    """A stored number as a decimal without trailing zeros: 1500000 is 1.5."""
    whole, rest = divmod(abs(scaled), SCALE)
    sign = "-" if scaled < 0 else ""
    fraction = f".{rest:0{PLACES}d}".rstrip("0") if rest else ""
    return Decimal(f"{sign}{whole}{fraction}")


def _money(field: Definition, value: Any) -> Money:
    if not isinstance(value, Money):
        raise WrongValueError("enter an amount and its currency.")
    if abs(value.minor) > LARGEST_MINOR:
        raise WrongValueError("This amount is too large.")
    return value


def _date(field: Definition, value: Any) -> date:
    if isinstance(value, str):
        try:
            # Python also reads 20260131 and 2026-W05-6, which nobody else does.
            value = date.fromisoformat(value if _ISO.fullmatch(value) else "")
        except ValueError:
            raise WrongValueError("enter a date such as 2026-01-31.") from None
    if isinstance(value, datetime) or not isinstance(value, date):
        raise WrongValueError("enter a date such as 2026-01-31.")
    if not clock.is_plausible(value):
        raise WrongValueError(f"enter a date from {clock.FIRST_YEAR} to {clock.LAST_YEAR}.")
    return value


def _boolean(field: Definition, value: Any) -> bool:
    if not isinstance(value, bool):
        raise WrongValueError("say yes or no.")
    return value


def _choice(field: Definition, value: Any) -> str:
    if not isinstance(value, str) or value not in {choice.key for choice in field.choices}:
        offered = ", ".join(choice.key for choice in field.choices[:10])
        raise WrongValueError(f"“{str(value)[:60]}” is none of its choices ({offered}).")
    return value


def _choices(field: Definition, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple | set | frozenset):
        raise WrongValueError("give a list of choices.")
    wanted = {_choice(field, each) for each in value}
    return tuple(choice.key for choice in field.choices if choice.key in wanted)


def _url(field: Definition, value: Any) -> str:
    text = _text(field, value)
    try:
        parts = urlsplit(text)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https") or re.search(r"[\s<>\"]", text):
        raise WrongValueError("enter a web address that begins with https:// or http://.")
    return text


_CHECKS = {
    Kind.TEXT: _text,
    Kind.NUMBER: _number,
    Kind.MONEY: _money,
    Kind.DATE: _date,
    Kind.BOOLEAN: _boolean,
    Kind.CHOICE: _choice,
    Kind.CHOICES: _choices,
    Kind.URL: _url,
}


def columns_of(field: Definition, value: Any) -> list[dict[str, Any]]:
    """A checked value as rows of typed columns: one, or one per choice of many."""
    if value is None:
        return []
    own: dict[str, Any] = {"field_id": field.id, "slot": 0}
    if field.kind in (Kind.TEXT, Kind.URL):
        return [{**own, "text": value, "text_key": text_key(value)}]
    if field.kind is Kind.NUMBER:
        return [{**own, "number": int(value.scaleb(PLACES))}]
    if field.kind is Kind.MONEY:
        return [{**own, "minor": value.minor, "currency": value.currency}]
    if field.kind is Kind.CHOICES:
        chosen = (choice.id for choice in field.choices if choice.key in value)
        return [{**own, "choice_id": each, "slot": each} for each in chosen]
    if field.kind is Kind.CHOICE:
        choice = next(each for each in field.choices if each.key == value)
        return [{**own, "choice_id": choice.id, "place": choice.order}]
    return [{**own, field.column: value}]


def value_of(field: Definition, rows: Sequence[Stored]) -> Any:
    """The value that rows of typed columns hold; choices that were deleted are left out."""
    if field.kind.has_choices:
        held = {row.choice_id for row in rows}
        keys = tuple(choice.key for choice in field.choices if choice.id in held)
        if field.kind is Kind.CHOICES:
            return keys or None
        return keys[0] if keys else None
    if not rows:
        return None
    row = rows[0]
    if field.kind is Kind.NUMBER and row.number is not None:
        return number_out(row.number)
    if field.kind is Kind.MONEY and row.minor is not None and row.currency is not None:
        return Money(row.minor, row.currency)
    return getattr(row, field.column)


def words(field: Definition, value: Any) -> str:
    """A value as plain words, for the audit log and for files; empty for none."""
    if value is None:
        return ""
    labels = {choice.key: choice.label for choice in field.choices}
    if field.kind is Kind.CHOICE:
        return labels.get(value, str(value))
    if field.kind is Kind.CHOICES:
        return ", ".join(labels.get(key, key) for key in value)
    if field.kind is Kind.BOOLEAN:
        return "Yes" if value else "No"
    if field.kind is Kind.NUMBER:
        return f"{value:f}"
    return str(value)


def to_json(field: Definition, value: Any) -> Any:
    """A value for the API: numbers as text so that nothing is rounded, money as
    ``{"amount": "12.50", "currency": "USD"}``, dates as ISO text, choices by key."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, Money):
        return {"amount": value.plain(), "currency": value.currency}
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return list(value)


def from_json(field: Definition, value: Any) -> Any:
    """The checked value from what ``to_json`` gave, or from a JSON number. Raises
    WrongValueError."""
    if field.kind is Kind.NUMBER and isinstance(value, float):
        # The shortest decimal that reads back as this float is what was written.
        value = Decimal(repr(value))
    if field.kind is Kind.MONEY and value is not None:
        return check(field, _money_from_json(value))
    return check(field, value)


def _money_from_json(value: Any) -> Money:
    if not isinstance(value, Mapping) or set(value) != {"amount", "currency"}:
        raise WrongValueError("give an object with amount and currency.")
    amount, currency = value["amount"], value["currency"]
    if isinstance(amount, float):
        amount = Decimal(repr(amount))
    if isinstance(amount, bool) or not isinstance(amount, str | int | Decimal):
        raise WrongValueError("enter the amount as a number.")
    if not isinstance(currency, str) or currency not in EXPONENTS:
        raise WrongValueError("use a three-letter currency code such as USD or EUR.")
    try:
        return Money.exactly(amount, currency)
    except NotAnAmount as problem:
        raise WrongValueError(str(problem)) from None
