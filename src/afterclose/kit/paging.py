"""Opaque cursors for keyset paging: the sort values of the last row, in URL-safe text.

A cursor is not a secret and gives no right; it only says where to go on. Whatever cannot
be decoded raises `BadCursor`, which a view turns into the first page.
"""

import base64
import binascii
import json
from datetime import UTC, date, datetime
from decimal import Decimal

CursorValue = str | int | bool | None | date | datetime | Decimal


class BadCursor(ValueError):
    """A cursor that this program did not make."""

    def __init__(self) -> None:
        super().__init__("That page link is not valid. Start again from the first page.")


def encode_cursor(values: list[CursorValue] | tuple[CursorValue, ...]) -> str:
    """The sort values of a row as one opaque, URL-safe word."""
    raw = json.dumps([_pack(value) for value in values], separators=(",", ":"))
    return base64.urlsafe_b64encode(raw.encode()).rstrip(b"=").decode()


def decode_cursor(cursor: str, *, length: int) -> list[CursorValue]:
    """The values put into `encode_cursor`, types kept; `length` is how many are expected."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        packed = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if not isinstance(packed, list) or len(packed) != length:
            raise BadCursor
        return [_unpack(item) for item in packed]
    except (ValueError, TypeError, ArithmeticError, RecursionError, binascii.Error):
        raise BadCursor from None


def _pack(value: CursorValue) -> object:
    if isinstance(value, datetime):
        return {"t": value.astimezone(UTC).isoformat()}
    if isinstance(value, date):
        return {"d": value.isoformat()}
    if isinstance(value, Decimal):
        return {"n": str(value)}
    return value


def _unpack(item: object) -> CursorValue:
    if item is None or isinstance(item, str | int | bool):
        return item
    if isinstance(item, dict) and len(item) == 1:
        kind, text = next(iter(item.items()))
        if kind == "t":
            return datetime.fromisoformat(text).astimezone(UTC)
        if kind == "d":
            return date.fromisoformat(text)
        if kind == "n":
            number = Decimal(text)
            if number.is_finite():
                return number
    raise BadCursor
