import pytest
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from afterclose.businesses.jobs import JOBS
from afterclose.config.jobs import sweep_reactions

NAME = "config.sweep_reactions_of_business"


def waiting():
    return sorted(
        job.args["business_id"] for job in ProcrastinateJob.objects.filter(task_name=NAME)
    )


def test_a_schedule_queues_one_job_per_business_and_none_twice(cast):
    both = sorted([cast.business.id, cast.stranger.business_id])
    for minute in range(3):
        sweep_reactions(timestamp=minute)
        assert waiting() == both


def test_one_that_still_waits_keeps_no_other_business_back(cast):
    sweep_reactions(timestamp=0)
    first = cast.business.id
    # As if the stranger's had been taken by a worker meanwhile.
    take(cast.stranger.business_id)
    sweep_reactions(timestamp=1)
    assert waiting() == sorted([first, cast.stranger.business_id, cast.stranger.business_id])


def take(business_id):
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'doing'"
            " WHERE task_name = %s AND (args->>'business_id')::bigint = %s",
            [NAME, business_id],
        )


@pytest.mark.parametrize("wrong", [-1, 0])
def test_a_job_for_a_business_that_does_not_exist_does_nothing(cast, wrong):
    JOBS[NAME](wrong)
    assert waiting() == []
