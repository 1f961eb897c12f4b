"""Merging accounts, and contacts, through the API (CS-11)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from afterclose.accounts.custom_fields.actions import define_field
from afterclose.accounts.custom_fields.writing import set_values
from afterclose.accounts.merging.actions import merge_accounts
from afterclose.accounts.models import Account, Contact, Merge
from afterclose.businesses.models import Role
from afterclose.kit.money import Money
from tests.cast import Cast
from tests.factories import MORNING
from tests.programs import Program

Make = Callable[..., Program]


@pytest.fixture
def people(cast: Cast) -> tuple[int, int]:
    with cast.at_work():
        return tuple(Contact.objects.get(name=name).id for name in ("Ada Lind", "Bo Hart"))


def fact(answer: Any, name: str) -> Any:
    return next(each for each in answer.json()["facts"] if each["name"] == name)


def test_accounts_are_compared_merged_and_taken_apart(cast: Cast, program: Make) -> None:
    zapier, path = program(), f"/accounts/{cast.acme.id}/merge"
    shown = zapier("GET", f"{path}/{cast.birch.id}")
    assert fact(shown, "name") == {
        "name": "name",
        "label": "Name",
        "winner": "Acme",
        "loser": "Birch",
        "suggested": "winner",
    }
    assert {"label": "Subscriptions", "rows": 1, "meeting": 0} in shown.json()["follows"]
    assert shown.json()["problem"] == ""
    made = zapier("POST", path, {"loser_id": cast.birch.id, "keep": {"name": "loser"}})
    merge = made.json()
    assert made.status_code == 201
    assert made.headers["Location"] == f"/api/v1/merges/{merge['id']}"
    assert (merge["kind"], merge["winner_id"], merge["loser_id"]) == (
        "account", cast.acme.id, cast.birch.id,
    )  # fmt: skip
    assert merge["rows"] > 0
    assert zapier("GET", f"/accounts/{cast.acme.id}").json()["name"] == "Birch"
    assert zapier("GET", f"/accounts/{cast.birch.id}").status_code == 404
    assert zapier("GET", f"/merges/{merge['id']}").json() == merge
    undone = zapier("POST", f"/merges/{merge['id']}/undo", {})
    assert undone.status_code == 200
    assert undone.json()["undone_at"] is not None
    assert zapier("GET", f"/accounts/{cast.birch.id}").json()["name"] == "Birch"
    again = zapier("POST", f"/merges/{merge['id']}/undo", {})
    assert (again.status_code, again.headers["Content-Type"]) == (409, "application/problem+json")
    assert "undone already" in again.json()["detail"]


def test_merges_are_listed_newest_first_and_by_cursor(
    cast: Cast, program: Make, people: tuple[int, int]
) -> None:
    zapier, (ada, bo) = program(), people
    with cast.at_work():
        by_hand = merge_accounts(
            actor=cast.manager, at=timezone.now(), winner_id=cast.acme.id, loser_id=cast.cedar.id
        ).pk
        long_ago = merge_accounts(
            actor=cast.manager, at=MORNING, winner_id=cast.acme.id, loser_id=cast.dune.id
        ).pk
        Merge.objects.filter(pk=long_ago).update(at=timezone.now() - timedelta(days=31))
    people_made = zapier("POST", f"/contacts/{ada}/merge", {"loser_id": bo}).json()["id"]
    zapier("POST", f"/merges/{people_made}/undo", {})

    def listed(filters: str = "") -> list[int]:
        return [each["id"] for each in zapier("GET", f"/merges{filters}").json()["items"]]

    assert listed() == [people_made, long_ago, by_hand]
    assert listed("?kind=account") == [long_ago, by_hand]
    assert listed("?kind=contact&state=undone") == [people_made]
    assert listed("?state=undoable") == [by_hand]
    first = zapier("GET", "/merges?limit=2").json()
    second = zapier("GET", f"/merges?limit=2&cursor={first['next_cursor']}").json()
    assert [each["id"] for each in (*first["items"], *second["items"])] == listed()
    assert second["next_cursor"] is None
    [item] = second["items"]
    assert item == zapier("GET", f"/merges/{by_hand}").json()
    assert (item["winner_name"], item["loser_name"]) == ("Acme", "Cedar")
    assert item["by"] == {"id": cast.manager.membership_id, "name": cast.manager.name}
    assert first["items"][0]["by"] is None, "a program"
    assert zapier("GET", "/merges?cursor=x").status_code == 404
    assert zapier("GET", "/merges?colour=red").status_code == 422


def test_contacts_with_their_custom_fields(
    cast: Cast, program: Make, people: tuple[int, int]
) -> None:
    ada, bo = people
    with cast.at_work():
        for label, kind in (("Budget", "money"), ("Seat", "number")):
            define_field(actor=cast.owner, at=MORNING, subject="contact", label=label, kind=kind)
        values = {ada: {"budget": Money(100, "USD")}, bo: {"budget": Money(250, "EUR"), "seat": 4}}
        set_values(actor=cast.owner, at=MORNING, subject="contact", values=values)
    zapier, path = program(), f"/contacts/{ada}/merge"
    shown = zapier("GET", f"{path}/{bo}")
    assert fact(shown, "custom.budget") == {
        "name": "custom.budget",
        "label": "Budget",
        "winner": {"amount_minor": 100, "currency": "USD"},
        "loser": {"amount_minor": 250, "currency": "EUR"},
        "suggested": "winner",
    }
    assert fact(shown, "custom.seat")["suggested"] == "loser"
    assert fact(shown, "account_id")["loser"] == cast.birch.id
    keep = {"custom.budget": "loser", "account_id": "loser"}
    made = zapier("POST", path, {"loser_id": bo, "keep": keep})
    assert (made.status_code, made.json()["kind"]) == (201, "contact")
    stays = zapier("GET", f"/contacts/{ada}").json()
    assert stays["account"]["id"] == cast.birch.id
    assert stays["custom"] == {"budget": {"amount_minor": 250, "currency": "EUR"}, "seat": "4"}
    assert zapier("POST", f"/merges/{made.json()['id']}/undo", {}).status_code == 200
    assert zapier("GET", f"/contacts/{bo}").json()["custom"]["seat"] == "4"


def test_a_repeat_with_the_same_key_merges_once(cast: Cast, program: Make) -> None:
    zapier, path = program(), f"/accounts/{cast.acme.id}/merge"
    ask = {"loser_id": cast.birch.id}
    first = zapier("POST", path, ask, Idempotency_Key="merge-1")
    again = zapier("POST", path, ask, Idempotency_Key="merge-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    gone = zapier("POST", path, ask)
    assert gone.status_code == 409
    assert gone.json()["errors"][0]["field"] == "loser_id"
    with cast.at_work():
        assert Merge.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({}, 422, "loser_id"),
        ({"loser_id": 10**9}, 409, "loser_id"),
        ({"loser_id": "birch", "keep": {"colour": "loser"}}, 409, "keep.colour"),
        ({"loser_id": "birch", "keep": {"custom.tier": "winner"}}, 409, "keep.custom.tier"),
        ({"loser_id": "birch", "keep": {"name": "both"}}, 422, "keep.name"),
        ({"loser_id": "acme"}, 409, "cannot be merged with itself"),
        ({"loser_id": "foreign"}, 409, "loser_id"),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(
    cast: Cast, program: Make, body: dict[str, Any], status: int, said: str
) -> None:
    if isinstance(name := body.get("loser_id"), str):
        body = body | {"loser_id": getattr(cast, name).id}
    answer = program()("POST", f"/accounts/{cast.acme.id}/merge", body)
    assert (answer.status_code, answer.headers["Content-Type"]) == (
        status, "application/problem+json",
    )  # fmt: skip
    assert said in answer.content.decode()
    with cast.at_work():
        assert not Merge.objects.exists()
        assert Account.objects.filter(id__in=(cast.acme.id, cast.birch.id)).count() == 2


def test_who_may_not_edit_may_read_a_merge_and_no_more(cast: Cast, program: Make) -> None:
    made = program()("POST", f"/accounts/{cast.acme.id}/merge", {"loser_id": cast.birch.id})
    reader, merge = program(role=Role.SUPER_ADMIN, scopes=["accounts:read"]), made.json()["id"]
    assert reader("GET", f"/merges/{merge}").status_code == 200
    assert reader("POST", f"/merges/{merge}/undo", {}).status_code == 403
    assert reader("GET", f"/accounts/{cast.acme.id}/merge/{cast.elm.id}").status_code == 403
    assert program()("GET", f"/accounts/{cast.acme.id}/merge/{10**9}").status_code == 404
    with cast.at_work():
        Merge.objects.update(at=timezone.now() - timedelta(days=31))
    late = program()("POST", f"/merges/{merge}/undo", {})
    assert (late.status_code, "30 days" in late.json()["detail"]) == (409, True)
