"""Money: exact sums, one rounding, parts that make up the whole."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from afterclose.kit.currencies import EXPONENTS
from afterclose.kit.money import (
    CurrencyMismatch,
    Money,
    NotAnAmount,
    UnknownCurrency,
    allocate,
    parse_decimal,
    plain_decimal,
    round_half_up,
    total,
)

minor = st.integers(-(10**15), 10**15)
currencies = st.sampled_from(sorted(EXPONENTS))
weights = st.lists(st.integers(0, 10**6), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        (Decimal("2.5"), 3),
        (Decimal("-2.5"), -3),
        (Decimal("2.4999"), 2),
        (Fraction(1, 3), 0),
        (Fraction(-2, 3), -1),
        (Decimal("0.5"), 1),
        (Decimal("-0.5"), -1),
        (7, 7),
    ],
)
def test_a_tie_rounds_away_from_zero(value, rounded):
    assert round_half_up(value) == rounded


@given(st.fractions())
def test_rounding_is_symmetric_and_within_half(value):
    assert round_half_up(-value) == -round_half_up(value)
    assert abs(round_half_up(value) - value) <= Fraction(1, 2)


@given(st.integers(-(10**12), 10**12), weights)
def test_parts_sum_to_the_whole_and_stay_within_one_unit_of_their_share(whole, shares):
    parts = allocate(whole, shares)
    assert sum(parts) == whole
    weight_sum = sum(shares) or len(shares)
    for part, share in zip(parts, shares if any(shares) else [1] * len(shares), strict=True):
        assert abs(part - Fraction(whole * share, weight_sum)) < 1


@given(st.integers(0, 10**12), weights)
def test_a_credit_note_mirrors_its_invoice_part_by_part(whole, shares):
    assert allocate(-whole, shares) == [-part for part in allocate(whole, shares)]


def test_nothing_to_allocate_to_and_negative_weights_are_refused():
    with pytest.raises(ValueError, match="nothing to allocate"):
        allocate(5, [])
    with pytest.raises(ValueError, match="negative"):
        allocate(5, [1, -1])


def test_the_first_parts_carry_the_odd_units():
    assert [part.minor for part in Money(1000, "USD").split(3)] == [334, 333, 333]


@given(minor, currencies)
def test_the_plain_form_reads_back_as_the_same_amount(amount, currency):
    money = Money(amount, currency)
    assert Money.of(money.plain(), currency) == money
    assert Money.of(money.amount, currency) == money


@pytest.mark.parametrize(
    ("text", "currency", "expected"),
    [
        ("12.50", "USD", 1250),
        ("1250", "JPY", 1250),
        ("1.25", "KWD", 1250),
        ("12.345", "USD", 1235),
        ("-12.345", "USD", -1235),
        ("0.5", "JPY", 1),
    ],
)
def test_the_currency_decides_the_minor_unit(text, currency, expected):
    assert Money.of(text, currency).minor == expected


@pytest.mark.parametrize(
    ("text", "comma", "expected"),
    [
        ("1,234.50", False, "1234.50"),
        ("1.234,50", True, "1234.50"),
        ("1 234,50", True, "1234.50"),
        ("12'345.6", False, "12345.6"),
        ("(12.00)", False, "-12.00"),
        ("12-", False, "-12"),
        ("\u221212", False, "-12"),
        ("€ 5", False, "5"),
        ("USD 5.00", False, "5.00"),
        ("-$5", False, "-5"),
        ("12,34,567.00", False, "1234567.00"),
        ("1,5", True, "1.5"),
    ],
)
def test_amounts_are_read_as_people_write_them(text, comma, expected):
    assert parse_decimal(text, decimal_comma=comma) == Decimal(expected)


@pytest.mark.parametrize(
    "text", ["1,5", "abc", "1.2.3", "", "--1", "1,234,56", "1e5", "NaN", "٣a", "٣", "1_0"]
)
def test_what_is_not_a_number_is_refused_rather_than_guessed(text):
    with pytest.raises(NotAnAmount):
        parse_decimal(text)


@pytest.mark.parametrize(
    ("money", "locale", "expected"),
    [
        (Money(123456789, "USD"), "en", "$1,234,567.89"),
        (Money(123456789, "USD"), "en-IN", "$12,34,567.89"),
        (Money(-1250, "EUR"), "de", "-12,50\xa0€"),
        (Money(1250, "JPY"), "en", "¥1,250"),
        (Money(1250, "KWD"), "en", "KWD\xa01.250"),
        (Money(1250, "USD"), "xx-unknown", "$12.50"),
    ],
)
def test_an_amount_reads_as_its_locale_writes_it(money, locale, expected):
    assert money.format(locale) == expected


def test_finance_pages_put_negatives_in_parentheses():
    assert Money(-500, "USD").format(parentheses=True) == "($5.00)"


def test_currencies_do_not_mix():
    with pytest.raises(CurrencyMismatch):
        Money(1, "USD") + Money(1, "EUR")
    with pytest.raises(CurrencyMismatch):
        _ = Money(1, "USD") < Money(1, "EUR")
    with pytest.raises(CurrencyMismatch):
        total([Money(1, "USD")], "EUR")


def test_an_unknown_currency_and_a_float_are_refused():
    with pytest.raises(UnknownCurrency, match="XXX"):
        Money(1, "XXX")
    with pytest.raises(TypeError):
        Money(1.5, "USD")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Money(1, "USD") * 1.5  # type: ignore[operator]


@given(st.lists(minor, max_size=20))
def test_a_total_is_the_sum(amounts):
    assert total([Money(amount, "USD") for amount in amounts], "USD").minor == sum(amounts)


@pytest.mark.parametrize(
    "text",
    ["1_000", "1e5", "1E5", "NaN", "sNaN", "Infinity", "-inf", "\uff11\uff12", "٣", "0x10", "1,5",
     "", " 5", "5 ", "--5", "+-5", ".", "1.2.3", "9" * 61, "5\n"],
)  # fmt: skip
def test_what_python_takes_for_a_number_and_people_do_not(text):
    with pytest.raises(NotAnAmount, match="is not a number"):
        plain_decimal(text)


@pytest.mark.parametrize(
    ("said", "currency", "minor"),
    [
        ("12.5", "USD", 1250),
        ("12.500", "USD", 1250),
        ("0.001", "KWD", 1),
        ("100", "JPY", 100),
        ("100.0", "JPY", 100),
        ("-0.01", "EUR", -1),
        (7, "USD", 700),
        (Decimal("1E+3"), "USD", 100_000),
        ("100000000000000", "USD", 10**16),
    ],
)
def test_an_amount_that_its_currency_has(said, currency, minor):
    assert Money.exactly(said, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    ("said", "currency", "why"),
    [
        ("0.001", "USD", "USD has 2 decimals, “0.001” has more."),
        ("0.5", "JPY", "JPY has no decimals, “0.5” has more."),
        ("0.0001", "KWD", "KWD has 3 decimals, “0.0001” has more."),
        ("1_000", "USD", "“1_000” is not a number."),
        ("100000000000000.01", "USD", "This amount is too large."),
        (Decimal("1E+999999"), "USD", "This amount is too large."),
        (Decimal("NaN"), "USD", "“NaN” is not a number."),
        (Decimal("-Infinity"), "USD", "“-Infinity” is not a number."),
    ],
)
def test_an_amount_that_its_currency_does_not_have(said, currency, why):
    with pytest.raises(NotAnAmount) as refused:
        Money.exactly(said, currency)
    assert str(refused.value) == why


@given(st.decimals(-(10**10), 10**10, places=5), st.sampled_from(["USD", "JPY", "KWD", "CLF"]))
def test_an_amount_is_taken_as_it_is_or_not_at_all(said, currency):
    try:
        money = Money.exactly(said, currency)
    except NotAnAmount:
        assert Money.of(said, currency).amount != said
    else:
        assert money.amount == said
