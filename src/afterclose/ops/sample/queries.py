"""What the page about sample data shows."""

from __future__ import annotations

from typing import NamedTuple

from django.db import connection
from psycopg import Cursor, sql

from afterclose.accounts.models import Account
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require
from afterclose.ops.models import SampleSet
from afterclose.ops.sample import destroying
from afterclose.ops.sample.frame import detail_of


class Progress(NamedTuple):
    """How far a set has come: what is being done, and how much of how much."""

    doing: str
    done: int
    whole: int

    @property
    def percentage(self) -> int:
        """Of this step."""
        return 100 * self.done // self.whole if self.whole else 100


def sample_set(viewer: Actor) -> SampleSet | None:
    """The business's set, if it has one."""
    require(viewer, Right.SAMPLE_DATA)
    return SampleSet.objects.first()


def progress(found: SampleSet) -> Progress:
    """What the job does now."""
    if found.destroying_since is not None:
        left = Account.objects.filter(is_sample=True).count()
        return Progress("Deleting accounts", max(0, found.accounts - left), found.accounts)
    if found.accounts < found.size:
        return Progress("Writing accounts", found.accounts, found.size)
    days = len(detail_of(found.size).score_days)
    if found.scored_days < days:
        return Progress("Scoring past days", found.scored_days, days)
    return Progress("Scoring today", int(found.finished_at is not None), 1)


def what_would_go(viewer: Actor) -> list[tuple[str, int]]:
    """How many rows of each kind destroying would delete, the most first."""
    require(viewer, Right.SAMPLE_DATA)
    found: dict[str, int] = {}
    where = sql.SQL("is_sample")
    with Cursor(connection.connection) as cursor:
        for step in destroying.steps(Account, where):
            if not step.column and (row := cursor.execute(step.counting).fetchone()):
                name = str(step.model._meta.verbose_name_plural)
                found[name] = found.get(name, 0) + row[0]
    return sorted(((k, v) for k, v in found.items() if v), key=lambda each: -each[1])
