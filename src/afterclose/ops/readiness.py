"""Whether the product can serve: what `/readyz` answers, each check with what to do (OP-1)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils.formats import date_format
from django.utils.timezone import localtime

from afterclose.businesses import audit_chain
from afterclose.businesses.actors import Actor

logger = logging.getLogger(__name__)

State = Literal["ok", "degraded", "failed"]

# A worker tells every ten seconds that it lives; three missed and it counts as gone.
WORKER_SILENT_AFTER_SECONDS = 35
# Work that waits longer than this has too few workers, or none.
QUEUE_LATE_AFTER_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `advice` says what to do unless it is ok."""

    name: str
    state: State
    detail: str
    advice: str = ""


def checks() -> list[Check]:
    """Look at everything; after the database has failed, nothing else is asked."""
    first = _guarded("database", _database)
    if first.state == "failed":
        return [first]
    return [first, *(_guarded(name, look) for name, look in _LOOKS.items())]


def overall(found: list[Check]) -> State:
    """Failed when something failed, degraded when something is, else ok."""
    states = {check.state for check in found}
    return "failed" if "failed" in states else "degraded" if "degraded" in states else "ok"


def _guarded(name: str, look: Callable[[], Check]) -> Check:
    try:
        with transaction.atomic():
            return look()
    except DatabaseError as error:
        # The answer is for everybody and the message may name hosts and users: it goes to the log.
        logger.error("The check “%s” failed: %s", name, error)
        return Check(
            name,
            "failed",
            "does not answer; the log says more",
            "Start PostgreSQL, or correct DATABASE_URL.",
        )


def _database() -> Check:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return Check("database", "ok", "answers")


def _migrations() -> Check:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        names = ", ".join(f"{each.app_label}.{each.name}" for each, _ in missing[:5])
        return Check("migrations", "failed", f"not applied: {names}", "Run afterclose migrate.")
    return Check("migrations", "ok", "all applied")


def _workers() -> Check:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM procrastinate_workers"
            " WHERE last_heartbeat > now() - make_interval(secs => %s)",
            [WORKER_SILENT_AFTER_SECONDS],
        )
        [alive] = cursor.fetchone()
    if not alive:
        return Check("workers", "degraded", "none is running", "Run afterclose serve.")
    return Check("workers", "ok", f"{alive} running")


def _queue() -> Check:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(extract(epoch FROM now() - min(coalesce(scheduled_at,"
            " (SELECT min(at) FROM procrastinate_events e"
            "  WHERE e.job_id = j.id AND e.type = 'deferred')))), 0)"
            " FROM procrastinate_jobs j"
            " WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now())"
        )
        waiting, oldest = cursor.fetchone()
    detail = f"{waiting} waiting, the oldest for {int(oldest)} s"
    if oldest > QUEUE_LATE_AFTER_SECONDS:
        return Check("queue", "degraded", detail, "Start more workers, or look at what they do.")
    return Check("queue", "ok", detail)


def audit_log(viewer: Actor) -> Check:
    """Whether the business's audit log was untouched when somebody last looked (OP-7)."""
    chain = audit_chain.state(viewer)
    if chain is None or chain.verified_at is None:
        return Check("audit log", "ok", "not looked at yet; that happens every night")
    when = date_format(localtime(chain.verified_at), "DATETIME_FORMAT")
    if chain.problem:
        return Check(
            "audit log",
            "failed",
            f"{chain.problem} (seen {when})",
            "Run afterclose audit_verify and compare with a backup; see docs/threat-model.md.",
        )
    return Check("audit log", "ok", f"nothing was changed in {chain.number} entries, seen {when}")


_LOOKS: dict[str, Callable[[], Check]] = {
    "migrations": _migrations,
    "workers": _workers,
    "queue": _queue,
}
