"""The private calendar link (CS-90): read by a calendar library, asked for by a stranger."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from icalendar import Calendar

from afterclose.businesses.actors import Actor
from afterclose.businesses.models import Membership, Role
from afterclose.tasks import actions, calendar
from afterclose.tasks.models import CalendarLink, Task
from tests.cast import Cast
from tests.factories import MONDAY, MORNING

SignIn = Callable[[Actor | None], Client]


@pytest.fixture(autouse=True)
def _monday_morning() -> Iterator[None]:
    with time_machine.travel(MORNING, tick=False):
        yield


@pytest.fixture
def secret(cast: Cast) -> str:
    """Marek's link; he has a task, and so has Dana."""
    with cast.at_work():
        for actor, title in ((cast.manager, "Call Ada, now; or later"), (cast.owner, "Dana's own")):
            actions.add_task(
                actor=cast.owner, at=MORNING, title=title, notes="One\ntwo",
                assignee=actor.membership, due_on=MONDAY + timedelta(days=2), account=cast.acme,
            )  # fmt: skip
        return calendar.renew_link(actor=cast.manager, at=MORNING)


def feed(secret: str, **headers: str) -> tuple[int, bytes, str]:
    answer = Client().get(f"/tasks/calendar/{secret}.ics", headers=headers)
    return answer.status_code, answer.content, answer.get("ETag", "")


def test_the_link_shows_ones_own_open_tasks_as_whole_days(cast: Cast, secret: str) -> None:
    status, body, _ = feed(secret)

    assert status == 200
    read = Calendar.from_ical(body)
    assert str(read["x-wr-calname"]) == "Tasks at Northwind"
    [entry] = read.walk("VEVENT")
    assert str(entry["summary"]) == "Call Ada, now; or later (Acme)"
    assert entry.decoded("dtstart") == MONDAY + timedelta(days=2)
    assert entry.decoded("dtend") == MONDAY + timedelta(days=3)
    assert "One\ntwo" in str(entry["description"])
    assert b"Dana" not in body


def test_only_a_digest_of_the_secret_is_stored(cast: Cast, secret: str) -> None:
    link = CalendarLink.objects.get()
    assert secret not in (link.digest, str(link.__dict__))
    assert len(secret) >= 43


def test_what_has_not_changed_is_not_sent_again(cast: Cast, secret: str) -> None:
    _, _, etag = feed(secret)
    assert feed(secret, If_None_Match=etag)[:2] == (304, b"")

    with cast.at_work():
        task = Task.objects.get(assignee=cast.manager.membership)
        actions.complete(actor=cast.manager, at=MORNING, task_id=task.pk)
    status, body, changed = feed(secret, If_None_Match=etag)
    assert (status, changed != etag) == (200, True)
    assert not Calendar.from_ical(body).walk("VEVENT")


def test_a_renewed_link_replaces_the_old_one_and_a_revoked_one_is_gone(
    cast: Cast, secret: str, sign_in: SignIn
) -> None:
    client = sign_in(cast.manager)
    shown = client.post("/tasks/calendar/")
    assert shown["Cache-Control"] == "no-store"
    [fresh] = set(re.findall(r"/tasks/calendar/([\w-]+)\.ics", shown.content.decode()))
    assert (feed(secret)[0], feed(fresh)[0]) == (404, 200)
    assert fresh not in client.get("/tasks/calendar/").content.decode()

    client.post("/tasks/calendar/", {"do": "revoke"})
    assert feed(fresh)[0] == 404


@pytest.mark.parametrize("change", [{"deactivated_at": MORNING}, {"role": Role.MEMBER}])
def test_who_has_left_or_lost_the_right_shows_nothing(
    cast: Cast, secret: str, change: dict
) -> None:
    with cast.at_work():
        Membership.objects.filter(pk=cast.manager.membership_id).update(**change)
    assert feed(secret)[0] == 404


def test_a_guess_finds_nothing(cast: Cast, secret: str) -> None:
    assert feed("x" * 43)[0] == 404
    assert feed(CalendarLink.objects.get().digest)[0] == 404
