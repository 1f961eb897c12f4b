"""Tries are limited, counted for all processes together, and over the limit there is a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.test import Client

from afterclose.businesses.actors import Actor
from tests.cast import PASSWORD, Cast

SignIn = Callable[[Actor | None], Client]
PAGE = {"accept": "text/html"}


@pytest.fixture(autouse=True)
def _fresh(cast: Cast) -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def is_held_back(answer: HttpResponseBase) -> bool:
    assert isinstance(answer, HttpResponse)
    assert answer.status_code == 429
    page = answer.content.decode()
    return (
        "Too many tries" in page and "Wait some minutes" in page and answer["Retry-After"] == "300"
    )


def test_every_way_in_has_a_limit() -> None:
    limits = django_settings.ACCOUNT_RATE_LIMITS
    for action in ("login", "login_failed", "reset_password", "reauthenticate", "invite"):
        assert limits[action]


def test_one_address_cannot_try_passwords_of_many() -> None:
    for number in range(30):
        Client().post("/sign-in/login/", {"login": f"p{number}@northwind.example", "password": "x"})
    held = Client(headers=PAGE).post(
        "/sign-in/login/", {"login": "marek@northwind.example", "password": PASSWORD}
    )
    assert is_held_back(held)
    elsewhere = Client(REMOTE_ADDR="198.51.100.9").post(
        "/sign-in/login/", {"login": "marek@northwind.example", "password": PASSWORD}
    )
    assert elsewhere.status_code == 302, "others are not held back"


def test_nobodys_mailbox_is_filled_with_resets(post: Any) -> None:
    for _ in range(5):
        Client().post("/sign-in/password/reset/", {"email": "marek@northwind.example"})
    assert len(post()) == 5
    held = Client(headers=PAGE).post(
        "/sign-in/password/reset/", {"email": "marek@northwind.example"}
    )
    assert is_held_back(held)
    assert post() == []


def test_an_admin_cannot_send_invitations_without_end(cast: Cast, sign_in: SignIn) -> None:
    ines = sign_in(cast.admin)
    address = f"/settings/people/{cast.member.membership_id}/invite/"
    for _ in range(30):
        assert ines.post(address).status_code == 302
    assert is_held_back(ines.post(address, headers=PAGE))


def test_behind_a_proxy_the_one_who_asks_is_counted(settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    for number in range(30):
        Client(headers={"x-forwarded-for": "198.51.100.1"}).post(
            "/sign-in/login/", {"login": f"p{number}@northwind.example", "password": "x"}
        )
    other = Client(headers={"x-forwarded-for": "198.51.100.2"}).post(
        "/sign-in/login/", {"login": "marek@northwind.example", "password": PASSWORD}
    )
    assert other.status_code == 302
