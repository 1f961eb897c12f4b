"""What monitors read: the figures of the site, behind a token, and the checks made of them."""

from __future__ import annotations

import re
import shutil
from collections import namedtuple
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from afterclose.businesses.actions import change_settings
from afterclose.businesses.tenancy import business_context
from afterclose.config import machine
from afterclose.health.models import NightlyRun
from afterclose.notifications.models import OutgoingMail
from afterclose.ops import figures, metrics, readiness
from afterclose.webhooks import actions
from afterclose.webhooks.models import Delivery
from tests.cast import Cast

TOKEN = "a-token-of-some-length"
USAGE = namedtuple("USAGE", "total used free")
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@pytest.fixture
def scraped(settings: Any) -> Any:
    """What Prometheus's own parser reads: (name, labels) to value."""
    settings.METRICS_TOKEN = TOKEN

    def ask() -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        answer = Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
        families = text_string_to_metric_families(answer.content.decode())
        return {
            (sample.name.removeprefix("afterclose_"), frozenset(sample.labels.items())): (
                sample.value
            )
            for family in families
            for sample in family.samples
        }

    return ask


def key(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(labels.items())


def job(queue: str, status: str, ago: timedelta | None = None, at: datetime = NOW) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status, scheduled_at)"
            " VALUES (%s, 'x', %s, %s) RETURNING id",
            [queue, status, None if ago is None else at - ago],
        )


def deliver(endpoint: Any, ready_at: datetime) -> Delivery:
    return Delivery.objects.create(
        endpoint=endpoint, kind="x", created_at=ready_at, ready_at=ready_at, due_at=ready_at
    )


@pytest.mark.django_db
def test_without_a_token_there_is_no_such_page_and_with_a_wrong_one_no_answer(
    client: Client, settings: Any
) -> None:
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404
    settings.METRICS_TOKEN = TOKEN
    for given in ({}, {"Authorization": TOKEN}, {"Authorization": f"Bearer {TOKEN}é"}):
        answer = client.get("/metrics", headers=given)
        assert answer.status_code == 401
        assert b"afterclose_" not in answer.content
    assert client.post("/metrics").status_code == 405


def test_a_token_that_could_be_guessed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERCLOSE_METRICS_TOKEN", "secret")
    with pytest.raises(ImproperlyConfigured, match="6 characters"):
        machine.token("AFTERCLOSE_METRICS_TOKEN")
    monkeypatch.setenv("AFTERCLOSE_METRICS_TOKEN", f" {TOKEN}\n")
    assert machine.token("AFTERCLOSE_METRICS_TOKEN") == TOKEN


def test_jobs_are_counted_per_queue_by_what_becomes_of_them(at_work: Cast) -> None:
    for status, ago in (
        ("todo", timedelta(minutes=5)),
        ("todo", timedelta(seconds=30)),
        ("todo", -timedelta(minutes=5)),
        ("doing", None),
        ("succeeded", None),
    ):
        job("letters", status, ago)
    job("parcels", "failed")
    found = {queue.name: queue for queue in figures.queues(NOW)}
    assert found["letters"] == figures.Queue("letters", 2, 1, 1, 0, 300.0)
    assert found["parcels"] == figures.Queue("parcels", 0, 0, 0, 1, 0.0)


def test_a_job_without_a_time_counts_from_when_it_was_put_there(at_work: Cast) -> None:
    job("letters", "todo")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_events SET at = %s WHERE type = 'deferred'",
            [NOW - timedelta(hours=1)],
        )
    job("letters", "todo", timedelta(minutes=1))
    [letters] = [queue for queue in figures.queues(NOW) if queue.name == "letters"]
    assert letters.oldest_seconds == 3600


def test_mails_webhooks_and_nightly_runs_of_all_businesses_are_added_up(cast: Cast) -> None:
    before = NOW - timedelta(minutes=20)
    mail = {"to": "x@y.example", "subject": "s", "text": "t", "next_try_at": NOW}
    with cast.at_work():
        OutgoingMail.objects.create(created_at=before, **mail)
        OutgoingMail.objects.create(created_at=before, sent_at=NOW, **mail)
        NightlyRun.objects.create(on=NOW.date(), started_at=before, finished_at=before)
        late, _ = actions.add_endpoint(actor=cast.admin, at=before, url="https://a.example/x")
        fine, _ = actions.add_endpoint(actor=cast.admin, at=before, url="https://b.example/x")
        paused, _ = actions.add_endpoint(actor=cast.admin, at=before, url="https://c.example/x")
        actions.pause(actor=cast.admin, at=before, endpoint_id=paused.pk)
        deliver(late, before)
        deliver(late, NOW + timedelta(hours=1))
        deliver(fine, NOW - timedelta(minutes=1))
        deliver(paused, before)
    with cast.elsewhere():
        OutgoingMail.objects.create(created_at=NOW, **mail)
        OutgoingMail.objects.create(created_at=NOW, failed_at=NOW, **mail)

    found = figures.site(NOW)
    assert (found.mails_waiting, found.mails_failed, found.mails_oldest_seconds) == (2, 1, 1200)
    assert (found.webhooks_waiting, found.webhooks_behind) == (3, 1)
    assert found.webhooks_oldest_seconds == 1200
    assert found.nightly == {cast.business.id: before}


def test_a_business_counts_as_late_26_hours_after_its_last_run_or_its_making(cast: Cast) -> None:
    made = max(cast.business.created_at, NOW)
    with cast.at_work():
        NightlyRun.objects.create(on=made.date(), started_at=made, finished_at=made)
    assert figures.site(made + timedelta(hours=25)).nightly_late == 0
    late = figures.site(made + timedelta(hours=27))
    assert (late.nightly_late, late.businesses) == (2, 2)


def test_a_business_without_health_misses_no_nightly_run(cast: Cast) -> None:
    for actor in (cast.owner, cast.stranger):
        with business_context(actor.business_id):
            change_settings(actor=actor, at=NOW, changes={"features_off": ["health"]})
    assert figures.site(cast.business.created_at + timedelta(days=9)).nightly_late == 0


def test_what_prometheus_reads_has_every_figure_and_names_nobody(
    cast: Cast, scraped: Any, settings: Any
) -> None:
    job("letters", "failed")
    with cast.at_work():
        NightlyRun.objects.create(on=NOW.date(), started_at=NOW, finished_at=NOW)
    found = scraped()
    assert found[key("jobs", queue="letters", state="failed")] == 1
    assert found[key("jobs_oldest_seconds", queue="letters")] == 0
    assert found[key("workers")] == 0
    assert found[key("mails", state="waiting")] == 0
    assert found[key("webhooks_behind")] == 0
    assert found[key("database_up")] == 1
    assert found[key("database_bytes")] > 1_000_000
    assert found[key("disk_bytes", kind="total")] >= found[key("disk_bytes", kind="free")] > 0
    assert found[key("schedule_missed", job="health.take_snapshots")] == 0
    number = str(cast.business.id)
    name = "nightly_last_finished_timestamp_seconds"
    assert found[key(name, business=number)] == NOW.timestamp()
    said = repr(found)
    assert not [word for word in ("Northwind", "northwind", "Contoso", "Acme") if word in said]


def test_a_database_that_is_down_is_a_figure_too(
    at_work: Cast, scraped: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(at: datetime) -> Iterator[Any]:
        raise OperationalError("refused")

    monkeypatch.setattr(metrics, "_of_database", down)
    found = scraped()
    assert found[key("database_up")] == 0
    assert key("disk_bytes", kind="free") in found


def test_requests_are_counted_by_app_verb_and_status(
    cast: Cast, scraped: Any, settings: Any
) -> None:
    settings.MIDDLEWARE = ["afterclose.ops.metrics.RequestMetrics", *settings.MIDDLEWARE]
    name = key("requests_total", app="accounts", verb="GET", status="302")
    before = scraped().get(name, 0)
    Client().get("/accounts/")
    Client().get("/no/such/page/")
    after = scraped()
    assert after[name] == before + 1
    assert after[key("request_seconds_count", app="accounts")] >= 1
    assert after[key("requests_total", app="unknown", verb="GET", status="404")] >= 1


@pytest.mark.parametrize(
    ("total", "free", "state"),
    [
        (10**12, 5 * 10**11, "ok"),
        (10**12, 9 * 10**10, "degraded"),
        (10**12, 10**8, "failed"),
        (10**9, 5 * 10**8, "ok"),
    ],
)
def test_a_disk_that_fills_up_is_told(
    total: int, free: int, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: USAGE(total, total - free, free))
    assert readiness._disk().state == state


def test_webhooks_that_lag_behind_are_told(cast: Cast, client: Client) -> None:
    long_ago = datetime.now(UTC) - timedelta(hours=3, minutes=5)
    with cast.at_work():
        endpoint, _ = actions.add_endpoint(actor=cast.admin, at=long_ago, url="https://a.example/x")
        deliver(endpoint, long_ago)
    checks = {check["name"]: check for check in client.get("/readyz").json()["checks"]}
    assert checks["webhooks"]["state"] == "degraded"
    assert checks["webhooks"]["detail"].startswith("1 behind")
    assert "3 h ago" in checks["webhooks"]["detail"]
    assert checks["nightly run"]["state"] == "ok"


def test_the_page_shows_the_same_figures(cast: Cast, sign_in: Any) -> None:
    with cast.elsewhere():
        OutgoingMail.objects.create(
            to="x@y.example", subject="A secret", text="t", created_at=NOW, next_try_at=NOW
        )
    job("letters", "todo", timedelta(hours=1), at=datetime.now(UTC))
    page = sign_in(cast.admin).get("/settings/operations/").text
    assert "letters" in page
    assert "A secret" not in page
    figures_of_page = page.partition('id="figures"')[2]
    assert re.search(r"Mails waiting</dt><dd><[^>]+>1<", figures_of_page)
