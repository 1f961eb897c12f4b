from datetime import timedelta

import pytest

from afterclose.billing import actions
from afterclose.billing.models import AccountBilling, Status, Subscription
from afterclose.businesses import actors
from tests.factories import MONDAY, AccountFactory, SubscriptionFactory


@pytest.fixture
def system(at_work):
    return actors.system(at_work.business.id)


def subscribed(account, **values):
    return SubscriptionFactory.create(account=account, **values)


def test_a_derived_period_that_is_over_moves_on_and_a_told_one_stays(at_work, system):
    over = {
        "started_on": MONDAY - timedelta(days=400),
        "current_period_start": MONDAY - timedelta(days=60),
        "current_period_end": MONDAY - timedelta(days=30),
        "interval": "month",
    }
    derived = subscribed(at_work.elm, period_is_derived=True, **over)
    told = subscribed(at_work.elm, period_is_derived=False, **over)

    assert actions.advance_periods(actor=system, on=MONDAY) == 1
    assert actions.advance_periods(actor=system, on=MONDAY) == 0

    derived.refresh_from_db()
    told.refresh_from_db()
    assert derived.current_period_start <= MONDAY < derived.current_period_end
    assert derived.current_period_start.day == derived.started_on.day
    assert told.current_period_end == MONDAY - timedelta(days=30)


def test_what_was_to_be_cancelled_at_the_end_is_cancelled(at_work, system):
    leaving = subscribed(
        at_work.elm,
        period_is_derived=True,
        cancel_at_period_end=True,
        current_period_start=MONDAY - timedelta(days=31),
        current_period_end=MONDAY,
    )
    actions.advance_periods(actor=system, on=MONDAY)
    leaving.refresh_from_db()
    assert (leaving.status, leaving.ended_on) == (Status.CANCELLED, MONDAY)


def test_figures_count_live_subscriptions_and_take_the_nearest_end(at_work, system):
    account = AccountFactory.create(name="Gale")
    soon, later = MONDAY + timedelta(days=20), MONDAY + timedelta(days=300)
    subscribed(account, arr=120_000, currency="USD", quantity=10, current_period_end=later)
    subscribed(account, arr=30_000, currency="USD", quantity=5, current_period_end=soon)
    subscribed(
        account,
        arr=999_999,
        currency="USD",
        status="cancelled",
        ended_on=MONDAY,
        current_period_end=MONDAY - timedelta(days=3),
    )
    actions.refresh_account_billing(actor=system, account_ids=[account.id])
    kept = AccountBilling.objects.get(account=account)
    assert (kept.arr, kept.currency, kept.live_subscriptions) == (150_000, "USD", 2)
    assert (kept.seats, kept.period_ends_on) == (15, soon)


def test_amounts_of_two_currencies_are_never_added(at_work, system):
    account = AccountFactory.create(name="Gale", currency="EUR")
    subscribed(account, arr=120_000, currency="USD")
    subscribed(account, arr=30_000, currency="EUR")
    actions.refresh_account_billing(actor=system)
    kept = AccountBilling.objects.get(account=account)
    assert (kept.arr, kept.currency, kept.live_subscriptions) == (30_000, "EUR", 2)


def test_an_account_whose_subscriptions_have_all_ended_keeps_the_latest_end(at_work, system):
    account = AccountFactory.create(name="Gale")
    for days in (10, 50):
        subscribed(
            account,
            status="cancelled",
            ended_on=MONDAY - timedelta(days=days),
            current_period_end=MONDAY - timedelta(days=days),
        )
    actions.refresh_account_billing(actor=system)
    kept = AccountBilling.objects.get(account=account)
    assert (kept.arr, kept.live_subscriptions) == (0, 0)
    assert kept.period_ends_on == MONDAY - timedelta(days=10)


def test_figures_of_one_business_leave_another_alone(cast):
    with cast.elsewhere():
        AccountBilling.objects.all().delete()
    with cast.at_work():
        actions.refresh_account_billing(actor=actors.system(cast.business.id))
        with_subscriptions = Subscription.objects.values("account").distinct().count()
        assert AccountBilling.objects.count() == with_subscriptions
    with cast.elsewhere():
        assert AccountBilling.objects.count() == 0
