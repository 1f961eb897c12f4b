"""Tuesday 10:00: the sending worker is killed with SIGKILL while a receiver takes its time.

Really done: a worker of its own process, as ``afterclose serve`` starts it, and a receiver on
this machine. The delivery comes again under the same id; what two workers send side by side
comes once; a slow receiver does not hold up another.
"""

from __future__ import annotations

import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
import standardwebhooks
from django.db import transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from afterclose.accounts import timeline
from afterclose.businesses import actions as people
from afterclose.businesses.actors import Actor
from afterclose.businesses.tenancy import business_context
from afterclose.config.jobs import retry_stalled_jobs
from afterclose.kit import clock, outbound
from afterclose.webhooks import actions
from afterclose.webhooks.models import Delivery, Endpoint, Status
from tests.receiver import Received, Receiver
from tests.workers import empty_the_queue, let_a_minute_go_by, until, worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def owner() -> Iterator[Actor]:
    """A business, in context."""
    made = people.create_business(name="Killed", owner_email="kim@killed.test", at=clock.now())
    with business_context(made.business_id):
        yield made
    empty_the_queue()


@pytest.fixture(autouse=True)
def _allowed(settings) -> None:
    settings.WEBHOOKS_ALLOW = outbound.networks(["127.0.0.1"])


def sender(*queues: str) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """A worker that may send to this machine."""
    return worker(
        *("--concurrency", "4", "--queues", ",".join(queues or ("default", "webhooks", "rescue"))),
        *("--fetch-job-polling-interval", "0.5"),
        AFTERCLOSE_WEBHOOKS_ALLOW="127.0.0.1",
    )


def endpoint(owner: Actor, receiver: Receiver) -> Endpoint:
    made, _ = actions.add_endpoint(
        actor=owner, at=clock.now() - timedelta(seconds=1), url=receiver.url
    )
    return made


def tell(owner: Actor, count: int) -> None:
    with transaction.atomic():
        for n in range(count):
            timeline.record("import.finished", actor=owner, at=clock.now(), title=f"Fact {n}")


@transaction.atomic
def count(status: Status, **values: object) -> int:
    return Delivery.objects.filter(status=status, **values).count()


def waiting() -> int:
    return count(Status.WAITING)


def test_a_killed_sender_sends_again_under_the_same_id_and_loses_nothing(owner: Actor) -> None:
    called, released = threading.Event(), threading.Event()

    def slowly(_: Received) -> tuple[int, dict[str, str], bytes]:
        called.set()
        released.wait(10)
        return 204, {}, b""

    with Receiver(answer=slowly) as receiver:
        made = endpoint(owner, receiver)
        with transaction.atomic():
            secret = made.secrets.get().plain
        tell(owner, 3)
        with sender() as first:
            assert called.wait(120), "the first delivery is on its way"
            first.send_signal(signal.SIGKILL)
            first.wait()
        released.set()
        with transaction.atomic():
            assert Delivery.objects.count() == 3, "stored before anything was sent"
            assert waiting() == 3
            # A minute goes by: without a heartbeat, and with the claim.
            Delivery.objects.exclude(claimed_until=None).update(claimed_until=clock.now())
            let_a_minute_go_by()
        retry_stalled_jobs(timestamp=0)
        with sender():
            until(lambda: waiting() == 0, "everything was delivered")
        ids = Counter(each.headers["webhook-id"] for each in receiver.received)
        assert sorted(ids.values()) == [1, 1, 2]
        for each in receiver.received:
            standardwebhooks.Webhook(secret).verify(each.body, each.headers)
        twice = [each for each in receiver.received if ids[each.headers["webhook-id"]] == 2]
        assert twice[0].body == twice[1].body


def test_two_workers_send_each_delivery_once_and_a_slow_receiver_holds_nobody_up(
    owner: Actor,
) -> None:
    released = threading.Event()

    def slowly(_: Received) -> tuple[int, dict[str, str], bytes]:
        released.wait(10)
        return 204, {}, b""

    with Receiver(answer=slowly) as slow, Receiver() as quick:
        endpoint(owner, slow)
        made = endpoint(owner, quick)
        tell(owner, 60)
        with sender(), sender("webhooks"):
            until(
                lambda: count(Status.DELIVERED, endpoint=made) == 60,
                "the quick receiver has everything",
            )
            assert len(slow.received) < 15, "while the slow one has just begun"
            released.set()
            until(lambda: waiting() == 0, "then the slow one gets its share")
        for receiver in (slow, quick):
            ids = [each.headers["webhook-id"] for each in receiver.received]
            assert len(ids) == len(set(ids)) == 60
    assert not ProcrastinateJob.objects.filter(status="failed").exists()
