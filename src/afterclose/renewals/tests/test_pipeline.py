"""What is in the pipeline, and that SQL and the pure rule agree (CS-40, CS-41)."""

from datetime import timedelta

import pytest
from hypothesis import given, settings, strategies as st

from afterclose.accounts.models import Account, AtRiskFlag, Stage
from afterclose.billing.models import Status, Subscription
from afterclose.businesses.actors import Actor
from afterclose.health.models import Score
from afterclose.kit.money import Money
from afterclose.renewals import queries
from afterclose.renewals.models import Renewal
from afterclose.renewals.stages import RenewalStage
from tests.cast import Cast
from tests.factories import MONDAY, MORNING, AccountFactory, SubscriptionFactory


def ends_in(days: int, **values: object) -> Subscription:
    return SubscriptionFactory.create(current_period_end=MONDAY + timedelta(days=days), **values)


def days_in_pipeline(viewer: Actor, window_days: int = 90) -> list[int]:
    found = queries.pipeline(viewer, MONDAY, window_days)
    return [(day - MONDAY).days for day in found.values_list("renews_on", flat=True)]


@pytest.fixture
def alone(at_work: Cast) -> Actor:
    """Northwind's manager, with no customers but those that a test adds."""
    Account.objects.all().delete()
    return at_work.manager


def test_the_window_holds_both_of_its_ends(alone: Actor) -> None:
    for days in (-1, 0, 30, 31, 90, 91):
        ends_in(days)

    assert days_in_pipeline(alone) == [0, 30, 31, 90]
    assert days_in_pipeline(alone, 30) == [0, 30]


def test_a_date_set_by_hand_counts_where_no_live_subscription_gives_one(alone: Actor) -> None:
    by_hand = AccountFactory.create(renewal_date=MONDAY + timedelta(days=10))
    ended = AccountFactory.create(renewal_date=MONDAY + timedelta(days=20))
    ends_in(-100, account=ended, status=Status.CANCELLED)
    live = AccountFactory.create(renewal_date=MONDAY + timedelta(days=5))
    ends_in(200, account=live)

    found = queries.pipeline(alone, MONDAY)

    assert list(found.values_list("account_id", flat=True)) == [by_hand.id, ended.id]
    assert found[0].subscription_id is None
    assert found[0].arr is None


def test_cancelled_subscriptions_stay_in_as_churning(alone: Actor) -> None:
    ends_in(12, status=Status.CANCELLED)

    assert queries.pipeline(alone, MONDAY).get().stage == RenewalStage.CHURNING


def test_counts_and_values_are_told_by_stage_and_currency(alone: Actor) -> None:
    ends_in(10, arr=100_00)
    ends_in(20, arr=250_00)
    ends_in(30, arr=70_00, currency="EUR")
    ends_in(40, arr=5_00, status=Status.PAST_DUE)
    AccountFactory.create(renewal_date=MONDAY)
    ends_in(95, arr=999_00)

    summary = queries.summary(alone, MONDAY)

    on_track = summary.of(RenewalStage.ON_TRACK)
    assert (on_track.count, on_track.values) == (4, (Money(70_00, "EUR"), Money(350_00, "USD")))
    assert summary.of(RenewalStage.AT_RISK).values == (Money(5_00, "USD"),)
    assert summary.of(RenewalStage.CHURNING).count == 0
    assert summary.total.count == 5
    assert summary.total.values == (Money(70_00, "EUR"), Money(355_00, "USD"))


def test_the_summary_can_be_of_one_csm(at_work: Cast) -> None:
    ends_in(10)

    everybody = queries.summary(at_work.manager, MONDAY)
    mine = queries.summary(at_work.manager, MONDAY, csm_id=at_work.manager.membership_id)

    assert everybody.total.count - mine.total.count == 1


def test_another_business_sees_nothing_through_the_view(cast: Cast) -> None:
    with cast.elsewhere():
        accounts = set(Renewal.objects.values_list("account_id", flat=True))

    assert accounts == {cast.foreign.id}


def test_without_a_business_there_are_no_renewals(cast: Cast) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM renewals_renewal")
        assert cursor.fetchone() == (0,)


cases = st.tuples(
    st.integers(-2, 92),
    st.sampled_from([*Status.values, None]),
    st.booleans(),
    st.sampled_from(Stage.values),
    st.booleans(),
    st.sampled_from([None, 0.0, 49.96, 50.0, 50.04, 100.0]),
)


@settings(max_examples=12)
@given(rows=st.lists(cases, min_size=1, max_size=25), window=st.sampled_from([30, 60, 90]))
def test_the_rule_in_sql_is_the_pure_rule(alone: Actor, rows: list, window: int) -> None:
    Account.objects.all().delete()
    for days, status, cancels, stage, is_flagged, score in rows:
        day = MONDAY + timedelta(days=days)
        account = AccountFactory.create(stage=stage, renewal_date=None if status else day)
        if status:
            ends_in(days, account=account, status=status, cancel_at_period_end=cancels)
        if is_flagged:
            AtRiskFlag.objects.create(account=account, set_at=MORNING, reasons=["usage"])
        # A flag that a person has cleared counts for nothing.
        AtRiskFlag.objects.create(account=account, set_at=MORNING, cleared_at=MORNING)
        Score.objects.create(
            account=account, score=score, on=MONDAY, coverage=0 if score is None else 100,
            scorecard_version=1,
        )  # fmt: skip

    judged = queries.seen(queries.renewals(alone), alone, MONDAY, window).annotate(
        stage=queries.stage_of(alone, MONDAY, window)
    )
    found = list(judged.values("stage", *queries.JUDGED_BY))

    assert len(found) == len(rows)
    assert [queries.standing_of(row).stage for row in found] == [row["stage"] for row in found]
    counted = queries.summary(alone, MONDAY, window)
    assert counted.total.count == len(days_in_pipeline(alone, window))
    for each in counted.stages:
        listed = queries.pipeline(alone, MONDAY, window).filter(stage=each.stage)
        assert each.count == listed.count()
