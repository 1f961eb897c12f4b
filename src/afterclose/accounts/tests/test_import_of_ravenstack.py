"""The whole of a data set that nobody on this project shaped, as the issue asks."""

import csv
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from afterclose.accounts.imports.command import Wishes, import_files
from afterclose.accounts.models import Account, ChurnEvent, ImportRow, Stage
from afterclose.billing.models import AccountBilling, Status, Subscription
from afterclose.businesses.actions import create_business
from afterclose.businesses.tenancy import business_context
from afterclose.kit.periods import period_containing
from afterclose.support.models import Ticket
from afterclose.usage.models import DailyUsage, LastUse, UsageRecord

FOLDER = Path(__file__).resolve().parents[5] / "shared" / "data" / "ravenstack"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SHIFT = (date(2026, 3, 1) - date(2024, 12, 31)).days

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="needs ../shared"),
]


@pytest.fixture
def actor():
    made = create_business(name="Raven", owner_email="owner@raven.test", at=NOW)
    with business_context(made.business_id):
        yield made


@pytest.fixture
def now():
    with time_machine.travel(NOW, tick=False):
        yield


def rows(name):
    with (FOLDER / f"ravenstack_{name}.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def day(text):
    return datetime.strptime(text[:10], "%d-%m-%Y").date() + timedelta(days=SHIFT)


def import_all(actor, **wishes):
    runs = import_files(
        sorted(FOLDER.glob("*.csv")),
        actor=actor,
        wishes=Wishes(shift_newest_to=date(2026, 3, 1), **wishes),
    )
    return {run.kind: run for run in runs}


def test_the_five_files_come_in_as_they_are_and_a_second_time_change_nothing(actor, now):
    runs = import_all(actor)

    assert [run.kind for run in runs.values()] == [
        "accounts",
        "subscriptions",
        "usage",
        "tickets",
        "churn_events",
    ]
    assert {kind: run.counts for kind, run in runs.items()} == {
        "accounts": {"created": 500},
        "subscriptions": {"created": 5000},
        "usage": {"created": 24979, "repeated": 21},
        "tickets": {"created": 2000},
        "churn_events": {"created": 600},
    }
    assert {run.shift_days for run in runs.values()} == {SHIFT}

    files = {row["account_id"]: row for row in rows("accounts")}
    accounts = {account.external_id: account for account in Account.objects.all()}
    assert accounts.keys() == files.keys()
    latest = {}
    for event in rows("churn_events"):
        churned_on = day(event["churn_date"])
        latest[event["account_id"]] = max(latest.get(event["account_id"], churned_on), churned_on)
    for external_id, row in files.items():
        account = accounts[external_id]
        if row["churn_flag"] == "TRUE":
            stage = Stage.CHURNED
        else:
            stage = Stage.ONBOARDING if row["is_trial"] == "TRUE" else Stage.ACTIVE
        assert account.stage == stage
        assert account.country == {"UK": "GB"}.get(row["country"], row["country"])
        assert account.customer_since == day(row["signup_date"])
        assert account.seats == int(row["seats"])
        expected = latest.get(external_id) if stage == Stage.CHURNED else None
        assert account.churned_on == expected

    subscriptions = {each.external_id: each for each in Subscription.objects.all()}
    today = NOW.date()
    for row in rows("subscriptions"):
        stored = subscriptions[row["subscription_id"]]
        assert (stored.mrr, stored.arr) == (
            int(row["mrr_amount"]) * 100,
            int(row["arr_amount"]) * 100,
        )
        assert stored.currency == "USD"
        assert stored.quantity == int(row["seats"])
        if row["end_date"]:
            assert stored.status == Status.CANCELLED
            assert stored.ended_on == day(row["end_date"])
        else:
            assert stored.status == (
                Status.TRIALING if row["is_trial"] == "TRUE" else Status.ACTIVE
            )
            interval = "month" if row["billing_frequency"] == "monthly" else "year"
            expected = period_containing(day(row["start_date"]), interval, today)
            assert (stored.current_period_start, stored.current_period_end) == expected

    assert DailyUsage.objects.count() <= UsageRecord.objects.count() == 24979
    first = {}
    for row in rows("feature_usage"):
        first.setdefault(row["usage_id"], row)
    account_of = {row["subscription_id"]: row["account_id"] for row in rows("subscriptions")}
    newest, count = {}, Counter()
    for row in first.values():
        external_id = account_of[row["subscription_id"]]
        newest[external_id] = max(newest.get(external_id, date.min), day(row["usage_date"]))
        count[external_id] += int(row["usage_count"])
    assert dict(LastUse.objects.values_list("account__external_id", "last_used_on")) == newest
    totals = Counter()
    for external_id, number in DailyUsage.objects.values_list("account__external_id", "count"):
        totals[external_id] += number
    assert totals == count

    assert Ticket.objects.filter(solved_at__isnull=False).count() == 2000
    assert ChurnEvent.objects.values("account").distinct().count() == 352
    assert AccountBilling.objects.count() == 500
    assert ImportRow.objects.filter(outcome="repeated", run=runs["usage"]).count() == 21

    before = {
        model: list(model.objects.order_by("id").values()) for model in (Account, Subscription)
    }
    again = import_all(actor)
    assert {kind: run.counts for kind, run in again.items()} == {
        "accounts": {"unchanged": 500},
        "subscriptions": {"unchanged": 5000},
        "usage": {"unchanged": 24979, "repeated": 21},
        "tickets": {"unchanged": 2000},
        "churn_events": {"unchanged": 600},
    }
    after = {
        model: list(model.objects.order_by("id").values()) for model in (Account, Subscription)
    }
    assert after == before


def test_a_preview_says_the_same_and_writes_nothing(actor, now):
    runs = import_all(actor, preview_only=True)
    assert runs["accounts"].counts == {"created": 500}
    assert runs["subscriptions"].counts == {"error": 5000}, "their accounts are not there yet"
    assert not Account.objects.exists()
    reason = ImportRow.objects.filter(run=runs["subscriptions"]).first().reason
    assert "There is no account with the id" in reason
