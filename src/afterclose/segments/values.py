"""What stands on the right of an operator: read from JSON, checked, brought into one form.

Numbers become int where they are whole, else float; amounts are plain decimal text with a
currency; days are whole; dates are ISO text or ``{"today": -30}``. Pure.
"""

from __future__ import annotations

import math
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from afterclose.kit.money import Money, NotAnAmount, UnknownCurrency, exponent, parse_decimal
from afterclose.segments.fields import Field, Operator, Type

LONGEST_TEXT = 200
MOST_VALUES = 100
MOST_DAYS = 3660
BIGGEST = 10**15


class Bad(ValueError):
    """A value that does not fit; the message says what would."""


def read(field: Field, op: Operator, value: Any, *, strict: bool = True) -> Any:
    """The value of a test in its one form; raises Bad."""
    if op in (Operator.KNOWN, Operator.EMPTY):
        if value is not None:
            raise Bad(f"“{op}” takes no value.")
        return None
    if op == Operator.CHANGED_BY:
        return _changed_by(value)
    if op == Operator.CHANGED:
        return _changed(field, value, strict)
    if op in (Operator.LAST, Operator.NEXT):
        return days(value)
    if op == Operator.ANNIVERSARY:
        return days(value, most=366)
    if op in (Operator.IN, Operator.ANY, Operator.ALL, Operator.NONE):
        return _several(field, value, strict)
    return _single(field, op, value, strict)


def _single(field: Field, op: Operator, value: Any, strict: bool) -> Any:
    match field.type:
        case Type.NUMBER:
            return _pair(value, number) if op == Operator.BETWEEN else number(value)
        case Type.MONEY:
            return _amounts(value) if op == Operator.BETWEEN else amount(value)
        case Type.DATE | Type.INSTANT:
            return day(value)
        case Type.BOOLEAN:
            if not isinstance(value, bool):
                raise Bad("Say yes or no.")
            return value
        case _:
            return _word(field, value, strict)


def _word(field: Field, value: Any, strict: bool) -> Any:
    """A text, or one of the choices."""
    if field.type == Type.TEXT:
        return text(value)
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise Bad("Choose one of its values.")
    if isinstance(value, int) and abs(value) > 2**63 - 1:
        raise Bad("There is no such choice.")
    if strict and field.choices is not None and value not in {c.value for c in field.choices()}:
        raise Bad(f"“{str(value)[:60]}” is not one of its values.")
    return text(value) if isinstance(value, str) else value


def _several(field: Field, value: Any, strict: bool) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise Bad("Name at least one value.")
    if len(value) > MOST_VALUES:
        raise Bad(f"At most {MOST_VALUES} values are possible.")
    if strict and field.choices is not None:
        known = {choice.value for choice in field.choices()}
        for each in value:
            if isinstance(each, bool | float | list | dict) or each not in known:
                raise Bad(f"“{str(each)[:60]}” is not one of its values.")
    return list(dict.fromkeys(_word(field, each, strict=False) for each in value))


def text(value: Any) -> str:
    """A text that is there."""
    if not isinstance(value, str) or not value.strip():
        raise Bad("Write the text to compare with.")
    if len(value) > LONGEST_TEXT:
        raise Bad(f"The text may have {LONGEST_TEXT} characters.")
    if "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value):
        raise Bad("It contains a character that cannot be stored.")
    return value.strip()


def number(value: Any) -> int | float:
    """A number: JSON's own, or as people write it."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Bad("Write a number.")
    if isinstance(value, float) and not math.isfinite(value):
        raise Bad("Write a number.")
    try:
        found = parse_decimal(value) if isinstance(value, str) else Decimal(str(value))
    except NotAnAmount as error:
        raise Bad("Write a number.") from error
    if abs(found) > BIGGEST:
        raise Bad("The number is too large.")
    return int(found) if found == found.to_integral_value() else float(found)


def whole(value: Any) -> int:
    """A count."""
    found = number(value)
    if isinstance(found, float) or found < 0:
        raise Bad("Write a whole number, 0 or more.")
    return found


def days(value: Any, *, least: int = 0, most: int = MOST_DAYS) -> int:
    """A number of days."""
    found = number(value)
    if isinstance(found, float) or not least <= found <= most:
        raise Bad(f"Write a whole number of days from {least} to {most}.")
    return found


def day(value: Any) -> str | dict[str, int]:
    """A date, or so many days from today (``{"today": -30}``)."""
    if isinstance(value, dict) and set(value) == {"today"}:
        offset = value["today"]
        if isinstance(offset, int) and not isinstance(offset, bool) and abs(offset) <= MOST_DAYS:
            return {"today": offset}
        raise Bad(f"Write up to {MOST_DAYS} days before or after today.")
    try:
        if isinstance(value, str) and len(value) == 10:
            return date.fromisoformat(value).isoformat()
    except ValueError:
        pass
    raise Bad("Write a date such as 2026-03-31, or days from today.")


def on(value: str | dict[str, int], today: date) -> date:
    """The date that a value of ``day`` stands for."""
    if isinstance(value, dict):
        return today + timedelta(days=value["today"])
    return date.fromisoformat(value)


def amount(value: Any) -> dict[str, str]:
    """``{"amount": "10000", "currency": "USD"}``; no more decimals than the currency has."""
    if not isinstance(value, dict) or set(value) != {"amount", "currency"}:
        raise Bad("Write an amount and its currency.")
    currency = _currency(value["currency"])
    return {"amount": _plain(value["amount"], currency), "currency": currency}


def _amounts(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or set(value) != {"low", "high", "currency"}:
        raise Bad("Write two amounts and their currency.")
    currency = _currency(value["currency"])
    low, high = _plain(value["low"], currency), _plain(value["high"], currency)
    if minor(low, currency) > minor(high, currency):
        raise Bad("The first amount is larger than the second.")
    return {"low": low, "high": high, "currency": currency}


def _currency(value: Any) -> str:
    found = value.strip().upper() if isinstance(value, str) else ""
    try:
        exponent(found)
    except UnknownCurrency as error:
        raise Bad("Write the currency as three letters, such as USD.") from error
    return found


def _plain(value: Any, currency: str) -> str:
    written = number(value) if isinstance(value, float) else value
    if isinstance(written, bool) or not isinstance(written, str | int | float):
        raise Bad("Write the amount as a number.")
    try:
        exact = parse_decimal(str(written))
    except NotAnAmount as error:
        raise Bad("Write the amount as a number.") from error
    try:
        found = Money.exactly(exact, currency)
    except NotAnAmount as error:
        raise Bad(str(error)) from error
    if abs(found.minor) > BIGGEST:
        raise Bad("The amount is too large.")
    digits = found.plain()
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def minor(plain: str, currency: str) -> int:
    """Minor units of an amount that ``amount`` made."""
    return Money.of(plain, currency).minor


def _pair(value: Any, one: Any) -> list[Any]:
    if not isinstance(value, list) or len(value) != 2:
        raise Bad("Write two numbers.")
    low, high = one(value[0]), one(value[1])
    if low > high:
        raise Bad("The first number is larger than the second.")
    return [low, high]


def _changed_by(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict) or not {"percent", "days"} <= set(value) <= {
        "percent",
        "days",
        "base",
    }:
        raise Bad("Write by how many percent, over how many days.")
    percent = number(value["percent"])
    if percent == 0:
        raise Bad("A change of 0 % is none.")
    base = number(value.get("base") or 0)
    if base < 0:
        raise Bad("The least value to start from cannot be negative.")
    found = {"percent": percent, "days": days(value["days"], least=1, most=366)}
    return {**found, "base": base} if base else found


def _changed(field: Field, value: Any, strict: bool) -> dict[str, Any]:
    if not isinstance(value, dict) or not {"days"} <= set(value) <= {"from", "to", "days"}:
        raise Bad("Write within how many days it changed.")
    found: dict[str, Any] = {"days": days(value["days"], least=1, most=366)}
    for name in ("from", "to"):
        if value.get(name) not in (None, ""):
            found[name] = _word(field, value[name], strict)
    return found
