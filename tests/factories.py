"""Rows for tests: one factory per noun, with plausible values that a test can override.

They write to the business in context (``with business_context(...)``, or the fixture
``at_work``). What a test is about it should do by the app's own actions; factories are for
what merely has to be there.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import factory
from factory.django import DjangoModelFactory

from afterclose.accounts.models import Account, ChurnEvent, Contact, Event, Stage
from afterclose.billing.models import Subscription
from afterclose.businesses.models import Membership, Person, Role
from afterclose.feedback.models import Survey, SurveyAnswer
from afterclose.support.models import Ticket
from afterclose.usage.models import DailyUsage, LastUse, UsageRecord

# The Monday on which the cast lives: no test depends on the day it is run.
MONDAY = date(2026, 3, 2)
MORNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


class PersonFactory(DjangoModelFactory[Person]):
    """Somebody who can sign in; ``password`` makes them able to."""

    class Meta:
        model = Person

    name = factory.Sequence(lambda n: f"Person {n}")
    email = factory.Sequence(lambda n: f"person{n}@example.com")
    password: Any = factory.django.Password("a long enough password")


class MembershipFactory(DjangoModelFactory[Membership]):
    """A member of the business in context."""

    class Meta:
        model = Membership

    person = factory.SubFactory(PersonFactory)
    role = Role.MANAGER


class AccountFactory(DjangoModelFactory[Account]):
    """An active customer since a year."""

    class Meta:
        model = Account

    name = factory.Sequence(lambda n: f"Account {n:04d}")
    external_id = factory.Sequence(lambda n: f"acc-{n}")
    domain = factory.Sequence(lambda n: f"account{n}.example")
    industry = "Software"
    country = "US"
    plan = "Pro"
    seats = 25
    stage = Stage.ACTIVE
    customer_since = MONDAY - timedelta(days=365)


class ContactFactory(DjangoModelFactory[Contact]):
    """Somebody at an account."""

    class Meta:
        model = Contact

    account = factory.SubFactory(AccountFactory)
    name = factory.Sequence(lambda n: f"Contact {n}")
    email = factory.Sequence(lambda n: f"contact{n}@customer.example")
    title = "Head of operations"


class SubscriptionFactory(DjangoModelFactory[Subscription]):
    """A live yearly subscription of $12,000 with half of its year to go."""

    class Meta:
        model = Subscription

    account = factory.SubFactory(AccountFactory)
    external_id = factory.Sequence(lambda n: f"sub-{n}")
    plan = "Pro"
    quantity = 25
    mrr = 100_000
    arr = 1_200_000
    currency = "USD"
    interval = "year"
    started_on = MONDAY - timedelta(days=182)
    current_period_start = MONDAY - timedelta(days=182)
    current_period_end = MONDAY + timedelta(days=183)


class UsageRecordFactory(DjangoModelFactory[UsageRecord]):
    """One delivered count of use."""

    class Meta:
        model = UsageRecord

    account = factory.SubFactory(AccountFactory)
    external_id = factory.Sequence(lambda n: f"use-{n}")
    feature = "reports"
    used_on = MONDAY - timedelta(days=1)
    count = 12


class DailyUsageFactory(DjangoModelFactory[DailyUsage]):
    """A day's use of one feature."""

    class Meta:
        model = DailyUsage

    account = factory.SubFactory(AccountFactory)
    used_on = factory.Sequence(lambda n: MONDAY - timedelta(days=n % 60))
    feature = "reports"
    count = 12


class LastUseFactory(DjangoModelFactory[LastUse]):
    """Used since a year, and yesterday."""

    class Meta:
        model = LastUse

    account = factory.SubFactory(AccountFactory)
    first_used_on = MONDAY - timedelta(days=365)
    last_used_on = MONDAY - timedelta(days=1)


class TicketFactory(DjangoModelFactory[Ticket]):
    """An open ticket of the day before."""

    class Meta:
        model = Ticket

    account = factory.SubFactory(AccountFactory)
    external_id = factory.Sequence(lambda n: f"ticket-{n}")
    subject = "The export is slow"
    opened_at = MORNING - timedelta(days=1)


class SurveyAnswerFactory(DjangoModelFactory[SurveyAnswer]):
    """A happy NPS answer."""

    class Meta:
        model = SurveyAnswer

    account = factory.SubFactory(AccountFactory)
    external_id = factory.Sequence(lambda n: f"answer-{n}")
    survey = Survey.NPS
    score = 9
    answered_at = MORNING - timedelta(days=10)


class ChurnEventFactory(DjangoModelFactory[ChurnEvent]):
    """That an account left."""

    class Meta:
        model = ChurnEvent

    account = factory.SubFactory(AccountFactory)
    external_id = factory.Sequence(lambda n: f"churn-{n}")
    churned_on = MONDAY - timedelta(days=20)
    reason = "price"
    currency = "USD"


class EventFactory(DjangoModelFactory[Event]):
    """A fact on the timeline that nothing reacts to."""

    class Meta:
        model = Event

    account = factory.SubFactory(AccountFactory)
    kind = "note.added"
    occurred_at = MORNING
    reacted_at = MORNING
    actor_name = "Dana Reyes"
    title = "Called about the renewal"
