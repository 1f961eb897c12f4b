"""The page of operations: what runs, what was missed, what failed and is tried again."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from afterclose.businesses.actors import Actor
from afterclose.businesses.models import AuditEntry
from afterclose.ops import background
from tests.cast import Cast

SignIn = Callable[[Actor | None], Client]
# A Monday at 10: the nightly run was due at 07:30.
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def job(task: str, status: str, business_id: int | None = None) -> int:
    args = "{}" if business_id is None else f'{{"business_id": {business_id}}}'
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status, args)"
            " VALUES ('default', %s, %s, %s) RETURNING id",
            [task, status, args],
        )
        return int(cursor.fetchone()[0])


def ran(task: str, due: datetime) -> None:
    job_id = job(task, "doing")
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_periodic_defers (task_name, defer_timestamp, job_id,"
            " periodic_id) VALUES (%s, %s, %s, '')",
            [task, int(due.timestamp()), job_id],
        )
        cursor.execute(
            "INSERT INTO procrastinate_events (job_id, type, at) VALUES (%s, 'started', %s)",
            [job_id, due + timedelta(seconds=1)],
        )
        cursor.execute("UPDATE procrastinate_jobs SET status = 'succeeded' WHERE id = %s", [job_id])
        cursor.execute(
            "UPDATE procrastinate_events SET at = %s WHERE job_id = %s AND type = 'succeeded'",
            [due + timedelta(seconds=4), job_id],
        )


def nightly() -> background.ScheduleState:
    [found] = [each for each in background.schedules(NOW) if each.job == "health.take_snapshots"]
    return found


def test_a_run_leaves_when_it_began_and_ended(cast: Cast) -> None:
    assert nightly().last_due_at is None
    assert not nightly().is_missed
    ran("health.take_snapshots", NOW.replace(hour=7, minute=30))
    assert nightly().seconds == 3
    assert nightly().outcome == "succeeded"
    assert nightly().next_at == NOW.replace(day=3, hour=7, minute=30)
    assert not nightly().is_missed


def test_a_missed_run_is_seen(cast: Cast) -> None:
    ran("health.take_snapshots", NOW.replace(hour=7, minute=30) - timedelta(days=1))
    assert nightly().is_missed


def test_a_failed_job_is_tried_again_and_audited(cast: Cast, sign_in: SignIn) -> None:
    mine = job("renewals.send_reminders_of_business", "failed", cast.business.id)
    client = sign_in(cast.admin)
    assert "renewals.send_reminders_of_business" in client.get("/settings/operations/").text
    assert client.post(f"/settings/operations/jobs/{mine}/retry/").status_code == 302
    assert ProcrastinateJob.objects.get(id=mine).status == "todo"
    with cast.at_work():
        assert AuditEntry.objects.filter(verb="job.retried").count() == 1
    assert client.post(f"/settings/operations/jobs/{mine}/retry/").status_code == 404


def test_the_jobs_of_another_business_are_not_shown_or_retried(cast: Cast, sign_in: SignIn) -> None:
    theirs = job("theirs.alone", "failed", cast.stranger.business_id)
    client = sign_in(cast.admin)
    assert "theirs.alone" not in client.get("/settings/operations/").text
    assert client.post(f"/settings/operations/jobs/{theirs}/retry/").status_code == 404
    assert sign_in(cast.manager).get("/settings/operations/").status_code == 403
