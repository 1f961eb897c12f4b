"""A receiver on this machine, and a business that sends to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from afterclose.accounts import timeline
from afterclose.accounts.models import Event
from afterclose.kit import outbound
from afterclose.webhooks import actions, delivery, queries, reactions
from afterclose.webhooks.models import Endpoint
from tests.cast import Cast
from tests.receiver import Receiver


@pytest.fixture
def receiver(settings) -> Iterator[Receiver]:
    """Listens on 127.0.0.1, which the operator has allowed."""
    settings.WEBHOOKS_ALLOW = outbound.networks(["127.0.0.1"])
    with Receiver() as listening:
        yield listening


class Life:
    """A business over time: facts happen, minutes pass, the sweep of the minute does its work."""

    def __init__(self, cast: Cast, at: datetime) -> None:
        self.cast, self.at = cast, at

    def endpoint(self, url: str, **values) -> Endpoint:
        made, _ = actions.add_endpoint(
            actor=self.cast.admin, at=self.at - timedelta(seconds=1), url=url, **values
        )
        return made

    def tell(self, *kinds: str, **values) -> list[Event]:
        """Record facts, and store their deliveries, as the job after the commit does."""
        told = [
            timeline.record(
                kind,
                actor=self.cast.manager,
                at=self.at,
                title=f"{kind} {number}",
                account_id=self.cast.acme.id,
                **values,
            )
            for number, kind in enumerate(kinds)
        ]
        Event.objects.filter(id__in=[each.id for each in told]).update(recorded_at=self.at)
        reactions.make_deliveries([each.id for each in told])
        self.sweep()
        return told

    def sweep(self) -> None:
        for endpoint_id in queries.to_send(self.at):
            delivery.send_pass(endpoint_id=endpoint_id, now=lambda: self.at)

    def wait(self, **for_how_long: float) -> None:
        """Let time pass by the minute; minutes in which nothing is due are leapt over."""
        until = self.at + timedelta(**for_how_long)
        while self.at < until:
            due = [
                found
                for endpoint_id in Endpoint.objects.values_list("id", flat=True)
                if (found := delivery._next_at(endpoint_id, self.at)) is not None
            ]
            self.at += timedelta(minutes=1)
            while self.at < until and not any(instant <= self.at for instant in due):
                self.at += timedelta(minutes=1)
            self.at = min(self.at, until)
            self.sweep()


@pytest.fixture
def life(at_work: Cast, monkeypatch) -> Life:
    """Northwind, from now on; the clock of the stored rows is the life's."""
    from datetime import UTC

    here = Life(at_work, datetime.now(UTC).replace(microsecond=0))
    monkeypatch.setattr(reactions.clock, "now", lambda: here.at)
    return here
