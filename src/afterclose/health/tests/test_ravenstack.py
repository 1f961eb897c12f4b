"""RavenStack's health, computed once more from its files by plain arithmetic, for every account.

Nothing here calls the rules of health: the formula is written down a second time, from the
specification, over the rows of the CSV files.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import time_machine

from afterclose.accounts.imports.command import Wishes, import_files
from afterclose.accounts.models import Account, AtRiskFlag
from afterclose.businesses.actions import create_business
from afterclose.businesses.actors import Actor
from afterclose.businesses.tenancy import business_context
from afterclose.health import running
from afterclose.health.models import Score, Snapshot

FOLDER = Path(__file__).resolve().parents[5] / "shared" / "data" / "ravenstack"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TODAY = NOW.date()
SHIFT = (date(2026, 3, 1) - date(2024, 12, 31)).days

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.slow,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="needs ../shared"),
]


def rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / f"ravenstack_{name}.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def day(text: str) -> date:
    return datetime.strptime(text[:10], "%d-%m-%Y").date() + timedelta(days=SHIFT)


def next_anniversary(start: date, months: int, on: date) -> date:
    """The first day after `on` that lies whole periods after `start`."""
    count = 0
    while True:
        count += months
        year, month = divmod(start.year * 12 + start.month - 1 + count, 12)
        last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
        end = date(year, month + 1, min(start.day, last))
        if end > on:
            return end


class Files:
    """The five files by account."""

    def __init__(self) -> None:
        self.accounts = {row["account_id"]: row for row in rows("accounts")}
        self.subscriptions: dict[str, list[dict[str, str]]] = defaultdict(list)
        self.account_of: dict[str, str] = {}
        for row in rows("subscriptions"):
            self.subscriptions[row["account_id"]].append(row)
            self.account_of[row["subscription_id"]] = row["account_id"]
        self.used: dict[str, list[date]] = defaultdict(list)
        seen: set[str] = set()
        for row in rows("feature_usage"):
            if row["usage_id"] not in seen:
                seen.add(row["usage_id"])
                self.used[self.account_of[row["subscription_id"]]].append(day(row["usage_date"]))
        self.tickets: dict[str, list[tuple[date, date]]] = defaultdict(list)
        for row in rows("supports_ticket"):
            span = (day(row["submitted_at"]), day(row["closed_at"]))
            self.tickets[row["account_id"]].append(span)
        self.churned: dict[str, date] = {}
        for row in rows("churn_events"):
            known = self.churned.get(row["account_id"], date.min)
            self.churned[row["account_id"]] = max(known, day(row["churn_date"]))

    def is_scored(self, key: str, on: date) -> bool:
        row = self.accounts[key]
        if day(row["signup_date"]) > on:
            return False
        return row["churn_flag"] != "TRUE" or self.churned.get(key, date.min) > on

    def score(self, key: str, on: date) -> tuple[float, int]:
        """(score, coverage), by CS-50 to CS-54."""
        parts = []
        if used := [each for each in self.used[key] if each <= on]:
            days = (on - max(used)).days
            value = 100 if days <= 7 else 0 if days >= 60 else Fraction(100 * (60 - days), 53)
            parts.append((35, Fraction(value)))
        if opened := [span for span in self.tickets[key] if span[0] <= on]:
            still = [span[0] for span in opened if span[1] > on]
            off = min(40, 5 * len(still))
            off += 20 if any((on - each).days > 30 for each in still) else 0
            parts.append((15, Fraction(max(0, 100 - off))))
        if (days_left := self._days_left(key, on)) is not None:
            if days_left >= 180:
                value = Fraction(100)
            elif days_left <= 0:
                value = Fraction(0)
            elif days_left <= 30:
                value = Fraction(20)
            else:
                value = max(Fraction(20), Fraction(100 * days_left, 180))
            parts.append((35, value))
        weight = sum(each for each, _ in parts)
        if not weight:
            return 50.0, 0
        return float(sum((w * value for w, value in parts), Fraction(0)) / weight), weight

    def _days_left(self, key: str, on: date) -> int | None:
        begun = [row for row in self.subscriptions[key] if day(row["start_date"]) <= on]
        ends, ended = [], []
        for row in begun:
            end = day(row["end_date"]) if row["end_date"] else None
            if end is not None and end <= on:
                ended.append(end)
                continue
            months = 1 if row["billing_frequency"] == "monthly" else 12
            runs_to = next_anniversary(day(row["start_date"]), months, on)
            ends.append(min(runs_to, end) if end else runs_to)
        if ends:
            return (min(ends) - on).days
        return (max(ended) - on).days if ended else None


@pytest.fixture
def raven() -> Iterator[Actor]:
    with time_machine.travel(NOW, tick=False):
        made = create_business(name="Raven", owner_email="owner@raven.test", at=NOW)
        with business_context(made.business_id):
            import_files(
                sorted(FOLDER.glob("*.csv")),
                actor=made,
                wishes=Wishes(shift_newest_to=date(2026, 3, 1)),
            )
            yield made


def test_every_account_scores_as_its_files_say_today_and_on_past_days(raven: Actor) -> None:
    files = Files()
    past = [TODAY - timedelta(days=back) for back in (1, 30, 200, 400)]
    for on in [*past, TODAY]:
        running.take(business_id=raven.business_id, at=NOW, begin=on, end=on)

    for on in [*past, TODAY]:
        found: dict[str, Any] = {
            external_id: (score, coverage)
            for external_id, score, coverage in Snapshot.objects.filter(on=on).values_list(
                "account__external_id", "score", "coverage"
            )
        }
        expected = {key: files.score(key, on) for key in files.accounts if files.is_scored(key, on)}
        assert found == expected, f"on {on}"

    current = dict(Score.objects.filter(on=TODAY).values_list("account__external_id", "score"))
    assert len(current) == 390
    low = {key for key, score in current.items() if score is not None and score <= 50}
    active = set(Account.objects.filter(stage="active").values_list("external_id", flat=True))
    flagged = set(AtRiskFlag.objects.values_list("account__external_id", flat=True))
    assert flagged == low & active
