"""Money as integer minor units plus an ISO currency code; the only money type there is.

`Money(1250, "USD")` is $12.50, `Money(1250, "JPY")` is ¥1,250, `Money(1250, "KWD")` is
1.250 dinars. There is no float anywhere: fractions are `Fraction` or `Decimal`, and
`round_half_up` is the one place where a fraction becomes an integer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from afterclose.kit.currencies import EXPONENTS, UnknownCurrency, exponent

__all__ = [
    "CurrencyMismatch",
    "Money",
    "NotAnAmount",
    "UnknownCurrency",
    "allocate",
    "exponent",
    "parse_decimal",
    "plain_decimal",
    "round_half_up",
    "total",
]

Exact = int | Decimal | Fraction

# Of one amount that somebody says; a column holds 900 times that, sums need not fit it.
LARGEST_MINOR = 10**16
LARGEST_DIGITS = 16
LONGEST_NUMBER = 60


class CurrencyMismatch(ValueError):
    """Two currencies met in one sum or comparison; convert first, with a stated rate."""

    def __init__(self, left: str, right: str) -> None:
        super().__init__(f"Cannot combine {left} with {right}.")


class NotAnAmount(ValueError):
    """What is not a number of the stated decimal style, or not money of the stated currency."""


def round_half_up(value: Exact) -> int:
    """The nearest integer; a tie goes away from zero (2.5 → 3, -2.5 → -3).

    Symmetric, so that a credit note is exactly the negative of its invoice.
    """
    if isinstance(value, int):
        return value
    fraction = Fraction(value)
    magnitude = (2 * abs(fraction.numerator) + fraction.denominator) // (2 * fraction.denominator)
    return magnitude if fraction >= 0 else -magnitude


def allocate(whole: int, weights: Sequence[Exact]) -> list[int]:
    """Split an integer by weights; the parts always sum to the whole.

    Largest remainder: every part is within one unit of its exact share, ties go to the
    earlier part. All weights zero means equal parts. Raises `ValueError` for no weights
    or a negative one.
    """
    if not weights:
        raise ValueError("There is nothing to allocate to.")
    shares = [Fraction(weight) for weight in weights]
    if any(share < 0 for share in shares):
        raise ValueError("A weight cannot be negative.")
    if not any(shares):
        shares = [Fraction(1)] * len(shares)
    weight_sum = sum(shares, Fraction(0))
    exact = [Fraction(abs(whole)) * share / weight_sum for share in shares]
    parts = [share.numerator // share.denominator for share in exact]
    left = abs(whole) - sum(parts)
    by_remainder = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], i))
    for index in by_remainder[:left]:
        parts[index] += 1
    return parts if whole >= 0 else [-part for part in parts]


_PLAIN = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")
_SPACES = str.maketrans("", "", " \u00a0\u202f\u2009'\u2019")
_SYMBOLS = re.compile(r"[$€£¥₹₩₺₽₪₫₱฿]|[A-Z]{3}|(?<=[0-9 ])(?:kr|zł|Kč|Ft|lei)\.?")


def plain_decimal(text: str) -> Decimal:
    """A number as programs write it: `-1234.50`, in ASCII digits. No grouping, no exponent, no
    underscore, neither infinity nor NaN, all of which `Decimal` itself takes.

    The one judgement of what is a number, of forms, addresses, files and the API. Raises
    `NotAnAmount`.
    """
    if len(text) > LONGEST_NUMBER or not _PLAIN.fullmatch(text):
        raise NotAnAmount(f"“{text[:LONGEST_NUMBER]}” is not a number.")
    return Decimal(text)


def parse_decimal(text: str, *, decimal_comma: bool = False) -> Decimal:
    """A number as people write it: `1,234.50`, `1.234,50`, `1 234,50`, `(12.00)`, `€ 5`, `12-`.

    `decimal_comma` says which of comma and point is the decimal sign; the other one may only
    group digits in threes (or Indian twos), so `1,5` without `decimal_comma` is refused rather
    than read as fifteen. Raises `NotAnAmount`.
    """
    cleaned = text.strip()
    if cleaned.isascii() and cleaned.isdigit():
        return plain_decimal(cleaned)
    if len(cleaned) > LONGEST_NUMBER:
        raise NotAnAmount(f"“{text[:LONGEST_NUMBER]}” is not a number.")
    negative = False
    if cleaned.startswith("(") and cleaned.endswith(")"):
        negative, cleaned = True, cleaned[1:-1]
    cleaned = _SYMBOLS.sub("", cleaned).strip().replace("\u2212", "-")
    if cleaned.endswith("-") and not cleaned.startswith("-"):
        negative, cleaned = not negative, cleaned[:-1]
    cleaned = cleaned.translate(_SPACES)
    group, point = (".", ",") if decimal_comma else (",", ".")
    if group in cleaned:
        whole = cleaned.split(point, 1)[0]
        if (
            not re.fullmatch(rf"[+-]?[0-9]{{1,3}}(\{group}[0-9]{{2,3}})*\{group}[0-9]{{3}}", whole)
            or group in cleaned.partition(point)[2]
        ):
            raise NotAnAmount(f"“{text}” is not a number.")
        cleaned = cleaned.replace(group, "")
    try:
        value = plain_decimal(cleaned.replace(point, "."))
    except NotAnAmount:
        raise NotAnAmount(f"“{text}” is not a number.") from None
    return -value if negative else value


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (`minor`, may be negative) of one ISO currency."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if self.currency not in EXPONENTS:
            raise UnknownCurrency(self.currency)
        if type(self.minor) is not int:
            raise TypeError(f"Money is counted in whole minor units, not {self.minor!r}.")

    @classmethod
    def zero(cls, currency: str) -> Money:
        return cls(0, currency)

    @classmethod
    def of(cls, amount: Exact | str, currency: str) -> Money:
        """From what was computed, in major units, rounded half up to the minor unit:
        `Money.of("12.345", "USD")` is $12.35. What somebody says is judged by `exactly`."""
        if isinstance(amount, str):
            amount = plain_decimal(amount)
        return cls(round_half_up(Fraction(amount) * 10 ** exponent(currency)), currency)

    @classmethod
    def exactly(cls, amount: int | Decimal | str, currency: str) -> Money:
        """From major units as somebody says them, with no more decimals than the currency has:
        12.5 is dollars, 0.001 only dinars. Text must be a plain number.

        The one judgement of what is money, of forms, files and the API. Raises `NotAnAmount`
        or `UnknownCurrency`.
        """
        places = exponent(currency)
        exact = plain_decimal(amount) if isinstance(amount, str) else Decimal(amount)
        if not exact.is_finite():
            raise NotAnAmount(f"“{exact}” is not a number.")
        if exact.adjusted() > LARGEST_DIGITS:
            raise NotAnAmount("This amount is too large.")
        minor = Fraction(exact) * 10**places
        if minor.denominator != 1:
            word = "no decimals" if not places else f"{places} decimals"
            raise NotAnAmount(f"{currency} has {word}, “{exact:f}” has more.")
        if abs(minor) > LARGEST_MINOR:
            raise NotAnAmount("This amount is too large.")
        return cls(minor.numerator, currency)

    @classmethod
    def parse(cls, text: str, currency: str, *, decimal_comma: bool = False) -> Money:
        """From text as people write it, judged by `exactly`; raises `NotAnAmount` or
        `UnknownCurrency`."""
        return cls.exactly(parse_decimal(text, decimal_comma=decimal_comma), currency)

    @property
    def amount(self) -> Decimal:
        """Major units, exact, with the currency's decimals: Decimal("12.50")."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise CurrencyMismatch(self.currency, other.currency)

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __abs__(self) -> Money:
        return Money(abs(self.minor), self.currency)

    def __mul__(self, factor: Exact) -> Money:
        """Times an exact number, rounded half up once."""
        if isinstance(factor, float):
            raise TypeError("Multiply money by an int, a Decimal or a Fraction, not by a float.")
        return Money(round_half_up(Fraction(factor) * self.minor), self.currency)

    __rmul__ = __mul__

    def __bool__(self) -> bool:
        return self.minor != 0

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.minor < other.minor

    def __le__(self, other: Money) -> bool:
        self._same(other)
        return self.minor <= other.minor

    def __gt__(self, other: Money) -> bool:
        return other < self

    def __ge__(self, other: Money) -> bool:
        return other <= self

    def allocate(self, weights: Sequence[Exact]) -> list[Money]:
        """Parts in proportion to the weights that sum to this amount exactly."""
        return [Money(part, self.currency) for part in allocate(self.minor, weights)]

    def split(self, parts: int) -> list[Money]:
        """Equal parts that sum to this amount; the first ones carry the odd units."""
        return self.allocate([1] * parts)

    def plain(self) -> str:
        """For files and APIs: `-1234.50`, no grouping, no symbol."""
        return f"{self.amount:f}"

    def format(self, locale: str = "en", *, parentheses: bool = False) -> str:
        """As people of a locale read it: `$1,234.50` (en), `1.234,50 €` (de).

        `locale` may be written `en-GB` or `en_GB`; an unknown one reads as English.
        `parentheses` writes negatives as on finance pages, `($5.00)`.
        """
        from babel.numbers import format_currency

        shown = abs(self) if parentheses else self
        # quantisation off: the decimals are ISO's, already in the amount
        text: str = format_currency(
            shown.amount,
            shown.currency,
            _pattern(_known_locale(locale), exponent(self.currency)),
            locale=_known_locale(locale),
            currency_digits=False,
        )
        # CLDR asks for a space between a code in letters and the digits: "KWD 1.250".
        text = re.sub(r"(?<=[A-Z])(?=\d)", "\u00a0", text)
        return f"({text})" if parentheses and self.minor < 0 else text

    def __str__(self) -> str:
        return f"{self.plain()} {self.currency}"


def total(amounts: Iterable[Money], currency: str) -> Money:
    """Sum of amounts, zero in `currency` when there are none; raises `CurrencyMismatch`."""
    result = Money(0, currency)
    for amount in amounts:
        result = result + amount
    return result


@lru_cache(maxsize=64)
def _known_locale(locale: str) -> str:
    from babel import Locale, UnknownLocaleError

    try:
        return str(Locale.parse(locale.replace("-", "_")))
    except (UnknownLocaleError, ValueError):
        return "en"


@lru_cache(maxsize=256)
def _pattern(locale: str, decimals: int) -> str:
    """The locale's currency pattern with exactly `decimals` decimals."""
    from babel import Locale

    pattern: str = Locale.parse(locale).currency_formats["standard"].pattern
    fraction = "." + "0" * decimals if decimals else ""
    return re.sub(r"0(\.0+)?(?=[^0#,]|$)", "0" + fraction, pattern)
