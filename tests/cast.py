"""The small cast that every test shares (spec 04, 17): two businesses and their people.

``cast`` is there without a business in context, as between requests; ``at_work`` is the same
with Northwind in context, for tests of queries and actions. ``sign_in(actor)`` gives a client.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.test import Client

from afterclose.accounts.models import Account, Stage
from afterclose.businesses import actions, actors
from afterclose.businesses.actors import Actor
from afterclose.businesses.models import Business, Membership, Role
from afterclose.businesses.tenancy import business_context
from tests.factories import (
    MONDAY,
    MORNING,
    AccountFactory,
    ChurnEventFactory,
    ContactFactory,
    DailyUsageFactory,
    EventFactory,
    LastUseFactory,
    SubscriptionFactory,
    SurveyAnswerFactory,
    TicketFactory,
)

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Cast:
    """Northwind with its people and customers, and a stranger who owns Contoso."""

    business: Business
    owner: Actor
    """Dana, super admin."""
    admin: Actor
    """Ines."""
    manager: Actor
    """Marek, a CSM."""
    member: Actor
    """Lou, who has no access to anything (CS-96)."""
    stranger: Actor
    """Sam, super admin of another business."""
    acme: Account
    """Healthy: used yesterday, happy, renews in half a year."""
    birch: Account
    """In trouble: not used for two months, urgent tickets, a detractor."""
    cedar: Account
    """Renews in three weeks."""
    dune: Account
    """Churned."""
    elm: Account
    """Onboarding, without any data."""
    foreign: Account
    """Fir, a customer of Contoso; nobody at Northwind may learn of it."""

    @property
    def accounts(self) -> list[Account]:
        """Northwind's customers by name."""
        return [self.acme, self.birch, self.cedar, self.dune, self.elm]

    def at_work(self) -> AbstractContextManager[None]:
        """Northwind in context."""
        return business_context(self.business.id)

    def elsewhere(self) -> AbstractContextManager[None]:
        """Contoso in context."""
        return business_context(self.stranger.business_id)


def assemble() -> Cast:
    """Write the cast into an empty database; must be called in a transaction."""
    owner = actions.create_business(
        name="Northwind",
        owner_email="dana@northwind.example",
        owner_name="Dana Reyes",
        password=PASSWORD,
        at=MORNING - timedelta(days=400),
    )
    stranger = actions.create_business(
        name="Contoso",
        owner_email="sam@contoso.example",
        owner_name="Sam Okafor",
        password=PASSWORD,
        at=MORNING - timedelta(days=400),
    )
    with business_context(stranger.business_id):
        foreign = AccountFactory.create(name="Fir", external_id="fir", domain="fir.example")
        SubscriptionFactory.create(account=foreign)
        ContactFactory.create(account=foreign, name="Foreign Fiona")
    with business_context(owner.business_id):
        people = {
            role: actors.member(
                actions.add_member(
                    actor=owner, at=MORNING, email=email, name=name, role=role, password=PASSWORD
                )
            )
            for role, email, name in (
                (Role.ADMIN, "ines@northwind.example", "Ines Duarte"),
                (Role.MANAGER, "marek@northwind.example", "Marek Novak"),
                (Role.MEMBER, "lou@northwind.example", "Lou Chen"),
            )
        }
        csm = Membership.objects.get(id=people[Role.MANAGER].membership_id)
        accounts = _accounts(csm)
        business = Business.objects.get(id=owner.business_id)
    return Cast(
        business=business,
        owner=owner,
        admin=people[Role.ADMIN],
        manager=people[Role.MANAGER],
        member=people[Role.MEMBER],
        stranger=stranger,
        foreign=foreign,
        **accounts,
    )


def _accounts(csm: Membership) -> dict[str, Account]:
    def account(name: str, **values: object) -> Account:
        key = name.lower()
        return AccountFactory.create(
            name=name, external_id=key, domain=f"{key}.example", csm=csm, **values
        )

    def days_ago(days: int) -> dict[str, object]:
        return {"opened_at": MORNING - timedelta(days=days)}

    acme = account("Acme")
    SubscriptionFactory.create(account=acme)
    ContactFactory.create(account=acme, name="Ada Lind", is_champion=True)
    LastUseFactory.create(account=acme)
    DailyUsageFactory.create(account=acme)
    SurveyAnswerFactory.create(account=acme, score=10)
    TicketFactory.create(
        account=acme, **days_ago(40), solved_at=MORNING - timedelta(days=39), satisfaction=5
    )
    EventFactory.create(account=acme)

    birch = account("Birch")
    SubscriptionFactory.create(
        account=birch, status="past_due", current_period_end=MONDAY + timedelta(days=40)
    )
    ContactFactory.create(account=birch, name="Bo Hart", is_detractor=True)
    LastUseFactory.create(account=birch, last_used_on=MONDAY - timedelta(days=62))
    SurveyAnswerFactory.create(account=birch, score=2)
    for days in (3, 9, 15):
        TicketFactory.create(account=birch, priority="urgent", **days_ago(days))

    cedar = account("Cedar", stage=Stage.RENEWAL)
    SubscriptionFactory.create(account=cedar, current_period_end=MONDAY + timedelta(days=21))
    LastUseFactory.create(account=cedar, last_used_on=MONDAY - timedelta(days=12))

    dune = account("Dune", stage=Stage.CHURNED, churned_on=MONDAY - timedelta(days=20))
    SubscriptionFactory.create(
        account=dune,
        status="cancelled",
        ended_on=MONDAY - timedelta(days=20),
        current_period_end=MONDAY - timedelta(days=20),
    )
    ChurnEventFactory.create(account=dune)

    elm = account("Elm", stage=Stage.ONBOARDING, customer_since=None)
    return {"acme": acme, "birch": birch, "cedar": cedar, "dune": dune, "elm": elm}


@pytest.fixture(autouse=True, scope="session")
def _cheap_passwords() -> None:
    """Five passwords per test at a million rounds each would be most of the tests' time."""
    django_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def cast(db: None) -> Cast:
    """The cast, with no business in context."""
    return assemble()


@pytest.fixture
def at_work(cast: Cast) -> Iterator[Cast]:
    """The cast, with Northwind in context."""
    with cast.at_work():
        yield cast


@pytest.fixture
def sign_in() -> Callable[[Actor | None], Client]:
    """A browser that is signed in as somebody; None for a visitor."""

    def signed_in(actor: Actor | None) -> Client:
        client = Client()
        if actor is not None:
            assert actor.person is not None
            client.force_login(actor.person)
        return client

    return signed_in
