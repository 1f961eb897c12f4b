"""The figures of operations as Prometheus reads them, and what web processes count (OP-1).

Requests are counted only while a token is set (settings.METRICS_TOKEN), without addresses or
names: by the app that answered, the verb and the status. With several web processes the library
adds up what each of them notes in the folder that ``afterclose serve`` gives them.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from datetime import datetime

from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from afterclose.ops import background, figures

logger = logging.getLogger(__name__)

_VERBS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_counted = CollectorRegistry()
_requests = Counter(
    "afterclose_requests",
    "Requests answered, by the app that answered.",
    ["app", "verb", "status"],
    registry=_counted,
)
_seconds = Histogram(
    "afterclose_request_seconds",
    "How long an answer took, without sending it.",
    ["app"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
    registry=_counted,
)


class RequestMetrics:
    """Counts answers and how long they took; below WhiteNoise, so without static files."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        name = match.view_name if match else ""
        app = (name.partition(":")[0] if ":" in name else "site") if match else "unknown"
        verb = request.method if request.method in _VERBS else "other"
        _requests.labels(app, verb, str(response.status_code)).inc()
        _seconds.labels(app).observe(time.perf_counter() - began)
        return response


def text(at: datetime) -> bytes:
    """Everything in Prometheus's text format."""
    return generate_latest(_requests_registry()) + generate_latest(_Now(at))


def _requests_registry() -> CollectorRegistry:
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return _counted
    everybody = CollectorRegistry()
    MultiProcessCollector(everybody)  # type: ignore[no-untyped-call]  # registers itself
    return everybody


class _Now(CollectorRegistry):
    """The figures at one instant; a database that does not answer is a figure too."""

    def __init__(self, at: datetime) -> None:
        super().__init__()
        self.register(_Figures(at))


class _Figures(Collector):
    def __init__(self, at: datetime) -> None:
        self._at = at

    def collect(self) -> Iterator[Metric]:
        try:
            with transaction.atomic():
                found = list(_of_database(self._at))
        except DatabaseError as error:
            logger.error("The figures cannot be read: %s", error)
            found = []
        yield _one("database_up", "1 when the database answers.", float(bool(found)))
        yield from found
        room = figures.disk()
        yield _many(
            "disk_bytes",
            "The file system under the data folder.",
            "kind",
            {"free": room.free, "total": room.total},
        )


def _of_database(at: datetime) -> Iterator[Metric]:
    jobs = GaugeMetricFamily(
        "afterclose_jobs", "Background jobs that are not done.", labels=["queue", "state"]
    )
    oldest = GaugeMetricFamily(
        "afterclose_jobs_oldest_seconds",
        "How long the oldest job has waited that could run.",
        labels=["queue"],
    )
    for queue in figures.queues(at):
        for state in ("waiting", "later", "running", "failed"):
            jobs.add_metric([queue.name, state], getattr(queue, state))
        oldest.add_metric([queue.name], queue.oldest_seconds)
    yield jobs
    yield oldest
    yield _one("workers", "Workers that live.", figures.workers())
    schedules = background.schedules(at)
    yield _many(
        "schedule_last_due_timestamp_seconds",
        "When a schedule's last run was due.",
        "job",
        {each.job: each.last_due_at.timestamp() for each in schedules if each.last_due_at},
    )
    yield _many(
        "schedule_missed",
        "1 for a schedule whose run is missing.",
        "job",
        {each.job: float(each.is_missed) for each in schedules},
    )
    site = figures.site(at)
    yield _one("businesses", "Businesses of this site.", site.businesses)
    yield _many(
        "nightly_last_finished_timestamp_seconds",
        "When a business's last nightly run ended, by its number.",
        "business",
        {str(key): value.timestamp() for key, value in site.nightly.items()},
    )
    yield _one("nightly_late", "Businesses without a run for 26 hours.", site.nightly_late)
    yield _many(
        "mails",
        "Mails that wait or were given up.",
        "state",
        {"waiting": site.mails_waiting, "failed": site.mails_failed},
    )
    yield _one("mails_oldest_seconds", "Age of the oldest that waits.", site.mails_oldest_seconds)
    yield _one("webhook_deliveries_waiting", "Deliveries to send.", site.webhooks_waiting)
    yield _one("webhooks_behind", "Webhooks that are ten minutes late.", site.webhooks_behind)
    yield _one(
        "webhooks_oldest_seconds",
        "How long the oldest delivery has been ready.",
        site.webhooks_oldest_seconds,
    )
    yield _one("database_bytes", "Size of the database.", figures.database_bytes())


def _one(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"afterclose_{name}", text, value=value)


def _many(name: str, text: str, label: str, values: dict[str, float]) -> Metric:
    family = GaugeMetricFamily(f"afterclose_{name}", text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
