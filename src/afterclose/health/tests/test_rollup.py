"""The health of a group, by the worked example of docs/numbers/hierarchy.md."""

import pytest
from hypothesis import given, strategies as st

from afterclose.accounts.models import Account
from afterclose.billing.actions import refresh_account_billing
from afterclose.billing.queries import group_contract_value
from afterclose.health import queries
from afterclose.health.models import Score
from afterclose.health.rollup import Scored, roll_up
from afterclose.kit.money import Money
from tests.factories import MONDAY, AccountFactory, SubscriptionFactory

# Name, ARR in minor units and currency, score, stage.
HARBOR = [
    ("Harbor Group", 60_000_00, "USD", 80.0, "active"),
    ("Harbor Freight", 30_000_00, "USD", 40.0, "active"),
    ("Harbor Labs", 50_000_00, "USD", None, "active"),
    ("Harbor Cafés", 0, "USD", 95.0, "active"),
    ("Harbor GmbH", 10_000_00, "EUR", 70.0, "active"),
    ("Harbor Print", 0, "USD", 10.0, "churned"),
]


def test_the_worked_example(at_work):
    parent = None
    for name, arr, currency, score, stage in HARBOR:
        account = AccountFactory.create(name=name, stage=stage, parent=parent)
        parent = parent or account
        if arr:
            SubscriptionFactory.create(account=account, arr=arr, mrr=arr // 12, currency=currency)
        Score.objects.create(
            account=account, score=score, on=MONDAY, coverage=100, scorecard_version=1
        )
    ids = Account.objects.filter(name__startswith="Harbor").values_list("id", flat=True)
    refresh_account_billing(actor=at_work.owner, account_ids=list(ids))

    assert parent is not None
    value = group_contract_value(at_work.manager, parent.id)
    assert value == [Money(140_000_00, "USD"), Money(10_000_00, "EUR")]
    usd, eur = queries.group_health(at_work.manager, parent.id)
    assert (round(usd.score, 1), usd.currency, usd.accounts, usd.left_out) == (66.7, "USD", 2, 1)
    assert (eur.score, eur.currency, eur.accounts) == (70.0, "EUR", 1)


def test_without_any_contract_value_each_counts_the_same():
    [found] = roll_up([Scored(20, 0, ""), Scored(40, 0, "USD")])
    assert (found.score, found.currency, found.accounts) == (30, "", 2)
    assert roll_up([]) == []


@given(
    st.lists(
        st.tuples(st.floats(0, 100), st.integers(1, 10**12)).map(lambda x: Scored(*x, "USD")),
        min_size=1,
    ),
    st.integers(2, 50),
)
def test_a_group_lies_between_its_accounts_and_does_not_depend_on_the_unit(accounts, unit):
    [found] = roll_up(accounts)
    assert min(a.score for a in accounts) - 1e-9 <= found.score
    assert found.score <= max(a.score for a in accounts) + 1e-9
    [scaled] = roll_up([each._replace(value=each.value * unit) for each in accounts])
    assert scaled.score == pytest.approx(found.score)
