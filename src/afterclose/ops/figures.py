"""How much work there is and how old it is, over the whole site; names no business's data (OP-1).

`/readyz`, `/metrics` and the page of operations all read these functions. What lies in tables of
businesses is asked one business after the other: row-level security shows no more at once.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from afterclose.businesses.models import Business
from afterclose.businesses.permissions import Right
from afterclose.businesses.settings import remember_settings, settings_of
from afterclose.businesses.tenancy import business_context
from afterclose.health import queries as health
from afterclose.notifications import queries as mails
from afterclose.webhooks import queries as webhooks

#: A worker tells every ten seconds that it lives; three missed and it counts as gone.
WORKER_SILENT_AFTER_SECONDS = 35
#: The nightly run is due every 24 hours, and has two for its work.
NIGHTLY_LATE_AFTER = timedelta(hours=26)


@dataclass(frozen=True, slots=True)
class Queue:
    """Jobs of one queue. ``waiting`` could run now, ``later`` are for a later time (a retry
    among them); ``oldest_seconds`` is how long the oldest that waits does."""

    name: str
    waiting: int = 0
    later: int = 0
    running: int = 0
    failed: int = 0
    oldest_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Site:
    """Sums over every business. ``behind`` counts webhooks with something that should have gone
    ten minutes ago; seconds are those of the oldest, 0 where nothing waits."""

    businesses: int
    mails_waiting: int
    mails_failed: int
    mails_oldest_seconds: float
    webhooks_waiting: int
    webhooks_behind: int
    webhooks_oldest_seconds: float
    nightly: dict[int, datetime]
    nightly_late: int


@dataclass(frozen=True, slots=True)
class Disk:
    """Bytes of the file system under the data folder."""

    total: int
    free: int

    @property
    def free_share(self) -> float:
        """From 0 to 1."""
        return self.free / self.total if self.total else 1.0


_JOBS = """
    WITH open AS (
        SELECT queue_name,
               count(*) FILTER (WHERE status = 'todo' AND due) AS waiting,
               count(*) FILTER (WHERE status = 'todo' AND NOT due) AS later,
               count(*) FILTER (WHERE status = 'doing') AS running,
               min(scheduled_at) FILTER (WHERE status = 'todo' AND due) AS scheduled,
               -- Numbers rise, so the lowest of those without a time was put there first.
               min(id) FILTER (WHERE status = 'todo' AND scheduled_at IS NULL) AS first_id
          FROM (SELECT *, scheduled_at IS NULL OR scheduled_at <= %(at)s AS due
                  FROM procrastinate_jobs WHERE status IN ('todo', 'doing')) AS jobs
         GROUP BY queue_name
    ), failed AS (
        SELECT queue_name, count(*) AS failed FROM procrastinate_jobs
         WHERE status = 'failed' GROUP BY queue_name
    )
    SELECT queue_name, coalesce(waiting, 0), coalesce(later, 0), coalesce(running, 0),
           coalesce(failed, 0),
           greatest(0, coalesce(extract(epoch FROM %(at)s - least(scheduled, (
               SELECT min(e.at) FROM procrastinate_events e
                WHERE e.job_id = first_id AND e.type = 'deferred'))), 0))::float8
      FROM open FULL JOIN failed USING (queue_name)
     ORDER BY queue_name
"""


def queues(at: datetime) -> list[Queue]:
    """Every queue that has jobs which are not done, by name."""
    with connection.cursor() as cursor:
        cursor.execute(_JOBS, {"at": at})
        return [Queue(*row) for row in cursor.fetchall()]


def workers() -> int:
    """How many workers live."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM procrastinate_workers"
            " WHERE last_heartbeat > now() - make_interval(secs => %s)",
            [WORKER_SILENT_AFTER_SECONDS],
        )
        return int(cursor.fetchone()[0])


def database_bytes() -> int:
    """What the database takes on its server's disk."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])


def disk() -> Disk:
    """Room where uploaded files lie, and the embedded database too."""
    usage = shutil.disk_usage(settings.DATA_DIR)
    return Disk(usage.total, usage.free)


def site(at: datetime) -> Site:
    """Mails, webhooks and nightly runs of every business, added up."""
    waiting = failed = to_send = behind = late = 0
    oldest_mail = oldest_webhook = at
    nightly: dict[int, datetime] = {}
    found = list(Business.objects.order_by("id").values_list("id", "created_at"))
    for business_id, created_at in found:
        with remember_settings(), business_context(business_id), transaction.atomic():
            post = mails.mail_counts()
            hooks = webhooks.lag(at)
            last = health.last_finished()
            has_health = settings_of(business_id).is_on(Right.HEALTH_VIEW)
        waiting, failed = waiting + post.waiting, failed + post.given_up
        oldest_mail = min(oldest_mail, post.oldest or at)
        to_send, behind = to_send + hooks.waiting, behind + hooks.behind
        oldest_webhook = min(oldest_webhook, hooks.oldest or at)
        if last is not None:
            nightly[business_id] = last
        late += has_health and (last or created_at) < at - NIGHTLY_LATE_AFTER
    return Site(
        businesses=len(found),
        mails_waiting=waiting,
        mails_failed=failed,
        mails_oldest_seconds=(at - oldest_mail).total_seconds(),
        webhooks_waiting=to_send,
        webhooks_behind=behind,
        webhooks_oldest_seconds=(at - oldest_webhook).total_seconds(),
        nightly=nightly,
        nightly_late=late,
    )
