"""The businesses that are measured: sample data of a size, made once and kept."""

from __future__ import annotations

import time
from datetime import timedelta

from django.db import connection, transaction

from afterclose.businesses import actors
from afterclose.businesses.actions import create_business
from afterclose.businesses.models import Business
from afterclose.businesses.tenancy import business_context
from afterclose.kit import clock
from afterclose.ops.models import SampleSet
from afterclose.ops.sample import actions, queries
from afterclose.tasks.models import Task
from bench.measuring import stopwatch
from bench.multiply import multiply
from bench.owner import as_owner

#: Larger books are copies of one of this size: the same rows in a tenth of the time.
GENERATED = 100_000
PASSWORD = "bench-afterclose"


def book(size: int) -> tuple[Business, float]:
    """The business with so many sample accounts, and the seconds it took (0: it was there).

    Its scores are of yesterday, so that the run that is measured makes those of a new day.
    """
    slug = f"bench-{size}"
    yesterday = clock.now() - timedelta(days=1)
    business = Business.objects.filter(slug=slug).first()
    if business is None:
        create_business(
            name=f"Bench {size:,}",
            slug=slug,
            owner_email=f"owner@{slug}.example",
            owner_name="Bench Owner",
            password=PASSWORD,
            at=yesterday,
        )
        business = Business.objects.get(slug=slug)
    begun = time.perf_counter()
    with business_context(business.id), stopwatch() as took:
        actor = actors.system(business.id)
        with transaction.atomic():
            found = SampleSet.objects.first()
        if found is not None and found.finished_at is not None:
            return business, 0.0
        if found is None and size > GENERATED:
            _multiplied(business, size)
            return business, time.perf_counter() - begun
        if found is None:
            actions.begin(actor=actor, at=yesterday, size=size, seed=7)
        actions.go_on(actor=actor, at=yesterday, tell=_tell)
    # Statistics and visibility as a database has them that was not filled a minute ago.
    as_owner("VACUUM (ANALYZE)")
    return business, took.seconds


def _multiplied(business: Business, size: int) -> None:
    """Ten copies of a tenth; a smaller book is made first where there is none."""
    source, _ = book(size // 10)
    with business_context(business.id), transaction.atomic():
        SampleSet.objects.create(
            size=size, seed=7, on=clock.now().date(), accounts=size, begun_at=clock.now()
        )
    multiply(source.id, business.id, 10)
    with business_context(business.id), transaction.atomic():
        SampleSet.objects.update(finished_at=clock.now())


_TASKS = """
    INSERT INTO tasks_task (business_id, title, notes, due_on, priority, assignee_id, account_id,
                            trigger, created_at, updated_at, completed_at, is_sample)
    SELECT a.business_id, left('Call ' || a.name, 200), '', current_date - 30 + (a.id %% 120)::int,
           (ARRAY['low', 'normal', 'high', 'critical'])[1 + a.id %% 4],
           m.ids[1 + a.id %% cardinality(m.ids)], a.id, '', now(), now(),
           CASE WHEN a.id %% 3 = 0 THEN now() END, true
      FROM accounts_account a, (
           SELECT array_agg(id) FROM businesses_membership WHERE business_id = %(business)s) m(ids)
     WHERE a.business_id = %(business)s
"""


def add_tasks(business: Business) -> None:
    """One task for every account, a third of them done; sample data of this size has none."""
    with business_context(business.id), transaction.atomic(), connection.cursor() as cursor:
        if Task.objects.exists():
            return
        cursor.execute(_TASKS, {"business": business.id})
    as_owner("VACUUM (ANALYZE) tasks_task")


def _tell(found: SampleSet) -> None:
    now = queries.progress(found)
    print(f"   {now.doing}: {now.done:,} of {now.whole:,}", end="\r", flush=True)
