"""Tries are limited, counted for all processes together, and over the limit there is a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.test import Client, RequestFactory

from afterclose.businesses import known_browsers
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


def test_whoever_guesses_locks_nobody_out_of_their_own_browser() -> None:
    marek = {"login": "marek@northwind.example", "password": PASSWORD}
    own, fresh = Client(), Client(REMOTE_ADDR="198.51.100.8")
    assert own.post("/sign-in/login/", marek).status_code == 302
    own.post("/sign-in/logout/")
    stranger = Client(REMOTE_ADDR="198.51.100.9")
    for number in range(6):
        stranger.post("/sign-in/login/", marek | {"password": f"guess {number}"})
    assert stranger.post("/sign-in/login/", marek).status_code == 200, "held back"
    assert fresh.post("/sign-in/login/", marek).status_code == 200, "unknown, so held back too"
    assert own.post("/sign-in/login/", marek).status_code == 302


def test_a_known_browser_may_not_guess_more_than_another() -> None:
    marek = {"login": "marek@northwind.example", "password": PASSWORD}
    own = Client()
    assert own.post("/sign-in/login/", marek).status_code == 302
    own.post("/sign-in/logout/")
    for number in range(5):
        own.post("/sign-in/login/", marek | {"password": f"guess {number}"})
    assert own.post("/sign-in/login/", marek).status_code == 200


def test_a_browser_is_known_to_who_signed_in_there_and_to_nobody_by_a_made_up_cookie() -> None:
    marek = {"login": "marek@northwind.example", "password": PASSWORD}
    browser, other = Client(), Client(REMOTE_ADDR="198.51.100.8")
    assert browser.post("/sign-in/login/", marek).status_code == 302
    [kept] = [browser.cookies[known_browsers.COOKIE]]
    assert kept["httponly"]
    assert kept["samesite"] == "Lax"
    assert "marek" not in kept.value
    request = RequestFactory().get("/")
    request.COOKIES[known_browsers.COOKIE] = kept.value
    assert known_browsers.mark_of(request, "Marek@Northwind.example ")
    assert not known_browsers.mark_of(request, "ines@northwind.example")
    for made_up in ("", "x", kept.value[:-1], kept.value.replace(":", ".")):
        request.COOKIES[known_browsers.COOKIE] = made_up
        assert not known_browsers.mark_of(request, "marek@northwind.example")
        other.cookies[known_browsers.COOKIE] = made_up
        assert other.get("/sign-in/login/").status_code == 200


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
