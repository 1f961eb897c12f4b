"""What a transactional test wrote is gone after it, though Django's own way is not used."""

from __future__ import annotations

import os

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from psycopg import sql

from afterclose.config.jobs import forget_old_jobs
from afterclose.kit.postgres.cluster import SUPERUSER, embedded
from tests import emptying
from tests.cast import assemble
from tests.guards.rows import make_rows

# The marked tests run wherever the server is our own, so in CI; elsewhere Django empties the tables
# in its own way, and there is nothing of ours to prove.
elsewhere = pytest.mark.skipif(
    "DATABASE_URL" in os.environ, reason="only the embedded server lets us be its superuser"
)


def filled() -> set[str]:
    """Tables of models that have a row, seen past row-level security."""
    tables = [model._meta.db_table for model in apps.get_models() if model._meta.managed]
    tables += emptying.of_jobs()
    with embedded().connect(SUPERUSER, str(connection.settings_dict["NAME"])) as superuser:
        return {
            table
            for table in tables
            if superuser.execute(
                sql.SQL("SELECT 1 FROM {} LIMIT 1").format(sql.Identifier(table))
            ).fetchone()
        }


@elsewhere
def test_nothing_is_left_but_content_types_and_permissions(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What tests before this one took back still fills the files of their tables.
    monkeypatch.setattr(emptying, "MOST_BYTES", 1 << 40)
    kinds = ContentType.objects.count()
    with transaction.atomic():
        cast = assemble()
        with cast.at_work():
            rows = make_rows(cast.business.id)
    forget_old_jobs.defer(timestamp=0)
    assert {model._meta.db_table for model in rows} | {"procrastinate_jobs"} <= filled()
    assert emptying.empty_quickly()
    assert filled() <= emptying.STAYS
    assert ContentType.objects.count() == kinds > 0


@elsewhere
def test_a_table_that_has_grown_is_left_to_django(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction.atomic():
        assemble()
    monkeypatch.setattr(emptying, "MOST_BYTES", 1)
    assert not emptying.empty_quickly()
    assert filled() - emptying.STAYS
