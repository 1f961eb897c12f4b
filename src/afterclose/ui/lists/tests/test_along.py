"""Which orders have an index of their own to be read along, and what is read there."""

from django.db.models import F, Func, Value

from afterclose.accounts.models import Account, Contact
from afterclose.billing.models import AccountBilling
from afterclose.renewals.models import Renewal
from afterclose.ui.lists.along import keys_of, read_along
from afterclose.ui.lists.keyset import FIRST, Order, Place

from .conftest import add


def where(everything, path):
    keys = keys_of(everything, Order(path, descending=True))
    return keys and (keys.rows.model, keys.order)


def test_keys_stand_in_the_table_of_the_rows_or_in_one_that_has_a_row_for_each(owner):
    accounts = Account.objects.all()
    assert where(accounts, "name_key") == (Account, Order("name_key", descending=True))
    assert where(accounts, "") == (Account, Order("", descending=True))
    assert where(accounts, "billing__arr") == (
        AccountBilling,
        Order("arr", descending=True, tie="account_id"),
    )


def test_what_has_no_index_of_its_own_is_not_read_along(owner):
    shouted = Account.objects.annotate(shout=Func(F("name"), Value("!"), function="concat"))
    assert where(shouted, "shout") is None
    assert where(Contact.objects.all(), "account__name") is None
    assert where(Account.objects.filter(seats__gt=3), "name_key") is None
    assert where(Renewal.objects.all(), "renews_on") is None


def test_a_page_of_what_matches_comes_with_the_number_of_all(owner):
    made = [add(f"Customer {n}", arr=n % 5, seats=n) for n in range(12)]
    everything = Account.objects.all()
    matching = everything.filter(seats__gte=4)
    order = Order("billing__arr", descending=True)

    first, count = read_along(everything, matching, order, 3, FIRST)
    assert [row["billing__arr"] for row in first.rows] == [4, 4, 3]
    assert [row["pk"] for row in first.rows] == [made[9].pk, made[4].pk, made[8].pk]
    assert count == 8

    second, count = read_along(everything, matching, order, 3, Place(after=first.after))
    assert [row["pk"] for row in second.rows] == [made[7].pk, made[11].pk, made[6].pk]
    assert count == 8


def test_a_page_that_ends_among_rows_without_a_key_is_left_to_others(owner):
    add("Ant", arr=1, seats=1)
    add("Bee", seats=1)
    add("Cat", arr=2, seats=1)
    everything = Account.objects.all()
    matching = everything.filter(seats=1)
    assert read_along(everything, matching, Order("billing__arr"), 1, FIRST) is not None
    assert read_along(everything, matching, Order("billing__arr"), 2, FIRST) is None
    assert read_along(everything, matching, Order("billing__arr"), 2, Place(from_end=True)) is None
