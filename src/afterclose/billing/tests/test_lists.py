"""ARR in the list of accounts: amounts of several currencies are never passed off as comparable."""

from afterclose.billing.actions import refresh_account_billing
from afterclose.billing.models import AccountBilling

NOTE = "in order without conversion"


def billed(cast) -> None:
    refresh_account_billing(
        actor=cast.manager, account_ids=[account.id for account in cast.accounts]
    )


def in_euros(account) -> None:
    AccountBilling.objects.filter(account=account).update(currency="EUR")


def test_a_page_in_order_of_several_currencies_says_so(at_work, sign_in):
    billed(at_work)
    client = sign_in(at_work.manager)
    assert AccountBilling.objects.filter(arr__gt=0).count() >= 2
    assert NOTE not in client.get("/accounts/?sort=-arr").content.decode()
    in_euros(at_work.acme)
    assert NOTE in client.get("/accounts/?sort=-arr").content.decode()
    assert NOTE not in client.get("/accounts/?sort=name").content.decode()


def test_the_filter_leaves_one_currency_whose_order_is_the_true_one(at_work, sign_in):
    billed(at_work)
    in_euros(at_work.acme)
    page = sign_in(at_work.manager).get("/accounts/?sort=-arr&arr_min=0").content.decode()
    assert "Birch" in page
    assert ">Acme<" not in page
    assert NOTE not in page
