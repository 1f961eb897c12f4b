"""The cast plus a row in every table of Northwind, for guards over every address and job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from afterclose.accounts.models import Account, Export
from afterclose.businesses.jobs import JOBS
from afterclose.health.models import RunPart
from afterclose.notifications.models import Notification
from afterclose.segments.models import Segment
from tests import factories
from tests.cast import Cast
from tests.guards.addresses import samples
from tests.guards.rows import Model, make_rows


@dataclass(frozen=True)
class World:
    """The cast, Northwind's sample rows, and a value for every parameter of an address."""

    cast: Cast
    rows: dict[Model, Any]
    values: dict[str, Any]

    def grow(self, accounts: int) -> None:
        """Give Northwind more of everything, on new accounts and on the sample account."""
        with self.cast.at_work():
            known = Account.objects.get(id=self.values["account_id"])
            for account in [*factories.AccountFactory.create_batch(accounts), *[known] * 10]:
                for factory in (
                    factories.SubscriptionFactory,
                    factories.ContactFactory,
                    factories.TicketFactory,
                    factories.SurveyAnswerFactory,
                    factories.EventFactory,
                    factories.DailyUsageFactory,
                ):
                    factory.create(account=account)
                if account is not known:
                    factories.LastUseFactory.create(account=account)
            factories.MembershipFactory.create_batch(10)
        self.run_nightly_jobs()

    def run_nightly_jobs(self) -> None:
        """What fills scores, billing figures and the pipeline."""
        business_id = self.cast.business.id
        JOBS["billing.advance_periods_of_business"](business_id)
        JOBS["health.take_snapshots_of_business"](business_id)
        with self.cast.at_work():
            parts = list(RunPart.objects.filter(done_at=None).values_list("id", flat=True))
        for part_id in parts:
            JOBS["health.take_part"](business_id, part_id=part_id)


@pytest.fixture
def world(cast: Cast) -> World:
    """See the module."""
    with cast.at_work():
        rows = make_rows(cast.business.id)
        Notification.objects.update(member=cast.owner.membership_id)
        Segment.objects.update(owner=None)  # a shared one of nobody's anybody may change
        Export.objects.update(member=cast.owner.membership_id)
    return World(cast, rows, samples(cast, rows))
