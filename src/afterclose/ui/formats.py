"""How numbers, money, dates and instants are written for people.

Grouping and decimal signs follow the active language; the instant's wall clock follows the
active time zone. Whoever handles the request activates both for the person.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from django.utils import formats, timezone
from django.utils.dateformat import format as date_format
from django.utils.translation import get_language

from afterclose.kit.money import Money

Numeric = int | float | Decimal | Fraction

MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"
NARROW = "\N{NARROW NO-BREAK SPACE}"

# Where a symbol is unambiguous in business writing; every other currency is written by code.
SYMBOLS = {
    "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "INR": "₹", "KRW": "₩", "ILS": "₪",
    "AUD": "A$", "CAD": "C$", "NZD": "NZ$", "SGD": "S$", "HKD": "HK$", "BRL": "R$", "MXN": "MX$",
}  # fmt: skip

# Django's own English formats abbreviate in AP style ("Nov. 21"); these are what dashboards use.
_DATES = {
    "en": "M j, Y",
    "en-us": "M j, Y",
    "en-gb": "j M Y",
    "en-au": "j M Y",
    "en-ie": "j M Y",
    "en-nz": "j M Y",
    "en-in": "j M Y",
    "de": "j. M Y",
    "fr": "j M Y",
    "es": "j M Y",
    "it": "j M Y",
    "nl": "j M Y",
    "pt-br": "j M Y",
}
_TWELVE_HOURS = {"en", "en-us", "en-au", "en-in", "en-nz", "en-ca"}


def number(value: Numeric, places: int | None = None) -> str:
    """1234567.891 as 1,234,568 (places=0) or 1,234,567.89 (places=2), by language.

    `places=None` keeps integers whole and gives others one place. A minus is a real minus.
    """
    exact = _decimal(value)
    if places is None:
        places = 0 if exact == exact.to_integral_value() else 1
    rounded = exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    text = _grouped(abs(rounded), places)
    return f"{MINUS}{text}" if rounded < 0 else text


def compact(value: Numeric) -> str:
    """A short form for tiles and axes: 950, 1.2K, 3.4M, 1.1B."""
    exact = _decimal(value)
    for limit, suffix in ((10**9, "B"), (10**6, "M"), (10**3, "K")):
        # 999,950 would round to "1,000K": the next unit takes over where rounding reaches it.
        if abs(exact) >= Decimal(limit) * Decimal("0.9995"):
            scaled = exact / limit
            return number(scaled, 0 if abs(scaled) >= 100 else 1) + suffix
    return number(exact, 0 if exact == exact.to_integral_value() else 1)


def money(
    value: Money, *, accounting: bool = False, whole: bool = False, short: bool = False
) -> str:
    """$1,234.50, −$1,234.50, or ($1,234.50) with `accounting`; CHF 1,234.50 without a symbol.

    `whole` leaves the minor units out (rounded half up), `short` gives $1.2M.
    """
    magnitude = abs(value.amount)
    places = -value.amount.as_tuple().exponent  # type: ignore[operator]  # always finite
    if short:
        text = compact(magnitude)
    else:
        places = 0 if whole else places
        rounded = magnitude.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
        text = _grouped(rounded, places)
    symbol = SYMBOLS.get(value.currency)
    text = f"{symbol}{text}" if symbol else f"{value.currency}\N{NO-BREAK SPACE}{text}"
    if value.minor >= 0:
        return text
    return f"({text})" if accounting else f"{MINUS}{text}"


def day(value: date) -> str:
    """A date by the active language: Nov 21, 2026 or 21 Nov 2026."""
    language = (get_language() or "en").lower()
    return date_format(value, _DATES.get(language) or formats.get_format("DATE_FORMAT"))


def clock(value: datetime) -> str:
    """The time of day of a local datetime: 3:05 PM or 15:05."""
    language = (get_language() or "en").lower()
    return date_format(value, "g:i A" if language in _TWELVE_HOURS else "H:i")


def instant(value: datetime, style: str = "short") -> str:
    """An instant in the active time zone; `short` without and `long` with the time of day."""
    local = timezone.localtime(value)
    return day(local) if style == "short" else f"{day(local)}, {clock(local)}"


def exact_instant(value: datetime) -> str:
    """The whole instant for a tooltip, with seconds, zone and UTC."""
    local = timezone.localtime(value)
    utc = value.astimezone(UTC)
    name = timezone.get_current_timezone_name()
    return f"{local:%Y-%m-%d %H:%M:%S} {name} ({utc:%Y-%m-%d %H:%M:%S} UTC)"


def ago(value: datetime, now: datetime) -> str:
    """How long ago or ahead, in the largest fitting unit: 5 minutes ago, in 2 hours, just now."""
    seconds = int((now - value).total_seconds())
    distance = abs(seconds)
    if distance < 45:
        return "just now"
    for size, limit, unit in (
        (60, 3600, "minute"),
        (3600, 86400, "hour"),
        (86400, 86400 * 14, "day"),
        (86400 * 7, 86400 * 60, "week"),
        (86400 * 30, 86400 * 365, "month"),
    ):
        if distance < limit:
            return _apart(max(1, distance // size), unit, past=seconds > 0)
    return _apart(distance // (86400 * 365), "year", past=seconds > 0)


def days_apart(value: date, today: date) -> str:
    """today, tomorrow, in 12 days, 3 days ago."""
    distance = (value - today).days
    named = {0: "today", 1: "tomorrow", -1: "yesterday"}.get(distance)
    return named or _apart(abs(distance), "day", past=distance < 0)


def initials(name: str) -> str:
    """Up to two letters for an avatar: Dana Reyes → DR, acme → A."""
    words = [word for word in name.split() if word[:1].isalnum()]
    if not words:
        return "?"
    picked = words[:1] if len(words) == 1 else [words[0], words[-1]]
    return "".join(word[0] for word in picked).upper()


def _apart(count: int, unit: str, *, past: bool) -> str:
    span = f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{span} ago" if past else f"in {span}"


def _decimal(value: Numeric) -> Decimal:
    if isinstance(value, Fraction):
        return Decimal(value.numerator) / Decimal(value.denominator)
    # str() of a float is its shortest exact writing, which is what a person means by 0.1.
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _grouped(magnitude: Decimal, places: int) -> str:
    text = f"{magnitude:,.{places}f}"
    comma = str(formats.get_format("THOUSAND_SEPARATOR"))
    point = str(formats.get_format("DECIMAL_SEPARATOR"))
    if (comma, point) == (",", "."):
        return text
    return text.translate(str.maketrans({",": comma, ".": point}))
