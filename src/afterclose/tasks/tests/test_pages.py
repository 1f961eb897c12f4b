"""The pages of tasks, as their people use them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from afterclose.businesses.actors import Actor
from afterclose.tasks import actions, queries
from afterclose.tasks.lists import TaskList
from afterclose.tasks.models import State, Task
from afterclose.ui.lists.testing import assert_list_works
from tests.cast import Cast
from tests.factories import MONDAY, MORNING

SignIn = Callable[[Actor | None], Client]
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _monday_morning() -> Iterator[None]:
    with time_machine.travel(MORNING, tick=False):
        yield


def add(cast: Cast, title: str, days: int | None, **values: object) -> Task:
    due_on = None if days is None else MONDAY + timedelta(days=days)
    given: dict = {"assignee": cast.manager.membership, "due_on": due_on} | values
    with cast.at_work():
        return actions.add_task(actor=cast.owner, at=MORNING, title=title, **given)


def page(client: Client, url: str, **headers: str) -> str:
    answer = client.get(url, headers=headers)
    assert answer.status_code == 200, url
    return answer.content.decode()


def toasts(answer: object) -> list[dict]:
    return json.loads(answer.headers["HX-Trigger"])["toasts"]["items"]  # type: ignore[attr-defined]


def test_my_tasks_stand_in_their_groups(cast: Cast, sign_in: SignIn) -> None:
    add(cast, "Was due", -3)
    add(cast, "Due now", 0)
    add(cast, "Due on Friday", 4)
    add(cast, "Due next month", 30)
    add(cast, "Some day", None)
    add(cast, "Somebody else's", 0, assignee=cast.admin.membership)

    text = page(sign_in(cast.manager), "/tasks/")

    places = [
        text.index(f">{words}<")
        for words in ("Overdue", "Was due", "Today", "Due now", "This week", "Due on Friday",
                      "Later", "Due next month", "Some day")
    ]  # fmt: skip
    assert places == sorted(places)
    assert "Somebody else" not in text


def test_a_long_group_shows_its_first_tasks_and_says_how_many_there_are(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "SHOWN_IN_GROUP", 2)
    for title, days, priority in [
        ("Third", -1, "low"),
        ("Second", -1, "high"),
        ("First", -2, "low"),
        ("Undated", None, "low"),
        ("Next month", 30, "low"),
        ("Undated, but critical", None, "critical"),
    ]:
        add(cast, title, days, priority=priority)

    with cast.at_work():
        overdue, later = queries.sections(cast.manager, MONDAY)

    assert [task.title for task in overdue.rows] == ["First", "Second"]
    assert [task.title for task in later.rows] == ["Next month", "Undated, but critical"]
    assert (overdue.count, later.count) == (3, 3)
    assert overdue.has_more


def test_a_line_is_enough_to_add_a_task_for_oneself(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.manager)

    answer = client.post(
        "/tasks/quick/", {"title": "Send the deck", "due_on": "2026-03-04"}, headers=HTMX
    )

    assert "tasks-changed" in answer.headers["HX-Trigger"]
    assert "Send the deck" in page(client, "/tasks/panels/groups/")
    assert client.post("/tasks/quick/", {"title": ""}, headers=HTMX).status_code == 422
    assert client.post("/tasks/quick/", {"title": "Without htmx"}).headers["Location"] == "/tasks/"


def test_a_ticked_task_goes_and_undo_brings_it_back(cast: Cast, sign_in: SignIn) -> None:
    task, client = add(cast, "Call Ada", 0), sign_in(cast.manager)

    answer = client.post(reverse("tasks:complete", args=[task.pk]), headers=HTMX)
    [toast] = toasts(answer)
    assert toast["text"] == "Call Ada completed"
    assert "Call Ada" not in page(client, "/tasks/panels/groups/")

    client.post(toast["undo"], headers=HTMX)
    assert "Call Ada" in page(client, "/tasks/panels/groups/")


def test_a_deleted_task_comes_back_by_undo(cast: Cast, sign_in: SignIn) -> None:
    task, client = add(cast, "Call Ada", 0), sign_in(cast.manager)

    [toast] = toasts(client.post(reverse("tasks:delete", args=[task.pk]), headers=HTMX))
    assert "can be restored" not in page(client, "/tasks/")
    assert "Restore task" in page(client, reverse("tasks:detail", args=[task.pk]))
    client.post(toast["undo"], headers=HTMX)

    with cast.at_work():
        assert Task.objects.get(pk=task.pk).state == State.OPEN


def test_the_form_adds_a_task_for_an_account(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.manager)
    form = page(client, f"/tasks/add/?account={cast.acme.id}")
    assert ">Acme<" in form
    assert ">Birch<" not in form  # the others come as one types

    client.post(
        "/tasks/add/",
        {"title": "Plan the review", "priority": "high", "account": cast.acme.id,
         "assignee": cast.owner.membership_id, "due_on": "2026-03-09"},
    )  # fmt: skip

    text = page(client, f"/tasks/panels/account/{cast.acme.id}/")
    assert "Plan the review" in text
    assert "Dana Reyes" in text


def test_what_does_not_fit_is_said_at_the_form(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.manager)

    wrong = client.post(
        "/tasks/add/", {"title": "x", "priority": "normal", "account": cast.foreign.id}
    )

    assert wrong.status_code == 422
    assert client.post("/tasks/add/", {"title": "", "priority": "normal"}).status_code == 422


def test_accounts_and_contacts_are_offered_as_one_types(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.manager)
    assert client.get("/tasks/accounts/?q=bir").json() == [
        {"value": str(cast.birch.id), "text": "Birch"}
    ]
    assert (
        client.get("/accounts/contacts/options/?q=ada")
        .json()[0]["text"]
        .startswith("Ada Lind (Acme")
    )
    assert client.get("/accounts/contacts/options/?q=foreign").json() == []


def test_the_list_of_all_tasks_works(at_work: Cast) -> None:
    for n in range(5):
        add(at_work, f"Task {n}", n - 2, account=at_work.acme)
    add(at_work, "Some day", None, assignee=None)
    assert_list_works(TaskList, at_work.manager, today=MONDAY)


def test_mine_in_the_list_is_whoever_looks(cast: Cast, sign_in: SignIn) -> None:
    add(cast, "Marek's", 0)
    add(cast, "Dana's", 0, assignee=cast.owner.membership)

    assert "Marek&#x27;s" in page(sign_in(cast.manager), "/tasks/all/?assignee=me")
    assert "Dana&#x27;s" not in page(sign_in(cast.manager), "/tasks/all/?assignee=me")
    both = f"/tasks/all/?assignee=me&assignee={cast.owner.membership_id}"
    assert "Dana&#x27;s" in page(sign_in(cast.manager), both)


def test_selected_tasks_are_completed_after_a_preview(cast: Cast, sign_in: SignIn) -> None:
    tasks, client = [add(cast, f"Task {n}", 0) for n in range(3)], sign_in(cast.manager)
    chosen = {"bulk": "complete", "ids": [task.pk for task in tasks[:2]]}

    preview = client.post("/tasks/all/", chosen).content.decode()
    assert 'name="confirmed" value="2"' in preview
    with cast.at_work():
        assert Task.objects.filter(state=State.DONE).count() == 0
    client.post("/tasks/all/", chosen | {"confirmed": "2"})

    with cast.at_work():
        assert Task.objects.filter(state=State.DONE).count() == 2
    client.post("/tasks/all/", chosen | {"bulk": "reopen", "confirmed": "2"})

    with cast.at_work():
        assert Task.objects.filter(state=State.OPEN).count() == 3


def test_ctrl_k_finds_open_tasks(cast: Cast, sign_in: SignIn) -> None:
    add(cast, "Renegotiate the terms", 0)
    assert "Renegotiate the terms" in page(sign_in(cast.manager), "/search/?q=reneg")
