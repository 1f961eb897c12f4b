"""A crash between reactions, or within one: each happens exactly once in the end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from afterclose.accounts import timeline
from afterclose.accounts.models import Account, Event, Reaction
from afterclose.businesses.jobs import JOBS
from afterclose.config import jobs
from tests.cast import Cast
from tests.factories import MORNING

HERE = "tests.walks.test_reactions_run_once"
crashes: list[str] = []


class Killed(BaseException):
    """Stands for the process going away: nothing in the product catches it."""


def add_seat(event_id: int) -> None:
    """An effect that would show if it happened twice."""
    account = Account.objects.get(events__id=event_id)
    Account.objects.filter(id=account.id).update(seats=(account.seats or 0) + 1)
    if "first" in crashes:
        crashes.remove("first")
        raise Killed


def rename(event_id: int) -> None:
    """Another one."""
    account = Account.objects.get(events__id=event_id)
    Account.objects.filter(id=account.id).update(plan=account.plan + "+")
    if "second" in crashes:
        crashes.remove("second")
        raise Killed


@pytest.fixture
def told(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Event:
    """A fact with two reactions, told an hour ago."""
    monkeypatch.setitem(
        jobs.REACTIONS, "test.told", {"seat": f"{HERE}.add_seat", "plan": f"{HERE}.rename"}
    )
    monkeypatch.setattr(timeline, "reactive_kinds", timeline.reactive_kinds | {"test.told"})
    crashes.clear()
    with cast.at_work():
        event = timeline.record(
            "test.told", actor=cast.owner, at=MORNING, title="Told", account_id=cast.acme.id
        )
        Event.objects.filter(id=event.id).update(recorded_at=timezone.now() - timedelta(hours=1))
    return event


def run(cast: Cast, event: Event) -> None:
    JOBS["config.run_reactions"](cast.business.id, event_ids=[event.id])


def state(cast: Cast, event: Event) -> tuple[int, str, bool, int]:
    with cast.at_work():
        account = Account.objects.get(id=cast.acme.id)
        event.refresh_from_db()
        done = Reaction.objects.filter(event=event).count()
        return account.seats or 0, account.plan, event.reacted_at is not None, done


def test_reactions_run_once_however_often_the_job_does(cast: Cast, told: Event) -> None:
    for _ in range(3):
        run(cast, told)
    assert state(cast, told) == (26, "Pro+", True, 2)


@pytest.mark.parametrize("crash", ["first", "second"])
def test_a_crash_within_a_reaction_takes_its_effect_along_and_no_other(
    cast: Cast, told: Event, crash: str
) -> None:
    crashes.append(crash)
    with pytest.raises(Killed):
        run(cast, told)
    halfway = (25, "Pro", False, 0) if crash == "first" else (26, "Pro", False, 1)
    assert state(cast, told) == halfway
    run(cast, told)
    assert state(cast, told) == (26, "Pro+", True, 2)


def test_the_sweeper_finds_what_a_crash_left(cast: Cast, told: Event) -> None:
    crashes.append("second")
    with pytest.raises(Killed):
        run(cast, told)
    before = ProcrastinateJob.objects.count()
    JOBS["config.sweep_reactions_of_business"](cast.business.id)
    job = ProcrastinateJob.objects.latest("id")
    assert ProcrastinateJob.objects.count() == before + 1
    assert (job.task_name, job.args["event_ids"]) == ("config.run_reactions", [told.id])
    JOBS[job.task_name](**job.args)
    assert state(cast, told) == (26, "Pro+", True, 2)
    JOBS["config.sweep_reactions_of_business"](cast.business.id)
    assert ProcrastinateJob.objects.count() == before + 1, "nothing is left to sweep"


def test_a_fact_without_reactions_costs_no_job(cast: Cast) -> None:
    with cast.at_work():
        event = timeline.record(
            "nobody.cares", actor=cast.owner, at=MORNING, title="Quiet", account_id=cast.acme.id
        )
    assert event.reacted_at is not None
