"""Random books for the property test; the conditions asked of them are in ``asked.py``."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from afterclose.accounts.custom_fields.models import (
    AccountValue,
    CustomChoice,
    CustomField,
    Kind,
)
from afterclose.accounts.custom_fields.rules import SCALE, text_key
from afterclose.accounts.models import Account, AtRiskFlag, Contact, Event, Stage
from afterclose.accounts.tags.models import AccountTag, ContactTag, Tag
from afterclose.billing.models import AccountBilling, Subscription
from afterclose.feedback.models import SurveyAnswer
from afterclose.health.models import Score, Snapshot
from afterclose.segments.tests.plain import Book, Row
from afterclose.support.models import Ticket
from afterclose.usage.models import DailyUsage, LastUse

TODAY = date(2026, 3, 2)
ZONE = "America/New_York"
NOON = datetime(2026, 3, 2, 17, tzinfo=UTC)

# What the business made itself. The ids are given, so that conditions can name them beforehand.
TAGS = [7_000_000_001, 7_000_000_002, 7_000_000_003]
TIERS = [7_100_000_001, 7_100_000_002]
REGIONS = [7_200_000_001, 7_200_000_002, 7_200_000_003]
OWN_FIELDS = {
    "score": Kind.NUMBER,
    "budget": Kind.MONEY,
    "since": Kind.DATE,
    "pilot": Kind.BOOLEAN,
    "note": Kind.TEXT,
    "tier": Kind.CHOICE,
    "regions": Kind.CHOICES,
}

few = st.integers(0, 3)
days_ago = st.integers(-5, 20)
words = st.sampled_from(["", "Software", "software", "soft", "Ärzte", 'A"b\\c', "_%", "Steel"])
currencies = st.sampled_from(["USD", "EUR", "JPY"])


def day(ago: int) -> date:
    return TODAY - timedelta(days=ago)


def moments() -> st.SearchStrategy[datetime]:
    # Around the local midnight, which is 05:00 UTC.
    return st.builds(
        lambda ago, hour: datetime(2026, 3, 2, hour, 30, tzinfo=UTC) - timedelta(days=ago),
        st.integers(0, 12),
        st.sampled_from([0, 4, 5, 17, 23]),
    )


dates = st.one_of(
    st.none(),
    days_ago.map(day),
    st.sampled_from([date(2024, 2, 29), date(2025, 3, 5), date(2020, 12, 31), date(2026, 3, 1)]),
)
some_tags = st.lists(st.sampled_from(TAGS), max_size=2, unique=True)
sums = st.one_of(st.none(), st.tuples(st.integers(0, 4).map(lambda n: n * 500), currencies))
accounts = st.fixed_dictionaries(
    {
        "industry": words,
        "plan": words,
        "seats": st.one_of(st.none(), st.integers(0, 5)),
        "stage": st.sampled_from(Stage.values),
        "customer_since": dates,
        "flagged_at": st.one_of(st.none(), moments()),
        "arr": sums,
        "tags": some_tags,
        "cf_score": st.one_of(st.none(), st.sampled_from([0, 1, 0.5, 2.5, 4])),
        "cf_budget": sums,
        "cf_since": dates,
        "cf_pilot": st.one_of(st.none(), st.booleans()),
        "cf_note": words,
        "cf_tier": st.one_of(st.none(), st.sampled_from(TIERS)),
        "cf_regions": st.lists(st.sampled_from(REGIONS), max_size=2, unique=True),
        "health_score": st.one_of(st.none(), st.sampled_from([0.0, 24.9, 25.0, 50.0, 74.6, 75.0])),
    }
)
contacts = st.fixed_dictionaries(
    {
        "title": words,
        "champion": st.booleans(),
        "left_on": dates,
        "email": st.just(""),
        "tags": some_tags,
    }
)
tickets = st.fixed_dictionaries(
    {
        "priority": st.sampled_from(["low", "urgent"]),
        "opened_at": moments(),
        "solved": st.booleans(),
        "response_minutes": st.one_of(st.none(), st.integers(0, 3)),
    }
)
subscriptions = st.fixed_dictionaries(
    {
        "status": st.sampled_from(["active", "cancelled"]),
        "arr": st.tuples(st.integers(0, 4).map(lambda n: n * 500), currencies),
        "quantity": few,
        "started_on": days_ago.map(day),
    }
)
usage = st.fixed_dictionaries(
    {
        "used_on": days_ago.map(day),
        "feature": st.sampled_from(["reports", "alerts"]),
        "user_key": st.sampled_from(["", "ann", "bo"]),
        "count": st.integers(0, 6),
    }
)
answers = st.fixed_dictionaries(
    {
        "survey": st.sampled_from(["nps", "csat"]),
        "score": st.integers(1, 5),
        "answered_at": moments(),
    }
)
snapshots = st.fixed_dictionaries(
    {
        "on": st.integers(0, 16).map(day),
        "score": st.sampled_from([20.0, 40.0, 60.0, 80.0]),
        "coverage": st.sampled_from([0, 100]),
    }
)
changes = st.fixed_dictionaries({"at": moments(), "from": st.sampled_from(Stage.values)})


@st.composite
def lives(draw: Any) -> Row:
    """An account with all that hangs on it."""
    return {
        "account": draw(accounts),
        "contacts": draw(st.lists(contacts, max_size=2)),
        "tickets": draw(st.lists(tickets, max_size=3)),
        "subscriptions": draw(st.lists(subscriptions, max_size=3)),
        "usage": draw(
            st.lists(
                usage, max_size=4, unique_by=lambda u: (u["used_on"], u["feature"], u["user_key"])
            )
        ),
        "answers": draw(st.lists(answers, max_size=2)),
        "snapshots": draw(st.lists(snapshots, max_size=3, unique_by=lambda s: s["on"])),
        "changes": draw(st.lists(changes, max_size=2)),
    }


def store(lives: list[Row]) -> Book:
    """Write the lives into the database and return them as rows in memory."""
    book = Book()
    own = _define()
    for number, life in enumerate(lives):
        _account(book, number, life, own)
    return book


def _define() -> dict[str, int]:
    """The tags and custom fields of the business; the fields' ids by key."""
    for each in TAGS:
        Tag.objects.create(id=each, name=f"T{each}", key=f"t{each}", created_at=NOON)
    own = {
        key: CustomField.objects.create(
            subject="account", key=key, label=key, kind=kind, created_at=NOON
        ).id
        for key, kind in OWN_FIELDS.items()
    }
    for key, ids in (("tier", TIERS), ("regions", REGIONS)):
        for each in ids:
            CustomChoice.objects.create(id=each, field_id=own[key], key=f"c{each}", label=str(each))
    return own


def _columns(key: str, value: Any) -> list[Row]:
    """The rows that hold a value of a custom field: none, one, or one a choice."""
    if value is None or value == "":
        return []
    match OWN_FIELDS[key]:
        case Kind.NUMBER:
            return [{"number": int(value * SCALE)}]
        case Kind.MONEY:
            return [{"minor": value[0], "currency": value[1]}]
        case Kind.DATE:
            return [{"day": value}]
        case Kind.BOOLEAN:
            return [{"flag": value}]
        case Kind.TEXT:
            return [{"text": value, "text_key": text_key(value)}]
        case Kind.CHOICE:
            return [{"choice_id": value}]
        case _:
            return [{"choice_id": each, "slot": each} for each in value]


def _account(book: Book, number: int, life: Row, own_fields: dict[str, int]) -> None:
    row = life["account"]
    own = {key: row[key] for key in ("industry", "plan", "seats", "stage", "customer_since")}
    account = Account.objects.create(name=f"A{number}", **own)
    book.accounts.append({**row, "id": account.id, "name": account.name})
    here = {"account_id": account.id}
    for each in row["tags"]:
        AccountTag.objects.create(tag_id=each, at=NOON, **here)
    for key, field_id in own_fields.items():
        for columns in _columns(key, row[f"cf_{key}"]):
            AccountValue.objects.create(subject=account, field_id=field_id, **columns)
    if row["flagged_at"] is not None:
        AtRiskFlag.objects.create(account=account, set_at=row["flagged_at"])
    else:  # a closed flag is none
        AtRiskFlag.objects.create(account=account, set_at=NOON, cleared_at=NOON)
    if row["arr"] is not None:
        minor, currency = row["arr"]
        AccountBilling.objects.create(account=account, arr=minor, currency=currency)
    if number % 2 or row["health_score"] is not None:
        Score.objects.create(
            account=account, score=row["health_score"], on=TODAY, coverage=50, scorecard_version=1
        )
    for each in life["contacts"]:
        values = {"title": each["title"], "is_champion": each["champion"]}
        found = Contact.objects.create(name="C", left_on=each["left_on"], **values, **here)
        for tag_id in each["tags"]:
            ContactTag.objects.create(contact=found, tag_id=tag_id, at=NOON)
        book.contacts.append({**each, "id": found.id, **here})
    _rows(book, life, here)


def _rows(book: Book, life: Row, here: Row) -> None:
    for each in life["tickets"]:
        solved = each["opened_at"] if each["solved"] else None
        Ticket.objects.create(
            priority=each["priority"],
            opened_at=each["opened_at"],
            solved_at=solved,
            first_response_minutes=each["response_minutes"],
            **here,
        )
        book.tickets.append({**each, "solved_at": solved, **here})
    for each in life["subscriptions"]:
        minor, currency = each["arr"]
        Subscription.objects.create(
            **{key: each[key] for key in ("status", "quantity", "started_on")},
            arr=minor,
            currency=currency,
            current_period_start=TODAY,
            current_period_end=day(-30),
            **here,
        )
        book.subscriptions.append({**each, **here})
    for each in life["usage"]:
        DailyUsage.objects.create(**each, **here)
        book.usage.append({**each, **here})
    if life["usage"]:
        used = [each["used_on"] for each in life["usage"]]
        LastUse.objects.create(first_used_on=min(used), last_used_on=max(used), **here)
    for each in life["answers"]:
        found = SurveyAnswer.objects.create(**each, **here)
        book.answers.append({**each, "id": found.id, **here})
    for each in life["snapshots"]:
        Snapshot.objects.create(**each, scorecard_version=1, breakdown={}, **here)
        book.snapshots.append({**each, **here})
    for each in life["changes"]:
        event = Event.objects.create(
            kind="stage.changed",
            occurred_at=each["at"],
            actor_name="Dana",
            title="Stage",
            payload={"from": each["from"], "to": "active"},
            **here,
        )
        book.stage_changes.append({**each, "id": event.id, **here})
