"""Writing through the API twice, late, or without having seen the newest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from afterclose.accounts.models import Account
from afterclose.businesses.api_keys.models import KeptAnswer
from tests.cast import Cast
from tests.programs import Program

Make = Callable[..., Program]


def test_nobody_overwrites_what_they_have_not_seen(cast: Cast, program: Make) -> None:
    zapier, path = program(), f"/accounts/{cast.acme.id}"
    seen = zapier("GET", path)["ETag"]
    assert zapier("GET", path, If_None_Match=seen).status_code == 304
    assert zapier("PATCH", path, {"plan": "Gold"}, If_Match=f"W/{seen}").status_code == 200
    late = zapier("PATCH", path, {"plan": "Basic"}, If_Match=seen)
    assert (late.status_code, late.json()["code"]) == (412, "precondition_failed")
    assert zapier("GET", path, If_None_Match=seen).status_code == 200
    assert zapier("GET", path).json()["plan"] == "Gold"


def test_the_same_request_sent_twice_has_one_effect(cast: Cast, program: Make) -> None:
    zapier, other, body = program(), program(name="Other"), {"name": "Gale"}
    first = zapier("POST", "/accounts", body, Idempotency_Key="k-1")
    again = zapier("POST", "/accounts", body, Idempotency_Key="k-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again["Location"] == first["Location"]
    assert again["Idempotent-Replayed"] == "true"
    differs = zapier("POST", "/accounts", {"name": "Hail"}, Idempotency_Key="k-1")
    assert differs.status_code == 422
    assert zapier("POST", "/accounts", body, Idempotency_Key="ä").status_code == 422
    assert other("POST", "/accounts", body, Idempotency_Key="k-1").status_code == 201
    with cast.at_work():
        assert Account.objects.filter(name="Gale").count() == 2  # one per key


def test_a_refused_request_may_be_sent_again_with_its_key(cast: Cast, program: Make) -> None:
    zapier = program()
    body = {"name": "Gale", "external_id": "acme"}
    assert zapier("POST", "/accounts", body, Idempotency_Key="k").status_code == 409
    with cast.at_work():
        Account.objects.filter(id=cast.acme.id).update(external_id="moved")
        assert not KeptAnswer.objects.exists()
    assert zapier("POST", "/accounts", body, Idempotency_Key="k").status_code == 201


def test_an_answer_is_forgotten_after_a_day(cast: Cast, program: Make) -> None:
    zapier = program()
    zapier("POST", "/accounts", {"name": "Gale"}, Idempotency_Key="k")
    with cast.at_work():
        day = timezone.now() - timedelta(hours=25)
        KeptAnswer.objects.update(kept_at=day)
    assert zapier("POST", "/accounts", {"name": "Hail"}, Idempotency_Key="k").status_code == 201
    with cast.at_work():
        assert KeptAnswer.objects.count() == 1
