"""Pages walked by their links, forward and back, are exactly the sorted filtered rows."""

from datetime import date, timedelta
from unittest import mock
from urllib.parse import urlsplit

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings, strategies as st

from afterclose.accounts.models import Account
from afterclose.billing.models import AccountBilling
from afterclose.ui.lists import narrowed

from .conftest import Customers, add, look

SEATS = st.one_of(st.none(), st.integers(0, 3))
DAYS = st.one_of(st.none(), st.integers(0, 2))
ARR = st.one_of(st.none(), st.integers(-2, 2))
ROWS = st.lists(st.tuples(st.sampled_from("abc"), SEATS, DAYS, ARR), max_size=14)


class Counted(Customers):
    """A list that knows how many rows it has."""

    def how_many(self, viewer, /):
        return 7


def walk(query: str, step: str) -> list[list[int]]:
    """The ids on each page, following `next_url` or `previous_url` from the query given."""
    pages, seen = [], 0
    while True:
        page = look(query)
        assert not page.problems
        pages.append([row["pk"] for row in page.slice.rows])
        url = getattr(page, step)
        if not url:
            return pages
        query = urlsplit(url).query
        seen += 1
        assert seen < 50


@settings(max_examples=100)
@given(
    rows=ROWS,
    sort=st.sampled_from(["name", "seats", "customer_since", "arr"]),
    down=st.booleans(),
    size=st.integers(1, 5),
    few=st.booleans(),
    # Up to so many are looked up by id; of more, so many rows are looked at ahead.
    limits=st.sampled_from([(99, 1), (0, 99), (0, 1), (0, 4)]),
)
def test_every_row_comes_once_and_in_order_whichever_way_one_walks(
    owner, rows, sort, down, size, few, limits
):
    by_id, ahead = limits
    with (
        transaction.atomic(),
        mock.patch.object(narrowed, "FEW", by_id),
        mock.patch.object(narrowed, "AHEAD", ahead),
    ):
        accounts = Account.objects.bulk_create(
            Account(
                name=name,
                seats=seats,
                customer_since=None if day is None else date(2026, 1, 1) + timedelta(day),
            )
            for name, seats, day, _ in rows
        )
        AccountBilling.objects.bulk_create(
            AccountBilling(account=account, arr=arr, currency="USD")
            for account, (_, _, _, arr) in zip(accounts, rows, strict=True)
            if arr is not None
        )
        keys = []
        for account, (_, _, _, arr) in zip(accounts, rows, strict=True):
            if few and (account.seats is None or account.seats > 1):
                continue
            key = {
                "name": account.name,
                "seats": account.seats,
                "arr": arr,
                "customer_since": account.customer_since,
            }[sort]
            keys.append((key, account.pk))
        # Ascending or descending by key and then id; rows without a key last, in the same
        # direction of the id.
        with_key = sorted((pair for pair in keys if pair[0] is not None), reverse=down)
        without = sorted((pair for pair in keys if pair[0] is None), reverse=down)
        expected = [pk for _, pk in with_key + without]

        query = f"sort={'-' if down else ''}{sort}&rows={size}{'&seats_max=1' if few else ''}"
        forward = walk(query, "next_url")
        assert [pk for page in forward for pk in page] == expected
        assert all(len(page) == size for page in forward[:-1])

        back = walk(f"{query}&before=end", "previous_url")
        assert [pk for page in reversed(back) for pk in page] == expected
        transaction.set_rollback(True)


def test_back_from_the_second_page_is_the_first_page(owner):
    for number in range(7):
        add(f"Customer {number}")
    first = look("rows=3")
    second = look(urlsplit(first.next_url).query)
    again = look(urlsplit(second.previous_url).query)
    assert [r.id for r in again.rows] == [r.id for r in first.rows]
    assert not first.previous_url
    assert not again.previous_url
    assert again.next_url


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "%00",
        "bm90anNvbg",
        "WyJuYW1lX2tleSIsMCwiYSJd",
        "W10",
        "end",
        "WyJuYW1lX2tleSIsOSwiYSIsMV0",
        "WyJuYW1lX2tleSIsMCwiXHUwMDAwIiwxXQ",
        "WyJuYW1lX2tleSIsMCwiYSIsOTk5OTk5OTk5OTk5OTk5OTk5OTk5OTldCg",
    ],
)
def test_a_cursor_that_nobody_made_gives_the_first_page_and_says_so(owner, cursor):
    add("Acme")
    page = look(f"after={cursor}")
    assert [row.label for row in page.rows] == ["Acme"]
    assert page.problems[0].subject == "Page"


def test_a_cursor_of_another_order_is_refused(owner):
    for number in range(3):
        add(f"Customer {number}", seats=number)
    cursor = urlsplit(look("rows=1").next_url).query.split("after=")[1]
    assert look(f"rows=1&sort=-seats&after={cursor}").problems


def test_the_number_of_queries_does_not_depend_on_the_rows(owner):
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            page = look("sort=arr&rows=10&stage=active&seats_min=0")
            assert page.rows is not None
            assert page.count >= 0
            assert page.totals is not None
        return len(queries)

    def add_more(numbers: range) -> None:
        for number in numbers:
            add(f"Customer {number}", arr=number if number % 3 else None, seats=number)

    add_more(range(60))
    few = count()
    add_more(range(60, 180))
    # What matches, its order, the page, the sums.
    assert few == count() == 4


def test_no_more_than_a_hundred_rows_whatever_the_address_says(owner):
    Account.objects.bulk_create(Account(name=f"Customer {n:03}") for n in range(120))
    assert len(look("rows=100").rows) == 100
    page = look("rows=5000")
    assert len(page.rows) == 50
    assert page.problems[0].subject == "Rows per page"


def test_a_list_that_knows_its_number_is_not_counted_until_something_narrows_it(owner):
    for name in ("Ant", "Bee", "Cat"):
        add(name, stage="active")

    assert look("rows=2", Counted).count == 7
    assert look("rows=2&stage=active", Counted).count == 3


def test_reading_many_leaves_the_connection_as_it_was(owner):
    for number in range(3):
        add(f"Customer {number}", stage="active")
    with mock.patch.object(narrowed, "FEW", 0), connection.cursor() as cursor:
        assert len(look("rows=2&stage=active").rows) == 2
        cursor.execute("SHOW enable_nestloop")
        assert cursor.fetchone() == ("on",)


def test_a_list_that_can_have_no_rows_is_an_empty_page(owner):
    class Nothing(Customers):
        def queryset(self, viewer, /):
            return super().queryset(viewer).none()

    page = look("stage=active&sort=arr", Nothing)
    assert (page.rows, page.count, page.problems) == ([], 0, [])
