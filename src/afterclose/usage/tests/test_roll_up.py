from datetime import timedelta

import pytest

from afterclose.businesses import actors
from afterclose.usage import actions
from afterclose.usage.models import DailyUsage, LastUse, UsageRecord
from tests.factories import MONDAY


@pytest.fixture
def system(at_work):
    return actors.system(at_work.business.id)


def record(account, days_ago, count, feature="reports"):
    return UsageRecord.objects.create(
        account=account,
        feature=feature,
        used_on=MONDAY - timedelta(days=days_ago),
        count=count,
        seconds=count * 60,
    )


def test_records_of_one_day_and_feature_become_one_row(at_work, system):
    for count in (3, 4):
        record(at_work.elm, 2, count)
    record(at_work.elm, 2, 1, feature="search")
    actions.roll_up(actor=system, account_ids=[at_work.elm.id])
    rows = DailyUsage.objects.filter(account=at_work.elm)
    assert set(rows.values_list("feature", "count", "seconds")) == {
        ("reports", 7, 420),
        ("search", 1, 60),
    }


def test_rolling_up_again_changes_nothing(at_work, system):
    record(at_work.elm, 2, 3)
    for _ in range(2):
        actions.roll_up(actor=system, account_ids=[at_work.elm.id])
    assert DailyUsage.objects.get(account=at_work.elm).count == 3


def test_last_use_spans_the_first_and_the_last_day(at_work, system):
    for days_ago in (90, 5, 40):
        record(at_work.elm, days_ago, 1)
    actions.roll_up(actor=system, account_ids=[at_work.elm.id])
    use = LastUse.objects.get(account=at_work.elm)
    assert use.first_used_on == MONDAY - timedelta(days=90)
    assert use.last_used_on == MONDAY - timedelta(days=5)
