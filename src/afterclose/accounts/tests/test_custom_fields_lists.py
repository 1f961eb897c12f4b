"""Custom fields in lists: columns, filters, sorts, totals, files (CS-6, CS-9)."""

from datetime import date
from decimal import Decimal

import pytest
from django.http import QueryDict

from afterclose.accounts.custom_fields import actions, queries
from afterclose.accounts.custom_fields.models import CustomChoice, Kind, Subject
from afterclose.accounts.lists import AccountList, ContactList
from afterclose.kit.money import Money
from afterclose.kit.paging import encode_cursor
from afterclose.ui.lists import ListContext
from afterclose.ui.lists.export import cells
from afterclose.ui.lists.page import ListPage
from afterclose.ui.lists.testing import assert_list_works
from tests.factories import MONDAY, MORNING, ContactFactory

from .test_custom_fields import SAMPLES, define, put


def look(viewer, query, list_class=AccountList):
    the_list = list_class(ListContext(viewer, MONDAY))
    return ListPage(the_list, QueryDict(query), "/accounts/")


def names(viewer, query):
    page = look(viewer, query)
    assert not page.problems
    return [row.label for row in page.rows]


@pytest.fixture
def told(at_work):
    """A field of each type; Acme has all, Birch and Cedar some, the others none."""
    for kind in Kind:
        define(at_work, kind, kind.label)
    known = queries.fields(at_work.manager, Subject.ACCOUNT)
    put(
        at_work,
        {
            at_work.acme.id: {each.key: SAMPLES[each.kind] for each in known},
            at_work.birch.id: {
                "number": Decimal("7.5"),
                "money": Money(500, "USD"),
                "yes_or_no": True,
                "single_choice": "silver",
                "multiple_choice": ["platinum"],
                "text": "strasse 9",
                "date": date(2026, 1, 1),
            },
            at_work.cedar.id: {"single_choice": "platinum", "money": Money(700, "USD")},
        },
    )
    return at_work


def test_every_sort_filter_and_column_of_custom_fields_works(told):
    ContactFactory.create(account=told.acme)
    for kind in Kind:
        define(told, kind, kind.label, Subject.CONTACT)
    assert_list_works(AccountList, told.manager, today=MONDAY)
    assert_list_works(ContactList, told.manager, today=MONDAY)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("cf_text=STRASSE", ["Acme", "Birch"]),
        ("cf_text=Stra%C3%9Fe+7", ["Acme"]),
        ("cf_number_min=0", ["Birch"]),
        ("cf_number=7.5", ["Birch"]),
        ("cf_number=none&stage=renewal", ["Cedar"]),
        ("cf_money_min=5&cf_money_max=6", ["Birch"]),
        ("cf_date_from=2025-01-01", ["Birch"]),
        ("cf_yes_or_no=yes", ["Birch"]),
        ("cf_yes_or_no=no", ["Acme"]),
        ("cf_single_choice=gold&cf_single_choice=platinum", ["Acme", "Cedar"]),
        ("cf_multiple_choice=silver&cf_multiple_choice=platinum", ["Acme", "Birch"]),
        ("cf_multiple_choice=none&cf_single_choice=platinum", ["Cedar"]),
        ("cf_web_address=https://example.com", ["Acme"]),
        ("sort=cf_single_choice&rows=3", ["Birch", "Acme", "Cedar"]),
        ("sort=-cf_number&rows=2", ["Birch", "Acme"]),
        ("sort=cf_text&rows=2", ["Acme", "Birch"]),
    ],
)
def test_rows_are_found_and_ordered_by_custom_fields(told, query, expected):
    assert names(told.manager, query) == expected


def test_pages_follow_each_other_through_values_and_rows_without(told):
    seen, query = [], "sort=cf_number&rows=1"
    page = look(told.manager, query)
    while True:
        seen += [row.label for row in page.rows]
        if not page.next_url:
            break
        page = look(told.manager, page.next_url.partition("?")[2])
    assert seen == ["Acme", "Birch", "Cedar", "Dune", "Elm"]


@pytest.mark.parametrize("key", ["nonsense", 7, "2026-13-45"])
def test_a_cursor_that_was_tampered_with_gives_the_first_page(told, key):
    date_field = next(
        each for each in queries.fields(told.manager, Subject.ACCOUNT) if each.kind is Kind.DATE
    )
    cursor = encode_cursor([f"{date_field.relation}__day", 0, key, 1])
    page = look(told.manager, f"sort=cf_date&after={cursor}")
    assert [row.label for row in page.rows][:2] == ["Acme", "Birch"]
    assert page.problems


def test_columns_are_chosen_and_exported_with_their_values(told):
    shown = ",".join(f"cf_{each.key}" for each in queries.fields(told.manager, "account"))
    page = look(told.manager, f"cols=name,{shown}&sort=name&rows=1")
    [acme] = page.rows
    for text in ("Straße 7", "−1,234,567.000001", "KWD", "Gold", "Silver", "No"):
        assert text in acme.html
    assert 'href="https://example.com/a?b=c#d"' in acme.html
    exported = next(iter(cells(page)))
    assert exported[1:] == [
        SAMPLES[Kind.TEXT],
        SAMPLES[Kind.NUMBER],
        Decimal("-1.250"),
        "KWD",
        SAMPLES[Kind.DATE],
        "No",
        "Gold",
        "Silver; Gold",
        SAMPLES[Kind.URL],
    ]
    assert "cf_text" not in look(told.manager, "").body


def test_money_is_summed_per_currency(told):
    [total] = look(told.manager, "cols=name,cf_money").totals
    assert total.amounts == (Money(-1250, "KWD"), Money(1200, "USD"))


def test_a_deleted_choice_is_no_value_in_lists(told):
    gold = CustomChoice.objects.get(key="gold", field__key="single_choice")
    actions.delete_choice(actor=told.admin, at=MORNING, choice_id=gold.id)
    assert "Acme" in names(told.manager, "cf_single_choice=none")
    assert "Gold" not in look(told.manager, "cols=name,cf_single_choice").body
    page = look(told.manager, "cf_single_choice=gold")
    assert [problem.subject for problem in page.problems] == ["Single choice"]


def test_a_field_is_only_in_the_lists_of_its_business(cast, told):
    with cast.elsewhere():
        page = look(cast.stranger, "cols=name,cf_text")
        assert [problem.subject for problem in page.problems] == ["“cf_text”"]
