"""Whether the product can serve: what `/readyz` answers, each check with what to do (OP-1)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.template.defaultfilters import filesizeformat
from django.utils.formats import date_format
from django.utils.timezone import localtime

from afterclose.businesses import audit_chain
from afterclose.businesses.actors import Actor
from afterclose.kit import clock
from afterclose.ops import figures

logger = logging.getLogger(__name__)

State = Literal["ok", "degraded", "failed"]

# Work that waits longer than this has too few workers, or none.
QUEUE_LATE_AFTER_SECONDS = 600
# Below this share the disk fills up within days; below this many bytes PostgreSQL stops writing.
DISK_LOW_SHARE = 0.1
DISK_FULL_BYTES = 200 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `advice` says what to do unless it is ok."""

    name: str
    state: State
    detail: str
    advice: str = ""


def checks(site: figures.Site | None = None) -> list[Check]:
    """Look at everything; after the database has failed, nothing else is asked. ``site`` is for
    who has asked every business already."""
    [first] = _guarded("database", _database)
    if first.state == "failed":
        return [first]
    looks = _LOOKS | ({"webhooks": partial(_judged, site)} if site is not None else {})
    return [first, *(check for name, look in looks.items() for check in _guarded(name, look))]


def overall(found: list[Check]) -> State:
    """Failed when something failed, degraded when something is, else ok."""
    states = {check.state for check in found}
    return "failed" if "failed" in states else "degraded" if "degraded" in states else "ok"


def _guarded(name: str, look: Callable[[], Check | list[Check]]) -> list[Check]:
    try:
        with transaction.atomic():
            found = look()
            return found if isinstance(found, list) else [found]
    except DatabaseError as error:
        # The answer is for everybody and the message may name hosts and users: it goes to the log.
        logger.error("The check “%s” failed: %s", name, error)
        return [
            Check(
                name,
                "failed",
                "does not answer; the log says more",
                "Start PostgreSQL, or correct DATABASE_URL.",
            )
        ]


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
    alive = figures.workers()
    if not alive:
        return Check("workers", "degraded", "none is running", "Run afterclose serve.")
    return Check("workers", "ok", f"{alive} running")


def _queue() -> Check:
    found = figures.queues(clock.now())
    waiting = sum(queue.waiting for queue in found)
    oldest = max((queue.oldest_seconds for queue in found), default=0)
    detail = f"{waiting} waiting, the oldest for {duration(oldest)}"
    if oldest > QUEUE_LATE_AFTER_SECONDS:
        return Check("queue", "degraded", detail, "Start more workers, or look at what they do.")
    return Check("queue", "ok", detail if waiting else "nothing waits")


def _disk() -> Check:
    room = figures.disk()
    detail = f"{filesizeformat(room.free)} of {filesizeformat(room.total)} free"
    if room.free < DISK_FULL_BYTES:
        return Check("disk", "failed", detail, "Make room at once: nothing can be written.")
    if room.free_share < DISK_LOW_SHARE:
        return Check("disk", "degraded", detail, "Make room, or give the data folder more.")
    return Check("disk", "ok", detail)


def _site() -> list[Check]:
    return _judged(figures.site(clock.now()))


def _judged(found: figures.Site) -> list[Check]:
    return [_webhooks(found), _nightly(found)]


def _webhooks(found: figures.Site) -> Check:
    if found.webhooks_behind:
        count, since = found.webhooks_behind, duration(found.webhooks_oldest_seconds)
        return Check(
            "webhooks",
            "degraded",
            f"{count} behind, the oldest delivery should have gone {since} ago",
            "See Settings, Webhooks, whether the receiver answers, and that workers run.",
        )
    return Check("webhooks", "ok", f"none is behind, {found.webhooks_waiting} to send")


def _nightly(found: figures.Site) -> Check:
    if found.nightly_late:
        return Check(
            "nightly run",
            "degraded",
            f"{found.nightly_late} of {found.businesses} businesses had none for 26 hours",
            "See Settings, Operations, what the schedule health.take_snapshots says.",
        )
    return Check("nightly run", "ok", "none is missing")


def duration(seconds: float) -> str:
    """A length of time in its largest whole unit: 40 s, 12 min, 3 h, 5 days."""
    for unit, size in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"


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


_LOOKS: dict[str, Callable[[], Check | list[Check]]] = {
    "migrations": _migrations,
    "workers": _workers,
    "queue": _queue,
    "disk": _disk,
    "webhooks": _site,
}
