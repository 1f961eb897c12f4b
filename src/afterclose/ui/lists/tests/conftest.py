"""A business of its own per test, and lists over its accounts."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from django.http import QueryDict
from django.test import Client

from afterclose.accounts.models import Account, Stage
from afterclose.billing.models import AccountBilling
from afterclose.businesses import actions
from afterclose.businesses.actors import Actor
from afterclose.businesses.tenancy import business_context
from afterclose.ui.lists import (
    BooleanFilter,
    ChoiceColumn,
    ChoiceFilter,
    Column,
    DateColumn,
    DateRangeFilter,
    InstantRangeFilter,
    List,
    ListContext,
    MoneyColumn,
    MoneyRangeFilter,
    NumberColumn,
    NumberRangeFilter,
    Option,
    RelationFilter,
    TextSearch,
)
from afterclose.ui.lists.page import ListPage

TODAY = date(2026, 11, 21)


class Customers(List):
    """What the tests look at: every kind of column and filter."""

    name = "customers"
    title = "Customers"
    noun = ("customer", "customers")
    columns = [
        Column("name", "Name", sort="name_key", link=True),
        ChoiceColumn("stage", "Stage", choices=Stage),
        NumberColumn("seats", "Seats", sort=True),
        DateColumn("customer_since", "Since", sort=True),
        MoneyColumn(
            "arr", "ARR", amount="billing__arr", currency="billing__currency", sort=True, total=True
        ),
        Column("source", "Source", optional=True),
    ]
    filters = [
        ChoiceFilter("stage", "Stage", choices=Stage),
        BooleanFilter("sample", "Sample", path="is_sample"),
        NumberRangeFilter("seats", "Seats"),
        DateRangeFilter("customer_since", "Since"),
        MoneyRangeFilter(
            "arr",
            "ARR",
            path="billing__arr",
            currency="billing__currency",
            currency_of=lambda viewer: "USD",
        ),
        RelationFilter(
            "parent",
            "Parent",
            path="parent_id",
            options=lambda viewer, text, limit: [
                Option(str(a.pk), a.name)
                for a in Account.objects.filter(name__startswith=text).order_by("id")[:limit]
            ],
        ),
        ChoiceFilter("child", "Stage of a child", path="children__stage", choices=Stage),
        InstantRangeFilter("created_at", "Created"),
    ]
    search = TextSearch(exact=["external_id"], prefix=["name_key"], contains=["name_key"])
    default_sort = "name"

    def queryset(self, viewer):
        return Account.objects.all()

    def row_url(self, row, /):
        return f"/accounts/{row['id']}/"


@pytest.fixture
def owner(db) -> Iterator[Actor]:
    actor = actions.create_business(
        name="Mango",
        owner_email="olivia@mango.test",
        owner_name="Olivia Owner",
        at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    with business_context(actor.business_id):
        yield actor


@pytest.fixture
def visitor(owner: Actor) -> Client:
    client = Client()
    client.force_login(owner.person)
    return client


def add(name: str, *, arr: int | None = None, currency: str = "USD", **fields) -> Account:
    account = Account.objects.create(name=name, **fields)
    if arr is not None:
        AccountBilling.objects.create(account=account, arr=arr, currency=currency)
    return account


def look(query: str = "", list_class: type[List] = Customers, viewer=None) -> ListPage:
    return ListPage(list_class(ListContext(viewer, TODAY)), QueryDict(query), "/customers/")


def names(query: str = "", list_class: type[List] = Customers) -> list[str]:
    return [row["name"] for row in look(query, list_class).slice.rows]
