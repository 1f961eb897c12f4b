"""Tuesday 07:30: the nightly run is under way when the worker is killed with SIGKILL.

Really done: a worker of its own process, a business of six parts, killed inside the third.
Nothing is lost and nothing happens twice: scores, flags, events and notifications are those of
a run that nobody disturbed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from afterclose.accounts.models import AtRiskFlag, Event
from afterclose.businesses import actions as people
from afterclose.businesses.actors import Actor
from afterclose.businesses.tenancy import business_context
from afterclose.config.jobs import retry_stalled_jobs
from afterclose.health import actions, jobs
from afterclose.health.models import NightlyRun, RunPart, Score, Snapshot
from afterclose.kit import clock
from afterclose.notifications.models import Notification
from tests.factories import AccountFactory

PARTS = 6
KILLED_IN = 3

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def owner() -> Iterator[Actor]:
    """A business with an account about to be flagged in each of six ranges of ids."""
    made = people.create_business(name="Killed", owner_email="kim@killed.test", at=clock.now())
    with business_context(made.business_id):
        with transaction.atomic():
            for number in range(PARTS):
                AccountFactory.create(
                    id=(number + 1) * actions.RANGE + 7,
                    csm_id=made.membership_id,
                    renewal_date=clock.now().date() + timedelta(days=3),
                    customer_since=None,
                )
        yield made


def worker() -> subprocess.Popen[bytes]:
    """A worker on the test's database that goes home when nothing is left to do."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "afterclose.config.settings",
        "PYTHONPATH": str(Path(settings.BASE_DIR) / "src"),
        "AFTERCLOSE_DB_ROLE": "owner",
        "AFTERCLOSE_DB_NAME": str(connection.settings_dict["NAME"]),
    }
    command = [sys.executable, "-m", "afterclose", "procrastinate", "worker", "--one-shot"]
    return subprocess.Popen(command, env=environment)


def wait_for(what: Callable[[], bool], worker: subprocess.Popen[bytes]) -> None:
    for _ in range(1200):
        with transaction.atomic():
            if what():
                return
        assert worker.poll() is None, "the worker ended too early"
        time.sleep(0.05)
    raise AssertionError("nothing happened within a minute")


def done_parts() -> int:
    return RunPart.objects.filter(done_at__isnull=False).count()


def someone_waits() -> bool:
    """Whether the worker stands inside a part, at the lock that the test holds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return bool(cursor.fetchone()[0])


def five_minutes_pass() -> None:
    """Since the last sign of life of every worker."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - interval '5 min'"
        )


def test_a_killed_worker_loses_and_repeats_nothing(owner: Actor) -> None:
    with transaction.atomic():
        jobs.take_snapshots_of_business.defer(business_id=owner.business_id)

    to = connection.settings_dict
    with psycopg.connect(
        host=to["HOST"], port=to["PORT"] or None, user=to["USER"], password=to["PASSWORD"] or None,
        dbname=to["NAME"],
    ) as holder:  # fmt: skip
        # The range of the third part is locked by somebody else, so the worker stands in it.
        holder.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            [f"health:{owner.business_id}:{KILLED_IN}"],
        )
        victim = worker()
        wait_for(lambda: done_parts() == KILLED_IN - 1 and someone_waits(), victim)
        os.kill(victim.pid, signal.SIGKILL)
        victim.wait()

    with transaction.atomic():
        assert Score.objects.count() == KILLED_IN - 1
        assert NightlyRun.objects.get().finished_at is None
        assert ProcrastinateJob.objects.filter(status="doing").count() == 1

    # Before its job is given to another, a new worker does what nobody had begun.
    assert worker().wait(timeout=120) == 0
    with transaction.atomic():
        assert Score.objects.count() == PARTS - 1

    five_minutes_pass()
    retry_stalled_jobs(timestamp=0)
    assert worker().wait(timeout=120) == 0

    with transaction.atomic():
        run = NightlyRun.objects.get()
        assert run.finished_at is not None
        assert run.parts.filter(done_at__isnull=False).count() == PARTS
        assert Snapshot.objects.count() == Score.objects.count() == PARTS
        assert AtRiskFlag.objects.count() == PARTS
        assert Event.objects.filter(kind="at_risk.flagged").count() == PARTS
        assert Notification.objects.filter(kind="at_risk").count() == PARTS
        assert not ProcrastinateJob.objects.exclude(status="succeeded").exists()

    # The driver once more, as if its own worker had died after the commit: nothing is due.
    with transaction.atomic():
        due = clock.now() - timedelta(hours=1)
        jobs.take_snapshots_of_business.defer(
            business_id=owner.business_id, timestamp=int(due.timestamp())
        )
    assert worker().wait(timeout=120) == 0
    with transaction.atomic():
        assert Event.objects.filter(kind="at_risk.flagged").count() == PARTS
        assert ProcrastinateJob.objects.filter(task_name="health.take_part").count() == PARTS
