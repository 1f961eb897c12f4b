"""Tuesday 10:00: the sending worker is killed with SIGKILL while a receiver takes its time.

Really done: a worker of its own process, as ``afterclose serve`` starts it, and a receiver on
this machine. The delivery comes again under the same id; what two workers send side by side
comes once; a slow receiver does not hold up another.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
import standardwebhooks
from django.db import connection, transaction
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

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def owner() -> Iterator[Actor]:
    """A business, in context."""
    made = people.create_business(name="Killed", owner_email="kim@killed.test", at=clock.now())
    with business_context(made.business_id):
        yield made
    with connection.cursor() as cursor:  # not Django's tables, so its flush leaves them
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")


@pytest.fixture(autouse=True)
def _allowed(settings) -> None:
    settings.WEBHOOKS_ALLOW = outbound.networks(["127.0.0.1"])


@contextmanager
def worker(*queues: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker on the test's database."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "afterclose.config.settings",
        "PYTHONPATH": str(ROOT / "src"),
        "AFTERCLOSE_DB_ROLE": "app",
        "AFTERCLOSE_DB_NAME": str(connection.settings_dict["NAME"]),
        "AFTERCLOSE_WEBHOOKS_ALLOW": "127.0.0.1",
        "LOG_LEVEL": "WARNING",
    }
    command = [
        *(sys.executable, "-m", "django", "procrastinate", "worker", "--concurrency", "4"),
        *("--queues", ",".join(queues or ("default", "webhooks"))),
        *("--fetch-job-polling-interval", "0.5"),
    ]
    process = subprocess.Popen(command, env=environment, cwd=ROOT)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def until(found: Callable[[], object], what: str) -> None:
    """Wait for something that another process does."""
    deadline = time.monotonic() + 120
    while True:
        with transaction.atomic():
            if found():
                return
        assert time.monotonic() < deadline, f"not within two minutes: {what}"
        time.sleep(0.05)


def endpoint(owner: Actor, receiver: Receiver) -> Endpoint:
    made, _ = actions.add_endpoint(
        actor=owner, at=clock.now() - timedelta(seconds=1), url=receiver.url
    )
    return made


def tell(owner: Actor, count: int) -> None:
    with transaction.atomic():
        for n in range(count):
            timeline.record("import.finished", actor=owner, at=clock.now(), title=f"Fact {n}")


def waiting() -> int:
    return Delivery.objects.filter(status=Status.WAITING).count()


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
        with worker() as first:
            assert called.wait(120), "the first delivery is on its way"
            first.send_signal(signal.SIGKILL)
            first.wait()
        released.set()
        with transaction.atomic():
            assert Delivery.objects.count() == 3, "stored before anything was sent"
            assert waiting() == 3
            # A minute goes by: without a heartbeat, and with the claim.
            Delivery.objects.exclude(claimed_until=None).update(claimed_until=clock.now())
            with connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE procrastinate_workers"
                    " SET last_heartbeat = last_heartbeat - interval '5 min'"
                )
        retry_stalled_jobs(timestamp=0)
        with worker():
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
        with worker(), worker("webhooks"):
            until(
                lambda: Delivery.objects.filter(
                    endpoint=made, status=Status.DELIVERED
                ).count() == 60,
                "the quick receiver has everything",
            )  # fmt: skip
            assert len(slow.received) < 15, "while the slow one has just begun"
            released.set()
            until(lambda: waiting() == 0, "then the slow one gets its share")
        for receiver in (slow, quick):
            ids = [each.headers["webhook-id"] for each in receiver.received]
            assert len(ids) == len(set(ids)) == 60
    assert not ProcrastinateJob.objects.filter(status="failed").exists()
