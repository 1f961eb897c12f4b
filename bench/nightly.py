"""The nightly health run of a whole book, and the bare writes of the very same rows.

Bare: one session, plain SQL on the same server: INSERT of the snapshots of the day into a table
that is identical (columns, indexes, checks, foreign keys, row-level security), and UPDATE of
an identical table of current scores. It reads nothing that has to be computed.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import transaction

from afterclose.businesses.models import Business
from afterclose.businesses.settings import settings_of
from afterclose.businesses.tenancy import business_context
from afterclose.health.models import Snapshot
from afterclose.kit import clock
from bench import measuring
from bench.measuring import Measured, stopwatch
from bench.owner import as_owner, owner_connection


@dataclass(frozen=True)
class Night:
    """One measured night."""

    accounts: int
    processes: int
    run: Measured
    bare: Measured

    @property
    def ratio(self) -> float:
        """How much longer the run took than its bare writes."""
        return self.run.seconds / self.bare.seconds


def night(business: Business, processes: int) -> Night:
    """Measure tonight's run; afterwards the book is as it was before."""
    with business_context(business.id):
        today = clock.today_in(settings_of(business.id).time_zone)
    _turn_back(business.id, today)
    as_owner("VACUUM (ANALYZE) health_score, health_snapshot")
    _checkpoint()
    words = ["take_health_snapshots", "--business", business.slug, "--processes", str(processes)]
    run = measuring.command(*words)
    with business_context(business.id), transaction.atomic():
        accounts = Snapshot.objects.filter(on=today).count()
    bare = _bare(business.id, today)
    return Night(accounts, processes, run, bare)


def _checkpoint() -> None:
    """So that no measurement pays for the writes before it; only where the role may."""
    with contextlib.suppress(psycopg.errors.InsufficientPrivilege):
        as_owner("CHECKPOINT")


def _turn_back(business_id: int, today: Any) -> None:
    """Take back a run of today, so that the next one is the first of its day again."""
    with owner_connection(autocommit=False) as connection:
        _enter(connection, business_id)
        given = {"on": today}
        connection.execute('DELETE FROM health_snapshot WHERE "on" = %(on)s', given)
        connection.execute(
            'UPDATE health_score SET "on" = %(on)s::date - 1 WHERE "on" = %(on)s', given
        )
        connection.execute(
            "DELETE FROM health_runpart WHERE run_id IN"
            ' (SELECT id FROM health_nightlyrun WHERE "on" = %(on)s)',
            given,
        )
        connection.execute('DELETE FROM health_nightlyrun WHERE "on" = %(on)s', given)


def _enter(connection: Any, business_id: int) -> None:
    connection.execute("SELECT set_config('app.business_id', %s, true)", [str(business_id)])


_POLICY = "USING (business_id = NULLIF(current_setting('app.business_id', true), '')::bigint)"
_INSERT = """
    INSERT INTO bench_health_snapshot
           (business_id, account_id, "on", score, coverage, scorecard_version, breakdown)
    SELECT business_id, account_id, "on", score, coverage, scorecard_version, breakdown
      FROM bench_source ORDER BY account_id
"""
_UPDATE = """
    UPDATE bench_health_score s
       SET score = t.score, coverage = t.coverage, "on" = t."on",
           previous_score = s.score, previous_on = s."on", held_score = t.score
      FROM bench_source t
     WHERE s.business_id = t.business_id AND s.account_id = t.account_id
"""


def _bare(business_id: int, today: Any) -> Measured:
    with owner_connection() as connection:
        for table in ("health_snapshot", "health_score"):
            _twin(connection, table)
        with connection.transaction():
            _enter(connection, business_id)
            connection.execute("DROP TABLE IF EXISTS bench_source")
            connection.execute(
                'CREATE TABLE bench_source AS SELECT * FROM health_snapshot WHERE "on" = %s',
                [today],
            )
            # The scores as they were before the run: the rows that an UPDATE replaces.
            connection.execute("INSERT INTO bench_health_score SELECT * FROM health_score")
        for table in ("bench_source", "bench_health_score", "bench_health_snapshot"):
            connection.execute(f"VACUUM (ANALYZE) {table}")
        _checkpoint()
        with stopwatch() as took, connection.transaction():
            _enter(connection, business_id)
            connection.execute(_INSERT)
            connection.execute(_UPDATE)
        for table in ("bench_source", "bench_health_snapshot", "bench_health_score"):
            connection.execute(f"DROP TABLE {table}")
    return took


def _twin(connection: Any, table: str) -> None:
    """A table like another one in everything: also foreign keys and row-level security."""
    twin = f"bench_{table}"
    connection.execute(f"DROP TABLE IF EXISTS {twin}")
    connection.execute(f"CREATE TABLE {twin} (LIKE {table} INCLUDING ALL)")
    keys = connection.execute(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = %s::regclass AND contype = 'f'",
        [table],
    ).fetchall()
    for (definition,) in keys:
        connection.execute(f"ALTER TABLE {twin} ADD {definition}")
    connection.execute(f"ALTER TABLE {twin} ENABLE ROW LEVEL SECURITY")
    connection.execute(f"ALTER TABLE {twin} FORCE ROW LEVEL SECURITY")
    connection.execute(f"CREATE POLICY tenant ON {twin} {_POLICY}")
