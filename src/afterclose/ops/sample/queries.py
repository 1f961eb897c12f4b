"""What the page about sample data shows."""

from __future__ import annotations

from typing import NamedTuple

from django.db import connection, models
from psycopg import Cursor, sql

from afterclose.accounts.models import Account
from afterclose.businesses.actors import Actor
from afterclose.businesses.permissions import Right, require
from afterclose.ops.models import SampleSet
from afterclose.ops.sample import destroying
from afterclose.ops.sample.frame import detail_of

# What people call the rows; other kinds go by the name of their model.
_WORDS = {
    "accounts.atriskflag": "At-risk flags",
    "accounts.event": "Timeline entries",
    "billing.accountbilling": "Current figures",
    "health.score": "Current health scores",
    "health.snapshot": "Health scores of past days",
    "usage.dailyusage": "Days of use, by user and feature",
    "usage.lastuse": "Dates of first and last use",
}


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
    marked = sql.SQL("is_sample")
    conditions: dict[type[models.Model], list[sql.Composable]] = {}
    for model in destroying.sample_models():
        for step in destroying.steps(model, marked):
            if not step.column:
                conditions.setdefault(step.model, []).append(step.where)
    found: list[tuple[str, int]] = []
    with Cursor(connection.connection) as cursor:
        for model, wheres in conditions.items():
            # A row that hangs on two others goes once.
            either = sql.SQL(" OR ").join(sql.SQL("({})").format(where) for where in wheres)
            table = sql.Identifier(model._meta.db_table)
            counting = sql.SQL("SELECT count(*) FROM {} WHERE {}").format(table, either)
            row = cursor.execute(counting).fetchone()
            if row and row[0]:
                name = _WORDS.get(model._meta.label_lower, str(model._meta.verbose_name_plural))
                found.append((name, row[0]))
    return sorted(found, key=lambda each: (-each[1], each[0]))
