"""How numbers, money, dates and instants are written for people.

Grouping, decimal signs and currency patterns follow the active language; the instant's wall
clock follows the active time zone. Whoever handles the request activates both for the person.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache

from django.utils import formats, timezone
from django.utils.dateformat import format as date_format
from django.utils.translation import get_language, to_locale

from afterclose.kit.money import Money

Numeric = int | float | Decimal | Fraction

MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"
_ENGLISH = {"en", "en_US", "en_GB"}

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


def short_number(value: Numeric) -> str:
    """12345 as 12.3K, by language; for axes, where the exact number stands elsewhere."""
    from babel.numbers import format_compact_decimal  # read when first needed

    text: str = format_compact_decimal(_decimal(value), locale=_locale(), fraction_digits=1)
    return text


def money(
    value: Money, *, accounting: bool = False, whole: bool = False, short: bool = False
) -> str:
    """$1,234.50, −$1,234.50, or ($1,234.50) with `accounting`, as the language writes it.

    `whole` leaves the minor units out (rounded half up), `short` gives $1.2M.
    """
    return _money(value, _locale(), accounting, whole, short)


# Babel parses its pattern at each call, which a list of a hundred rows feels.
@lru_cache(maxsize=8192)
def _money(value: Money, locale: str, accounting: bool, whole: bool, short: bool) -> str:
    shown = abs(value) if accounting else value
    if short:
        text = _short_money(shown, locale)
    elif locale in _ENGLISH:
        text = _english_money(shown, locale, whole=whole)
    elif whole:
        text = _whole_money(shown, locale)
    else:
        text = shown.format(locale)
    text = text.replace("-", MINUS)
    return f"({text})" if accounting and value.minor < 0 else text


def _english_money(value: Money, locale: str, *, whole: bool) -> str:
    amount = abs(value.amount)
    if whole:
        amount = amount.quantize(Decimal(1), rounding=ROUND_HALF_UP)
    symbol = _symbol(value.currency, locale)
    # CLDR parts a code in letters from the digits.
    gap = "\N{NO-BREAK SPACE}" if symbol[-1].isalpha() else ""
    return f"{'-' if value.minor < 0 else ''}{symbol}{gap}{amount:,f}"


@lru_cache(maxsize=512)
def _symbol(currency: str, locale: str) -> str:
    from babel.numbers import get_currency_symbol  # read when first needed

    return str(get_currency_symbol(currency, locale=locale))


def _short_money(value: Money, locale: str) -> str:
    from babel.numbers import format_compact_currency  # read when first needed

    # Below a thousand nothing is gained; from 100 of a unit on, its decimal is noise.
    magnitude = abs(value.amount)
    if magnitude < 1000:
        return _whole_money(value, locale)
    unit = Decimal(1000) ** ((len(str(int(magnitude))) - 1) // 3)
    places = 0 if magnitude / unit >= 100 else 1
    # Rounded here, because Babel rounds ties to even and the product never does.
    rounded = (value.amount / unit).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP) * unit
    text: str = format_compact_currency(
        rounded, value.currency, locale=locale, fraction_digits=places
    )
    return text


def _whole_money(value: Money, locale: str) -> str:
    from babel.numbers import format_currency  # read when first needed

    text: str = format_currency(
        value.amount.quantize(Decimal(1), rounding=ROUND_HALF_UP),
        value.currency,
        _whole_pattern(locale),
        locale=locale,
        currency_digits=False,
    )
    return text


@lru_cache(maxsize=64)
def _whole_pattern(locale: str) -> str:
    from babel import Locale  # its data is read when first needed

    pattern: str = Locale.parse(locale).currency_formats["standard"].pattern
    return re.sub(r"0\.0+", "0", pattern)


@lru_cache(maxsize=64)
def _decimal_pattern(locale: str, places: int) -> str:
    from babel import Locale  # its data is read when first needed

    pattern: str = Locale.parse(locale).decimal_formats[None].pattern
    return pattern.split(".", maxsplit=1)[0] + ("." + "0" * places if places else "")


def _locale() -> str:
    """The active language as Babel writes locales; English where CLDR does not know it."""
    return _known(get_language() or "en")


@lru_cache(maxsize=64)
def _known(language: str) -> str:
    from babel import Locale, UnknownLocaleError  # read when first needed

    try:
        return str(Locale.parse(to_locale(language)))
    except (UnknownLocaleError, ValueError):
        return "en"


def day(value: date) -> str:
    """A date by the active language: Nov 21, 2026 or 21 Nov 2026."""
    return _day(value.year, value.month, value.day, (get_language() or "en").lower())


@lru_cache(maxsize=8192)
def _day(year: int, month: int, day_of_month: int, language: str) -> str:
    pattern = _DATES.get(language) or formats.get_format("DATE_FORMAT")
    return date_format(date(year, month, day_of_month), pattern)


def clock(value: datetime) -> str:
    """The time of day of a local datetime: 3:05 PM or 15:05."""
    if (get_language() or "en").lower() not in _TWELVE_HOURS:
        return f"{value.hour:02}:{value.minute:02}"
    return f"{value.hour % 12 or 12}:{value.minute:02} {'AM' if value.hour < 12 else 'PM'}"


def instant(value: datetime, style: str = "short") -> str:
    """An instant in the active time zone; `short` without and `long` with the time of day."""
    local = timezone.localtime(value)
    return day(local) if style == "short" else f"{day(local)}, {clock(local)}"


def exact_instant(value: datetime) -> str:
    """The whole instant for a tooltip, with seconds, zone and UTC."""
    local = timezone.localtime(value)
    utc = value.astimezone(UTC)
    name = timezone.get_current_timezone_name()
    here = local.replace(tzinfo=None).isoformat(" ", "seconds")
    return f"{here} {name} ({utc.replace(tzinfo=None).isoformat(' ', 'seconds')} UTC)"


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
    locale = _locale()
    # Most pages are in English, and a list formats hundreds of numbers.
    if locale in _ENGLISH:
        return f"{magnitude:,.{places}f}"
    from babel.numbers import format_decimal  # read when first needed

    text: str = format_decimal(magnitude, _decimal_pattern(locale, places), locale=locale)
    return text
