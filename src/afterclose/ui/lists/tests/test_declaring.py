"""Declaring a list takes a few lines, and a mistake in them is told at once."""

from datetime import date

import pytest

from afterclose.accounts.lists import AccountList, ContactList
from afterclose.accounts.models import Account
from afterclose.ui.lists import (
    Column,
    List,
    ListDeclarationError,
    NumberColumn,
    NumberRangeFilter,
    TextFilter,
    TextSearch,
)
from afterclose.ui.lists.testing import assert_list_works

from .conftest import TODAY, Customers, add, look


class Small(List):
    name = "small"
    columns = [Column("name", "Name", sort="name_key")]
    default_sort = "name"

    def queryset(self, viewer):
        return Account.objects.all()


def test_a_list_needs_a_name_columns_and_rows(owner):
    add("Acme")
    page = look("", Small)
    assert [row.label for row in page.rows] == ["Acme"]
    assert page.count_text == "1 row"


def test_an_app_above_adds_a_column_of_a_one_to_one_and_a_filter(owner):
    class Extended(Small):
        name = "extended"

    Extended.register_column(NumberColumn("arr", "ARR", path="billing__arr", sort=True))
    Extended.register_filter(NumberRangeFilter("arr", "ARR", path="billing__arr"))
    add("Acme", arr=5)
    add("Bolt")
    page = look("sort=-arr", Extended)
    assert [row["billing__arr"] for row in page.slice.rows] == [5, None]
    assert look("arr_min=1", Extended).count == 1
    assert [column.name for column in Small.columns] == ["name"]


def test_two_things_of_one_name_are_refused():
    with pytest.raises(ListDeclarationError, match="name twice"):
        Small.register_column(Column("name", "Again"))
    assert len(Small.columns) == 1
    with pytest.raises(ListDeclarationError, match="sort twice"):

        class Clash(Small):
            filters = [NumberRangeFilter("sort", "Sort")]

    with pytest.raises(ListDeclarationError, match="cannot sort by “age”"):

        class Unsortable(Small):
            default_sort = "-age"


def test_what_a_role_may_not_see_is_absent_and_cannot_be_asked_for(owner):
    class Guarded(Small):
        name = "guarded"
        columns = [*Small.columns, NumberColumn("seats", "Seats", visible=lambda viewer: False)]
        filters = [NumberRangeFilter("seats", "Seats", visible=lambda viewer: False)]

    add("Acme", seats=5)
    page = look("seats_min=9&cols=name,seats", Guarded)
    assert [column.name for column in page.state.columns] == ["name"]
    assert page.count == 1


@pytest.mark.parametrize("list_class", [AccountList, ContactList, Customers])
def test_every_way_of_a_list_works(owner, list_class):
    account = add("Acme", arr=100, seats=4, customer_since=date(2026, 5, 1))
    account.contacts.create(name="Ann", email="ann@acme.test")
    assert_list_works(list_class, owner, today=TODAY)


def test_a_search_that_does_not_find_what_is_there_is_told_to_its_author(owner):
    class AsTyped(Customers):
        search = TextSearch(prefix=["name"])

    add("Acme")
    with pytest.raises(AssertionError, match=r"“name” holds this text.*lower-case key"):
        assert_list_works(AsTyped, owner, today=TODAY)


def test_a_list_has_columns_and_filters_of_the_viewers_business_alone(owner):
    class WithExtras(Customers):
        def extra_columns(self, viewer):
            return [Column("city", "City", path="country", sort=True, optional=True)]

        def extra_filters(self, viewer):
            return [TextFilter("city", "City", path="name_key")]

    add("Acme")
    add("Birch")
    page = look("city=AC&cols=name,city&sort=city", WithExtras)
    assert [row.label for row in page.rows] == ["Acme"]
    assert [header.column.label for header in page.headers] == ["Name", "City"]
    assert page.query == "city=AC&sort=city&cols=name,city"
    assert [problem.subject for problem in look("sort=city").problems] == ["Sort"]
