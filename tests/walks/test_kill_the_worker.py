"""The worker is killed in the middle of the nightly run; nothing is lost, nothing is doubled.

Two businesses have the same customers. Contoso's night goes undisturbed. Northwind's is done by
a real worker process, which gets SIGKILL while a part of the run has written its scores but not
committed them; another worker finds what it left. Both must have come to the same.
"""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from afterclose.accounts.models import Account, AtRiskFlag, Contact, Event, Reaction
from afterclose.billing.models import Subscription
from afterclose.businesses import actions, actors
from afterclose.businesses.actors import Actor
from afterclose.businesses.models import Role
from afterclose.businesses.tenancy import business_context
from afterclose.health import actions as health
from afterclose.health.jobs import take_snapshots_of_business
from afterclose.health.models import NightlyRun, RunPart, Score, Snapshot
from afterclose.kit.postgres import database_settings
from afterclose.notifications.models import Notification, OutgoingMail
from afterclose.support.models import Ticket
from afterclose.usage.models import LastUse
from tests.workers import empty_the_queue, let_a_minute_go_by, until, worker

PARTS, ACCOUNTS_PER_PART = 4, 500
# Every seventh customer is in trouble: not used for long, and urgent tickets.
TROUBLED = 7


def owner_connection() -> psycopg.Connection[Any]:
    to = database_settings(role="owner")
    return psycopg.connect(
        host=to["HOST"],
        port=to["PORT"],
        user=to["USER"],
        password=to["PASSWORD"],
        dbname=connection.settings_dict["NAME"],
    )


def business(name: str, base: int, now: datetime) -> Actor:
    """A business with customers whose ids fall into PARTS ranges of the nightly run."""
    owner = actions.create_business(name=name, owner_email=f"owner@{name}.example", at=now)
    day = timedelta(days=1)
    today = now.date()
    with business_context(owner.business_id), transaction.atomic():
        csms = [
            actions.add_member(
                actor=owner,
                at=now,
                email=f"csm{n}@{name}.example",
                name=f"CSM {n}",
                role=Role.MANAGER,
            )
            for n in range(40)
        ]
        numbers = range(PARTS * ACCOUNTS_PER_PART)
        accounts = Account.objects.bulk_create(
            Account(
                id=base + n // ACCOUNTS_PER_PART * health.RANGE + n % ACCOUNTS_PER_PART,
                name=f"Customer {n:05d}",
                external_id=str(n),
                csm=csms[n % len(csms)],
            )
            for n in numbers
        )
        bad = accounts[::TROUBLED]
        good = [account for n, account in enumerate(accounts) if n % TROUBLED]
        Subscription.objects.bulk_create(
            Subscription(
                account=account,
                currency="USD",
                arr=1_200_000,
                mrr=100_000,
                interval="year",
                started_on=today - 100 * day,
                current_period_start=today - 100 * day,
                current_period_end=today + 265 * day,
            )
            for account in good
        )
        LastUse.objects.bulk_create(
            LastUse(account=account, first_used_on=today - 300 * day, last_used_on=last)
            for rows, last in ((good, today - day), (bad, today - 120 * day))
            for account in rows
        )
        Ticket.objects.bulk_create(
            Ticket(account=account, priority="urgent", opened_at=now - hours * 30 * day / 24)
            for account in bad
            for hours in (1, 2, 3)
        )
        Contact.objects.bulk_create(
            Contact(account=account, name="Dot", email=f"dot{n}@example.com", is_detractor=True)
            for n, account in enumerate(bad)
        )
    return owner


def outcome(owner: Actor) -> dict[str, Any]:
    """Everything that the night has left, in words that both businesses share."""
    with business_context(owner.business_id), transaction.atomic():
        names = dict(Account.objects.values_list("id", "external_id"))
        return {
            "snapshots": sorted(
                (names[account], str(on), score, coverage, str(breakdown))
                for account, on, score, coverage, breakdown in Snapshot.objects.values_list(
                    "account_id", "on", "score", "coverage", "breakdown"
                )
            ),
            "scores": sorted(
                (names[account], score, held)
                for account, score, held in Score.objects.values_list(
                    "account_id", "score", "held_score"
                )
            ),
            "flags": sorted(
                (names[account], reasons, before or 0, after)
                for account, reasons, before, after in AtRiskFlag.objects.values_list(
                    "account_id", "reasons", "score_before", "score_after"
                )
            ),
            "events": Counter(
                (names.get(account), kind, title)
                for account, kind, title in Event.objects.values_list("account_id", "kind", "title")
            ),
            "unreacted": Event.objects.filter(reacted_at=None).count(),
            "reactions": Counter(Reaction.objects.values_list("event__kind", "name")),
            "notifications": Counter(
                Notification.objects.values_list("member__person__name", "title")
            ),
            "mails": Counter(OutgoingMail.objects.values_list("subject", flat=True)),
            "runs": [
                (run.finished_at is not None, run.parts.filter(done_at=None).count())
                for run in NightlyRun.objects.all()
            ],
        }


def doing() -> int:
    return ProcrastinateJob.objects.filter(status="doing").count()


def waiting(owner: Actor) -> int:
    """Jobs of the business that are not done."""
    return ProcrastinateJob.objects.filter(
        status__in=("todo", "doing"), args__business_id=owner.business_id
    ).count()


@pytest.fixture
def clean(transactional_db: None) -> Iterator[None]:
    """Leaves no job behind."""
    yield
    empty_the_queue()


@pytest.mark.slow
def test_a_worker_killed_in_the_nightly_run_loses_and_repeats_nothing(clean: None) -> None:
    now = datetime.now(UTC)
    contoso = business("contoso", 20_000_000, now)
    northwind = business("northwind", 40_000_000, now)

    night = actors.system(contoso.business_id, "Nightly health")
    with business_context(contoso.business_id):
        with transaction.atomic():
            run = health.begin_run(actor=night, at=now, on=now.date(), redo_before=now)
            parts = list(run.parts.order_by("id").values_list("id", flat=True))
        for part_id in parts:
            health.take_part(actor=night, at=now, part_id=part_id)
    undisturbed = outcome(contoso)
    assert len(undisturbed["snapshots"]) == PARTS * ACCOUNTS_PER_PART
    assert len(undisturbed["flags"]) == len(range(0, PARTS * ACCOUNTS_PER_PART, TROUBLED))

    with business_context(northwind.business_id), transaction.atomic():
        in_third_part = 40_000_000 + 2 * health.RANGE
        victim = Account.objects.filter(id__gte=in_third_part).order_by("id")
        held_back = [row.id for row in victim[:ACCOUNTS_PER_PART] if int(row.external_id) % 7 == 0]
    # An open transaction has flagged one account of the third part: the worker will have
    # written all scores of the part when it has to wait for it.
    with owner_connection() as brake:
        brake.execute(
            "SELECT set_config('app.business_id', %s, true)", [str(northwind.business_id)]
        )
        brake.execute(
            "INSERT INTO accounts_atriskflag (business_id, account_id, reasons, note, set_at,"
            " is_automatic, clear_note) VALUES (%s, %s, '{}', '', now(), false, '')",
            [northwind.business_id, held_back[0]],
        )
        take_snapshots_of_business.defer(business_id=northwind.business_id)
        with worker() as first:
            until(lambda: blocked(brake), "the worker waits in the middle of the third part")
            with business_context(northwind.business_id), transaction.atomic():
                assert RunPart.objects.exclude(done_at=None).count() == 2
            first.send_signal(signal.SIGKILL)
            assert first.wait() == -signal.SIGKILL
        brake.rollback()
    with business_context(northwind.business_id), transaction.atomic():
        assert Snapshot.objects.count() == 2 * ACCOUNTS_PER_PART, "the third part left no half"
    assert doing() >= 1, "the job of the dead worker is still marked as being done"

    let_a_minute_go_by()
    with worker():
        app.configure_task("config.retry_stalled_jobs").defer(timestamp=int(time.time()))
        until(lambda: waiting(northwind) == 0, "the second worker has done all that was left")
        until(lambda: waiting(contoso) == 0, "what Contoso's night had caused is done too")

    assert outcome(northwind) == outcome(contoso)
    assert outcome(northwind)["runs"] == [(True, 0)]
    assert not ProcrastinateJob.objects.filter(status="failed").exists()

    # The same night asked for again, as a schedule that fires twice would: nothing changes.
    before = outcome(northwind)
    take_snapshots_of_business.defer(business_id=northwind.business_id)
    with worker():
        until(lambda: waiting(northwind) == 0, "the run asked for again has ended")
    assert outcome(northwind) == before


def blocked(brake: psycopg.Connection[Any]) -> bool:
    """Whether somebody waits for the transaction of this connection."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND %s = ANY(pg_blocking_pids(pid))",
            [brake.info.backend_pid],
        )
        return bool(cursor.fetchone()[0])


def test_stalled_jobs_are_given_to_another_worker_once(clean: None) -> None:
    """The jobs of a dead worker, of a pruned one, of a living one, and one with a successor."""
    from afterclose.config.jobs import MOST_ATTEMPTS, retry_stalled_jobs

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES"
            " (now() - interval '5 min'), (now()) RETURNING id"
        )
        (dead,), (living,) = cursor.fetchall()
        for task, status, lock, attempts, worker_id in (
            ("dead", "doing", None, 1, dead),
            ("pruned", "doing", None, 0, None),
            ("living", "doing", None, 0, living),
            ("succeeded", "doing", "same", 0, dead),
            ("successor", "todo", "same", 0, None),
            ("deadly", "doing", None, MOST_ATTEMPTS, dead),
        ):
            cursor.execute(
                "INSERT INTO procrastinate_jobs"
                " (queue_name, task_name, status, queueing_lock, attempts,"
                " worker_id, args) VALUES ('default', %s, %s, %s, %s, %s, '{}')",
                [task, status, lock, attempts, worker_id],
            )
    for _ in range(2):
        retry_stalled_jobs(timestamp=0)
    found = dict(ProcrastinateJob.objects.values_list("task_name", "status"))
    assert found == {
        "dead": "todo",
        "pruned": "todo",
        "living": "doing",
        "succeeded": "failed",
        "successor": "todo",
        "deadly": "failed",
    }
    attempts = dict(ProcrastinateJob.objects.values_list("task_name", "attempts"))
    assert (attempts["dead"], attempts["pruned"]) == (2, 1)
