"""What people say as numbers and amounts, judged alike by forms, files and the API."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from afterclose.accounts.custom_fields import forms, rules
from afterclose.accounts.custom_fields.models import Kind, Subject
from afterclose.accounts.imports.command import Wishes, import_files, rejected_rows
from afterclose.accounts.models import Account
from afterclose.billing.models import Subscription
from afterclose.businesses.actors import Actor
from afterclose.kit.money import Money
from afterclose.kit.tabular import Cell, write_xlsx
from afterclose.ui.forms import NumberField, WholeField
from tests.cast import Cast

from .test_custom_fields import define, read

NO_NUMBERS = (
    "1_000",
    "1e5",
    "NaN",
    "Infinity",
    "-inf",
    "\uff11\uff12",
    "٣",
    "0x10",
    "1.2.3",
    "9" * 70,
)


def definition(kind: Kind) -> rules.Definition:
    return rules.Definition(1, Subject.ACCOUNT, "worth", "Worth", kind)


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_no_number_is_none_anywhere(text: str) -> None:
    for kind in (Kind.NUMBER, Kind.MONEY):
        field = forms.form_field(definition(kind), "USD")
        with pytest.raises(ValidationError, match="is not a number"):
            field.clean([text, "USD"] if kind is Kind.MONEY else text)
    for plain in (NumberField(), WholeField()):
        with pytest.raises(ValidationError, match="is not a number"):
            plain.clean(text)
    with pytest.raises(rules.WrongValueError):
        rules.from_json(definition(Kind.NUMBER), text)
    with pytest.raises(rules.WrongValueError):
        rules.from_json(definition(Kind.MONEY), {"amount": text, "currency": "USD"})


@pytest.mark.parametrize(
    ("text", "currency", "why"),
    [
        ("0.001", "USD", "USD has 2 decimals, “0.001” has more."),
        ("10.5", "JPY", "JPY has no decimals, “10.5” has more."),
        ("1.2345", "KWD", "KWD has 3 decimals, “1.2345” has more."),
        ("900000000000000", "USD", "This amount is too large."),
    ],
)
def test_no_more_decimals_than_the_currency_has(
    at_work: Cast, tmp_path: Path, text: str, currency: str, why: str
) -> None:
    define(at_work, Kind.MONEY, "Worth")
    field = forms.form_field(definition(Kind.MONEY), "USD")
    with pytest.raises(ValidationError) as refused:
        field.clean([text, currency])
    with pytest.raises(rules.WrongValueError) as from_api:
        rules.from_json(definition(Kind.MONEY), {"amount": text, "currency": currency})
    assert refused.value.messages == [why] == [str(from_api.value)]
    path = tmp_path / "file.csv"
    path.write_text(f"id,name,Worth,Worth currency\nq1,Quai,{text},{currency}\n")
    assert imported(at_work, path) == [f"Worth: {why}"]
    assert not Account.objects.filter(external_id="q1").exists()


def imported(cast: Cast, path: Path) -> list[str]:
    [run] = import_files([path], actor=cast.owner, wishes=Wishes(kind="accounts"))
    return [str(row[2]) for row in rejected_rows(run)]


def test_what_a_workbook_computed_is_rounded_as_it_shows_it(at_work: Cast, tmp_path: Path) -> None:
    define(at_work, Kind.MONEY, "Worth")
    third, noise = Decimal("833.3333333333334"), Decimal("0.30000000000000004")
    rows: Sequence[Sequence[Cell]] = [("q1", "Quai", third), ("q2", "Rue", noise)]
    stream = io.BytesIO()
    write_xlsx(stream, ["id", "name", "Worth"], rows)
    path = tmp_path / "file.xlsx"
    path.write_bytes(stream.getvalue())
    assert imported(at_work, path) == []
    worth = {
        key: read(at_work, Account.objects.get(external_id=key))["worth"] for key in ("q1", "q2")
    }
    assert worth == {"q1": Money(83333, "USD"), "q2": Money(30, "USD")}


@pytest.mark.parametrize(
    ("mrr", "arr", "kept"),
    [
        ("833.3333", "", (83_333, 1_000_000)),
        ("833.3333", "10000", (83_333, 1_000_000)),
        ("0.125", "", (13, 150)),
        ("", "9999.999", (83_333, 1_000_000)),
        ("100", "", (10_000, 120_000)),
    ],
)
def test_mrr_and_arr_of_a_file_are_rounded(
    at_work: Cast, tmp_path: Path, mrr: str, arr: str, kept: tuple[int, int]
) -> None:
    Account.objects.create(external_id="q1", name="Quai")
    path = tmp_path / "subscriptions.csv"
    path.write_text(
        f"id,account id,start date,mrr,arr,currency\ns1,q1,2026-01-31,{mrr},{arr},USD\n"
    )
    [run] = import_files([path], actor=at_work.owner, wishes=Wishes(kind="subscriptions"))
    assert list(rejected_rows(run)) == []
    made = Subscription.objects.get(external_id="s1")
    assert (made.mrr, made.arr) == kept


def test_the_page_of_an_account_says_which_number_it_does_not_take(
    cast: Cast, sign_in: Callable[[Actor], Client]
) -> None:
    with cast.at_work():
        define(cast, Kind.MONEY, "Budget")
    page = sign_in(cast.owner).post(
        reverse("accounts:create"),
        {"name": "Quai", "stage": "active", "seats": "1_0", "cf_budget_0": "0.001"},
    )
    text = page.content.decode()
    assert page.status_code == 422
    assert "“1_0” is not a number. Write digits, such as 1250." in text
    assert "USD has 2 decimals, “0.001” has more." in text


# More digits than int() reads, more than a column holds, digits to str.isdigit() alone, of others.
NO_ROWS = ("9" * 5000, "9" * 30, "²", "\uff11", "1_0", "-1")


@pytest.mark.parametrize("text", NO_ROWS)
def test_an_address_with_no_number_of_a_row_is_answered(
    cast: Cast, sign_in: Callable[[Actor], Client], text: str
) -> None:
    client = sign_in(cast.owner)
    accounts = reverse("accounts:list")
    for address, data in (
        (accounts, {"csm": text}),
        (accounts, {"rows": text}),
        (accounts, {"rows": "000050" + text}),
        (accounts, {"view": text}),
        (reverse("tasks:add"), {"account": text}),
        (reverse("accounts:contact_duplicates"), {"by": "name", "after": f"{text}:x"}),
        (reverse("health:movers"), {"days": text, "period": text}),
        (reverse("segments:create"), {"segment": text}),
    ):
        assert client.get(address, data).status_code in (200, 302, 404, 422), address
    for address, posted in (
        (reverse("accounts:create"), {"name": "Quai", "stage": "active", "parent": text}),
        (reverse("accounts:custom_fields"), {"ids": text}),
        (f"{accounts}?bulk=stage", {"ids": text, "bulk": "stage"}),
    ):
        assert client.post(address, posted).status_code in (200, 302, 404, 405, 422), address
