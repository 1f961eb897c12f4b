"""Tasks through the API."""

from __future__ import annotations

from collections.abc import Callable

from tests.cast import Cast
from tests.programs import Program

Make = Callable[..., Program]


def test_a_task_lives_through_the_api(cast: Cast, program: Make) -> None:
    zapier = program()
    body = {"title": "Call", "account_id": cast.acme.id, "assignee_id": cast.manager.membership_id}
    made = zapier("POST", "/tasks", body)
    assert made.status_code == 201
    assert made.json()["assignee"]["name"] == "Marek Novak"
    path = f"/tasks/{made.json()['id']}"
    assert zapier("PATCH", path, {"priority": "high"}).json()["priority"] == "high"
    assert zapier("POST", f"{path}/complete").json()["state"] == "done"
    assert zapier("GET", "/tasks?state=open").json()["items"] == []
    assert zapier("POST", f"{path}/reopen").json()["state"] == "open"
    found = zapier("GET", f"/tasks?state=open&account={cast.acme.id}").json()["items"]
    assert [task["title"] for task in found] == ["Call"]
    assert zapier("DELETE", path).status_code == 204
    assert zapier("GET", path).status_code == 404


def test_a_task_of_nobody_known_is_a_conflict(cast: Cast, program: Make) -> None:
    answer = program()("POST", "/tasks", {"title": "Call", "account_id": cast.foreign.id})
    assert answer.status_code == 409
    assert [error["field"] for error in answer.json()["errors"]] == ["account_id"]
