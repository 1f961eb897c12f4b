"""Types of fields in the API, each with its limits, so that the schema says what is taken.

A value that passes here can be stored: no NUL, no lone surrogates (pydantic refuses them), no
number beyond its column. What depends on the rows that exist (a member's id, an id that is
taken) is looked at by the action and answers 409.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)

from afterclose.kit import clock
from afterclose.kit.currencies import EXPONENTS
from afterclose.kit.money import Money

BIGGEST = 2**63 - 1
NO_NUL = r"^[^\x00]*$"
NOT_BLANK = r"^[^\x00]*[!-~\u00a1-\ud7ff][^\x00]*$"
EMAIL = (
    r"^([A-Za-z0-9_%+-]+(\.[A-Za-z0-9_%+-]+)*@([A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?\.)+"
    r"[A-Za-z]{2,20})?$"
)
WEBSITE = (
    r"^(https?://([A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?\.)+[A-Za-z]{2,20}"
    r"(/[A-Za-z0-9._~/?#=&%+:@,;!$'()*-]*)?)?$"
)
DOMAIN = r"^(([A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?\.)+[A-Za-z]{2,20})?$"


def up_to(most: int) -> StringConstraints:
    """For ``Annotated[str, …]``: up to `most` characters, may be empty, no NUL."""
    return StringConstraints(max_length=most, pattern=NO_NUL)


def filled(most: int) -> StringConstraints:
    """For ``Annotated[str, …]``: up to `most` characters, one of them visible."""
    return StringConstraints(min_length=1, max_length=most, pattern=NOT_BLANK)


def _whole(value: Any) -> Any:
    # 1.0 is an integer in JSON Schema, true is not; pydantic sees it the other way round.
    if isinstance(value, bool | str):
        raise ValueError("must be a whole number")
    return value


# Stands behind the bounds, which the schema would not show otherwise.
WHOLE = BeforeValidator(_whole)


def _strict_text(value: Any) -> Any:
    # A number where a date belongs would be read as seconds since 1970.
    if value is not None and not isinstance(value, str | date):
        raise ValueError("must be a text in ISO 8601")
    return value


def _plain_date(value: Any) -> Any:
    if isinstance(value, str) and (len(value) != 10 or value.isdigit()):
        raise ValueError("must be a date such as 2026-03-31")
    return _strict_text(value)


def _sane(value: date) -> date:
    if not clock.is_plausible(value):
        raise ValueError(f"must lie between the years {clock.FIRST_YEAR} and {clock.LAST_YEAR}")
    return value


YEARS = r"^(19|2[0-9])[0-9]{2}-"
Day = Annotated[
    date,
    BeforeValidator(_plain_date),
    AfterValidator(_sane),
    Field(json_schema_extra={"pattern": YEARS}, description="ISO 8601, such as 2026-03-31."),
]


def _with_zone(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("must name its time zone, such as 2026-03-31T09:00:00Z")
    return value


def _instant(value: Any) -> Any:
    if isinstance(value, str) and ("T" not in value.upper() or len(value) > 40):
        raise ValueError("must be an instant such as 2026-03-31T09:00:00Z")
    return _strict_text(value)


Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    AfterValidator(_with_zone),
    AfterValidator(_sane),
    Field(json_schema_extra={"pattern": YEARS}, description="ISO 8601 with its time zone."),
]
Id = Annotated[int, Field(ge=1, le=BIGGEST), WHOLE]


def _digits(value: Any) -> Any:
    if isinstance(value, str) and not (value.isascii() and value.isdigit() and len(value) < 20):
        raise ValueError("must be the number of a row")
    return value


AddressId = Annotated[int, Field(ge=1, le=BIGGEST), BeforeValidator(_digits)]
Country = Annotated[
    str, StringConstraints(pattern=r"^([A-Z]{2})?$"), Field(description="ISO 3166-1 alpha-2.")
]


def _currency(value: str) -> str:
    if value and value not in EXPONENTS:
        raise ValueError("must be a currency of ISO 4217, such as USD")
    return value


Currency = Annotated[
    str,
    AfterValidator(_currency),
    Field(description="ISO 4217.", json_schema_extra={"enum": ["", *sorted(EXPONENTS)]}),
]
Email = Annotated[str, StringConstraints(max_length=254, pattern=EMAIL)]
Website = Annotated[str, StringConstraints(max_length=200, pattern=WEBSITE)]
Domain = Annotated[str, StringConstraints(max_length=253, pattern=DOMAIN)]


# The default of a parameter that may be left out but not be null, which no address can say.
LEFT_OUT: Any = None


class Out(BaseModel):
    """Base of what is answered."""

    model_config = ConfigDict(extra="forbid")


class In(BaseModel):
    """Base of what is sent: a field that is not known is refused rather than lost."""

    model_config = ConfigDict(extra="forbid")


class MoneyOut(Out):
    """An amount in minor units of its currency: 1250 USD is $12.50, 1250 JPY is ¥1,250."""

    amount_minor: int
    currency: str

    @classmethod
    def of(cls, value: Money | None) -> MoneyOut | None:
        """The API's form of a Money."""
        return None if value is None else cls(amount_minor=value.minor, currency=value.currency)


class Named(Out):
    """Another row, by id and name."""

    id: int
    name: str


class Page[T](Out):
    """A page of a list; `next_cursor` leads to the page after, null on the last one."""

    items: list[T]
    next_cursor: str | None
