"""A job does its work for its business alone, whatever ids it is called with."""

from __future__ import annotations

import inspect
from typing import Any

from django.core import mail
from django.core.exceptions import ObjectDoesNotExist
from django.db import connection, transaction

from afterclose.businesses.jobs import JOBS
from afterclose.config.schedule import SCHEDULES
from tests.guards.databases import tenant_tables
from tests.guards.world import World, world

__all__ = ["world"]

# Values for parameters that name no row.
PLAIN: dict[str, Any] = {"invited_by": "Sam", "timestamp": 0, "lane": 0}


def arguments(name: str, world: World) -> dict[str, Any]:
    """Northwind's ids for the parameters of a job."""
    values = {**world.values, **PLAIN, "event_ids": [world.values["event_id"]]}
    parameters = [
        each for each in inspect.signature(JOBS[name]).parameters if each != "business_id"
    ]
    unknown = set(parameters) - set(values)
    assert not unknown, f"{name}: add samples for {unknown} to tests/guards"
    return {each: values[each] for each in parameters}


def everything(world: World) -> dict[str, str]:
    """A fingerprint of every tenant table of Northwind."""
    found = {}
    with world.cast.at_work(), connection.cursor() as cursor:
        for table in tenant_tables():
            cursor.execute(
                f"SELECT md5(COALESCE(string_agg(t::text, '|' ORDER BY id), '')) FROM {table} t"
            )
            found[table] = cursor.fetchone()[0]
    return found


def test_a_job_called_with_ids_of_another_business_does_nothing_to_it(world: World) -> None:
    before = everything(world)
    for name, job in JOBS.items():
        if "business_id" not in inspect.signature(job).parameters:
            continue
        try:
            with transaction.atomic():
                job(world.cast.stranger.business_id, **arguments(name, world))
        except ObjectDoesNotExist:
            pass  # for that business the row does not exist
        assert everything(world) == before, f"{name} wrote to another business"
        assert mail.outbox == [], f"{name} mailed about another business"


def test_every_schedule_names_a_job_and_has_a_purpose() -> None:
    for schedule in SCHEDULES:
        assert schedule.purpose
        assert len(schedule.cron.split()) == 5
    jobs = [schedule.job for schedule in SCHEDULES]
    assert len(jobs) == len(set(jobs))
