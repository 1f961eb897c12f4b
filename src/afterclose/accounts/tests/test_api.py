"""Accounts, contacts and activities through the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from afterclose.accounts.custom_fields.actions import define_field
from afterclose.accounts.imports.jobs import run_to_end
from afterclose.accounts.merging.actions import merge_accounts
from afterclose.accounts.models import Account, Contact, Event, Stage
from afterclose.businesses.actions import change_settings
from tests.cast import Cast
from tests.factories import AccountFactory
from tests.programs import Program

Make = Callable[..., Program]


def names(answer: Any) -> list[str]:
    return [item["name"] for item in answer.json()["items"]]


def test_accounts_come_page_by_page_in_one_order(cast: Cast, program: Make) -> None:
    zapier, found, cursor = program(), [], ""
    for _ in range(5):
        answer = zapier("GET", f"/accounts?limit=2&sort=-name{cursor}")
        assert answer.status_code == 200
        found += names(answer)
        if answer.json()["next_cursor"] is None:
            break
        cursor = f"&cursor={answer.json()['next_cursor']}"
    assert found == ["Elm", "Dune", "Cedar", "Birch", "Acme"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("stage=churned", ["Dune"]),
        ("stage=churned&stage=renewal", ["Cedar", "Dune"]),
        ("q=ac", ["Acme"]),
        ("q=birch", ["Birch"]),
        ("at_risk=true", []),
        ("csm=none", []),
        ("seats_min=5&seats_max=3", []),
        ("churned_on_to=1990-01-01", []),
    ],
)
def test_the_filters_are_those_of_the_list(
    cast: Cast, program: Make, query: str, expected: list[str]
) -> None:
    assert names(program()("GET", f"/accounts?{query}")) == expected


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("stage=lost", "stage.0"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("sort=secret", "sort"),
        ("colour=blue", "colour"),
        ("churned_on_from=2026-02-30", "churned_on"),
        ("q=%00", "q"),
        ("seats_min=99999999999999999999", "seats_min"),
    ],
)
def test_a_parameter_that_cannot_be_is_named(
    cast: Cast, program: Make, query: str, field: str
) -> None:
    answer = program()("GET", f"/accounts?{query}")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_every_filter_that_cannot_be_read_is_named_at_once(cast: Cast, program: Make) -> None:
    wrong = "churned_on_from=2026-02-30&customer_since_to=2026-04-31"
    answer = program()("GET", f"/accounts?{wrong}&seats_min=5&seats_max=3")
    assert answer.status_code == 422
    named = {error["field"] for error in answer.json()["errors"]}
    assert named == {"churned_on", "customer_since"}


def test_a_truth_value_is_true_or_false_and_nothing_like_it(cast: Cast, program: Make) -> None:
    zapier = program()
    for odd in (0, 1, "yes", "true", None):
        body = {"account_id": cast.acme.id, "name": "Ada", "is_champion": odd}
        assert zapier("POST", "/contacts", body).status_code == 422, odd
    assert zapier("POST", "/contacts", body | {"is_champion": True}).status_code == 201


def test_a_cursor_of_another_list_leads_nowhere(cast: Cast, program: Make) -> None:
    zapier = program()
    cursor = zapier("GET", "/accounts?limit=1&sort=name").json()["next_cursor"]
    assert zapier("GET", f"/accounts?limit=9&sort=name&cursor={cursor}").status_code == 200
    for other in ("accounts?sort=-name", "accounts?sort=name&stage=active", "contacts?sort=name"):
        assert zapier("GET", f"/{other}&cursor={cursor}").status_code == 404
    assert zapier("GET", "/accounts?cursor=%25%25").status_code == 404


def test_a_text_that_is_blank_is_refused_in_words(cast: Cast, program: Make) -> None:
    refused = program()("POST", "/accounts", {"name": "  "}).json()
    assert refused["errors"][0]["message"] == "Must not be blank, nor contain NUL characters"


def test_an_account_is_created_read_and_changed(cast: Cast, program: Make) -> None:
    zapier = program()
    csm = cast.manager.membership_id
    made = zapier("POST", "/accounts", {"name": "Gale", "csm_id": csm, "seats": 12})
    assert made.status_code == 201
    gale = made.json()
    assert made["Location"] == f"/api/v1/accounts/{gale['id']}"
    assert gale["csm"] == {"id": csm, "name": "Marek Novak"}
    assert gale["stage"] == "active"
    changed = zapier("PATCH", f"/accounts/{gale['id']}", {"plan": "Pro", "csm_id": None})
    assert changed.json() | {"updated_at": 0} == gale | {
        "plan": "Pro",
        "csm": None,
        "updated_at": 0,
    }
    read = zapier("GET", f"/accounts/{gale['id']}")
    assert read.json() == changed.json()
    assert read["ETag"] == changed["ETag"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": " \t"}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": None}, "name"),
        ({"name": "A", "colour": "blue"}, "colour"),
        ({"name": "A", "seats": 2**31}, "seats"),
        ({"name": "A", "seats": True}, "seats"),
        ({"name": "A", "seats": "5"}, "seats"),
        ({"name": "A", "stage": "lost"}, "stage"),
        ({"name": "A", "currency": "AAA"}, "currency"),
        ({"name": "A", "country": "usa"}, "country"),
        ({"name": "A", "website": "javascript:alert(1)"}, "website"),
        ({"name": "A", "customer_since": 0}, "customer_since"),
        ({"name": "A", "customer_since": "0001-01-01"}, "customer_since"),
        ({"name": "A", "csm_id": 2**63}, "csm_id"),
    ],
)
def test_a_field_that_cannot_be_is_named(
    cast: Cast, program: Make, body: dict[str, Any], field: str
) -> None:
    answer = program()("POST", "/accounts", body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    with cast.at_work():
        assert Account.objects.count() == 5


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "A", "external_id": "acme"}, "external_id"),
        ({"name": "A", "csm_id": 999_999_999}, "csm_id"),
        ({"name": "A", "parent_id": 999_999_999}, "parent_id"),
    ],
)
def test_what_does_not_fit_the_rows_that_are_there_is_a_conflict(
    cast: Cast, program: Make, body: dict[str, Any], field: str
) -> None:
    answer = program()("POST", "/accounts", body)
    assert answer.status_code == 409
    problem = answer.json()
    assert [error["field"] for error in problem["errors"]] == [field]
    assert problem["code"] == "conflict"


def test_a_member_or_account_of_another_business_is_not_there(cast: Cast, program: Make) -> None:
    zapier = program()
    stranger, foreign = cast.stranger.membership_id, cast.foreign.id
    assert zapier("POST", "/accounts", {"name": "A", "csm_id": stranger}).status_code == 409
    assert zapier("POST", "/accounts", {"name": "A", "parent_id": foreign}).status_code == 409
    assert zapier("GET", f"/accounts/{foreign}").status_code == 404
    assert zapier("PATCH", f"/accounts/{foreign}", {"name": "Mine"}).status_code == 404
    contact = {"account_id": foreign, "name": "Spy"}
    assert zapier("POST", "/contacts", contact).status_code == 409


def test_put_creates_then_changes_what_is_sent(cast: Cast, program: Make) -> None:
    zapier, path = program(), "/accounts/by-external-id/crm/7"
    first = zapier("PUT", path, {"name": "Gale", "plan": "Pro"})
    assert (first.status_code, first.json()["external_id"]) == (201, "crm/7")
    again = zapier("PUT", path, {"name": "Gale Ltd"})
    assert again.status_code == 200
    assert (again.json()["name"], again.json()["plan"]) == ("Gale Ltd", "Pro")
    assert again.json()["id"] == first.json()["id"]
    assert zapier("GET", path).json() == again.json()
    assert zapier("PUT", path, {"name": "X"}, If_None_Match="*").status_code == 412


def test_the_id_of_an_account_that_was_merged_finds_the_one_that_stays(
    cast: Cast, program: Make
) -> None:
    zapier, path = program(), "/accounts/by-external-id/birch"
    with cast.at_work():
        merge_accounts(
            actor=cast.manager,
            at=timezone.now(),
            winner_id=cast.acme.id,
            loser_id=cast.birch.id,
        )
    found = zapier("GET", path).json()
    assert (found["id"], found["external_id"]) == (cast.acme.id, "acme")
    assert zapier("PUT", path, {"name": "X"}, If_None_Match="*").status_code == 412
    changed = zapier("PUT", path, {"name": "Acme & Birch", "plan": "Gold"})
    assert changed.status_code == 200
    told = {"id": cast.acme.id, "external_id": "acme", "name": "Acme & Birch", "plan": "Gold"}
    assert changed.json() | told == changed.json()
    with cast.at_work():
        assert Account.objects.count() == 4


def test_stage_and_risk_are_told_on_the_timeline(cast: Cast, program: Make) -> None:
    zapier, path = program(), f"/accounts/{cast.acme.id}"
    [reason] = zapier("GET", "/risk-reasons").json()["items"][:1]
    flagged = zapier("POST", f"{path}/at-risk", {"reasons": [reason["key"]], "note": "Ada left"})
    assert flagged.json()["at_risk"] is True
    assert names(zapier("GET", "/accounts?at_risk=true")) == ["Acme"]
    unknown = zapier("POST", f"{path}/at-risk", {"reasons": ["no-such"]})
    assert unknown.status_code == 409
    assert zapier("POST", f"{path}/at-risk/clear", {}).json()["at_risk"] is False
    left = {"stage": "churned", "churned_on": "2026-01-31"}
    assert zapier("POST", f"{path}/stage", left).json()["churned_on"] == "2026-01-31"
    assert zapier("POST", f"{path}/at-risk", {"reasons": [reason["key"]]}).status_code == 409
    kinds = [a["kind"] for a in zapier("GET", f"{path}/activities").json()["items"]]
    assert kinds[:3] == ["stage.changed", "at_risk.cleared", "at_risk.flagged"]
    with cast.at_work():
        assert Account.objects.get(id=cast.acme.id).stage == Stage.CHURNED


def test_contacts_are_added_changed_and_removed(cast: Cast, program: Make) -> None:
    zapier = program()
    body = {"account_id": cast.acme.id, "name": "Cy Roe", "email": "Cy@acme.example"}
    made = zapier("POST", "/contacts", body)
    assert (made.status_code, made.json()["email"]) == (201, "cy@acme.example")
    path = f"/contacts/{made.json()['id']}"
    assert zapier("POST", "/contacts", body).status_code == 409
    assert zapier("PATCH", path, {"is_champion": True}).json()["is_champion"] is True
    found = zapier("GET", f"/contacts?account={cast.acme.id}&champion=true")
    assert names(found) == ["Ada Lind", "Cy Roe"]
    assert zapier("DELETE", path).status_code == 204
    assert zapier("DELETE", path).status_code == 404
    with cast.at_work():
        assert not Contact.objects.filter(name="Cy Roe").exists()


def test_an_activity_is_logged_and_read_page_by_page(cast: Cast, program: Make) -> None:
    zapier, path = program(), f"/accounts/{cast.elm.id}/activities"
    for number in range(3):
        made = zapier("POST", path, {"kind": "call", "title": f"Call {number}"})
        assert made.status_code == 201
    told = zapier(
        "POST",
        path,
        {"kind": "note", "title": "See", "mention_ids": [cast.manager.membership_id]},
    )
    assert [each["name"] for each in told.json()["mentions"]] == ["Marek Novak"]
    first = zapier("GET", f"{path}?limit=2&kind=call").json()
    assert [item["title"] for item in first["items"]] == ["Call 2", "Call 1"]
    rest = zapier("GET", f"{path}?limit=2&kind=call&cursor={first['next_cursor']}").json()
    assert [item["title"] for item in rest["items"]] == ["Call 0"]
    assert rest["next_cursor"] is None
    tomorrow = (timezone.now() + timedelta(days=1)).isoformat()
    late = zapier("POST", path, {"kind": "call", "title": "Soon", "occurred_at": tomorrow})
    assert late.status_code == 409
    assert zapier("GET", f"{path}?cursor=xyz").status_code == 404
    with cast.at_work():
        event = Event.objects.filter(account=cast.elm, kind="activity.call").first()
        assert event is not None
        assert event.actor_name == "API key: Zapier"


def test_a_page_of_a_list_costs_the_same_however_many_rows(cast: Cast, program: Make) -> None:
    zapier = program()

    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            zapier("GET", "/accounts?limit=100")
        return len(captured)

    few = asked()
    with cast.at_work():
        AccountFactory.create_batch(40)
    assert asked() <= few <= 18


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff\xfe{}", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"name": ' + b"9" * 5000 + b"}", "application/json", 400),
        (b'{"name": "A", "seats": NaN}', "application/json", 422),
        (b'{"name": "\\ud800"}', "application/json", 422),
        (b"[]", "application/json", 422),
        (b"null", "application/json", 422),
        (b"", "application/json", 415),
        (b"name=A", "application/x-www-form-urlencoded", 415),
        (b'{"name": "A"}', "text/plain", 415),
    ],
)
def test_a_body_that_is_no_body_is_refused(
    cast: Cast, program: Make, body: bytes, kind: str, status: int
) -> None:
    answer = Client(raise_request_exception=False).post(
        "/api/v1/accounts", body, content_type=kind, HTTP_AUTHORIZATION=f"Bearer {program().token}"
    )
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")


def test_every_other_address_and_verb_answers_a_problem(cast: Cast, program: Make) -> None:
    zapier = program()
    for method, path, status in (
        ("GET", "/nothing", 404),
        ("GET", "/accounts/", 404),
        ("GET", "/accounts/abc", 422),
        ("GET", "/accounts/99999999999999999999", 422),
        ("DELETE", "/accounts", 405),
        ("TRACE", "/accounts", 405),
    ):
        answer = zapier(method, path)
        assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert zapier("DELETE", "/accounts")["Allow"]
    assert zapier("GET", "/accounts", Accept="text/html").status_code == 406


def test_tags_and_custom_fields_are_read_and_written_by_key(cast: Cast, program: Make) -> None:
    zapier = program()
    with cast.at_work():
        at = timezone.now()
        made: dict[str, Any] = {"subject": "account", "actor": cast.owner, "at": at}
        define_field(label="Tier", kind="choice", choices=["Gold", "Silver"], **made)
        define_field(label="Budget", kind="money", **made)
        define_field(label="Users", kind="number", **made)
    fields = zapier("GET", "/custom-fields").json()["items"]
    assert [(each["key"], each["kind"]) for each in fields] == [
        ("tier", "choice"),
        ("budget", "money"),
        ("users", "number"),
    ]
    custom = {
        "tier": "gold",
        "budget": {"amount_minor": 1250, "currency": "EUR"},
        "users": 1.5,
    }
    made = zapier("POST", "/accounts", {"name": "Gale", "tags": ["VIP", "EMEA"], "custom": custom})
    assert made.status_code == 201
    assert made.json()["tags"] == ["EMEA", "VIP"]
    assert made.json()["custom"] == custom | {"users": "1.5"}
    path = f"/accounts/{made.json()['id']}"
    changed = zapier("PATCH", path, {"tags": ["vip"], "custom": {"users": None}})
    assert changed.json()["tags"] == ["VIP"]
    assert changed.json()["custom"] == custom | {"users": None}
    assert names(zapier("GET", "/accounts?cf_tier=gold")) == ["Gale"]
    with cast.at_work():
        change_settings(actor=cast.admin, at=timezone.now(), changes={"currency": "GBP"})
    bare = zapier("PATCH", path, {"custom": {"budget": {"amount_minor": 7, "currency": ""}}})
    assert bare.json()["custom"]["budget"] == {"amount_minor": 7, "currency": "GBP"}
    assert names(zapier("GET", "/accounts?cf_tier=silver")) == []
    tags = zapier("GET", "/tags").json()["items"]
    assert [(tag["name"], tag["accounts"]) for tag in tags] == [("EMEA", 0), ("VIP", 1)]
    for wrong in ({"tier": "bronze"}, {"budget": 5}, {"nothing": 1}):
        answer = zapier("PATCH", path, {"plan": "Lost", "custom": wrong})
        assert answer.status_code == 409
        assert answer.json()["errors"][0]["field"] == f"custom.{next(iter(wrong))}"
    assert zapier("GET", path).json()["plan"] == ""  # what was refused left nothing behind


def test_a_file_is_taken_in_checked_and_imported(cast: Cast, program: Make) -> None:
    zapier = program()
    file = SimpleUploadedFile("customers.csv", b"name,domain\nGale,gale.example\n,hail.example\n")
    answer = Client().post(
        "/api/v1/imports",
        {"file": file, "kind": "accounts"},
        HTTP_AUTHORIZATION=f"Bearer {zapier.token}",
    )
    assert (answer.status_code, answer.json()["state"]) == (201, "mapping")
    path, run_id = f"/imports/{answer.json()['id']}", answer.json()["id"]
    unknown = zapier("POST", f"{path}/preview", {"mapping": {"name": "Nothing"}})
    assert unknown.status_code == 409
    assert unknown.json()["errors"][0]["field"] == "mapping.name"
    assert zapier("POST", f"{path}/commit").status_code == 409
    assert zapier("POST", f"{path}/preview", {}).json()["state"] == "previewing"
    with cast.at_work():
        run_to_end(run_id)
    assert zapier("GET", path).json()["counts"] == {"created": 1, "error": 1}
    rejected = zapier("GET", f"{path}/rows?outcome=error").json()["items"]
    assert [(row["line"], row["field"]) for row in rejected] == [(3, "name")]
    assert zapier("POST", f"{path}/commit").json()["state"] == "committing"
    with cast.at_work():
        run_to_end(run_id)
    assert zapier("GET", path).json()["state"] == "done"
    assert names(zapier("GET", "/accounts?q=gale")) == ["Gale"]


def test_a_file_that_is_none_is_a_conflict(cast: Cast, program: Make) -> None:
    zapier = program()
    for content in (b"", b"\x00\x01\x02", b"colour\nblue\n"):
        answer = Client(raise_request_exception=False).post(
            "/api/v1/imports",
            {"file": SimpleUploadedFile("x.csv", content)},
            HTTP_AUTHORIZATION=f"Bearer {zapier.token}",
        )
        assert answer.status_code == 409
        assert answer["Content-Type"] == "application/problem+json"


def test_a_segment_is_tried_saved_and_used_as_a_filter(cast: Cast, program: Make) -> None:
    zapier = program()
    tried = zapier("POST", "/segment-previews", {"text": "stage is Churned"})
    assert (tried.status_code, tried.json()) == (200, {"count": 1, "names": ["Dune"]})
    made = zapier("POST", "/segments", {"name": "Gone", "text": "stage is Churned"})
    assert (made.status_code, made.json()["members"]) == (201, 1)
    number = made.json()["id"]
    assert names(zapier("GET", f"/accounts?segment={number}")) == ["Dune"]
    wrong = zapier("POST", "/segments", {"name": "Odd", "text": "colour is blue"})
    assert wrong.status_code == 409
    assert [error["field"] for error in wrong.json()["errors"]] == ["text"]
    renamed = zapier("PATCH", f"/segments/{number}", {"name": "Left us"})
    assert renamed.json()["name"] == "Left us"
    assert zapier("DELETE", f"/segments/{number}").status_code == 204
