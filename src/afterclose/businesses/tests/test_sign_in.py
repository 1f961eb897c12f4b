"""Signing in: limits that all processes share, passwords by mail, second factors in reach."""

from collections.abc import Callable

from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client

from afterclose.businesses.actors import Actor
from afterclose.businesses.models import Person
from tests.cast import PASSWORD, Cast

SignIn = Callable[[Actor | None], Client]
MAREK = "marek@northwind.example"


def sign_in_as(client: Client, password: str) -> int:
    return client.post("/sign-in/login/", {"login": MAREK, "password": password}).status_code


def test_after_five_wrong_passwords_the_right_one_has_to_wait(cast: Cast) -> None:
    for _ in range(5):
        sign_in_as(Client(), "wrong")
    assert sign_in_as(Client(), PASSWORD) != 302
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM shared_cache")
        assert cursor.fetchone()[0] > 0, "counted where every process sees it"
    cache.clear()
    assert sign_in_as(Client(), PASSWORD) == 302


def test_a_forgotten_password_is_set_anew_by_a_link_that_works_once(cast: Cast) -> None:
    client = Client()
    assert client.post("/sign-in/password/reset/", {"email": MAREK}).status_code == 302
    [message] = mail.outbox
    assert message.to == [MAREK]
    link = next(word for word in str(message.body).split() if "/password/reset/key/" in word)
    path = "/" + link.split("/", 3)[3]
    form = client.get(path, follow=True)
    answer = client.post(
        form.request["PATH_INFO"],
        {"password1": "a fresh long password", "password2": "a fresh long password"},
    )
    assert answer.status_code == 302
    assert Person.objects.get(email=MAREK).check_password("a fresh long password")
    again = Client().get(path, follow=True)
    assert 'name="password1"' not in again.content.decode()


def test_nobody_learns_by_a_reset_who_has_an_account(cast: Cast) -> None:
    known = Client().post("/sign-in/password/reset/", {"email": MAREK})
    unknown = Client().post("/sign-in/password/reset/", {"email": "nobody@northwind.example"})
    assert (known.status_code, known.headers["Location"]) == (
        unknown.status_code,
        unknown.headers["Location"],
    )


def test_short_and_common_passwords_are_refused(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.manager)
    for weak in ("short", "password123", "1234567890"):
        client.post(
            "/sign-in/password/change/",
            {"oldpassword": PASSWORD, "password1": weak, "password2": weak},
        )
    assert Person.objects.get(email=MAREK).check_password(PASSWORD)


def test_nobody_signs_up_by_themselves(db: None) -> None:
    Client().post(
        "/sign-in/signup/",
        {"email": "x@y.example", "password1": "a long password", "password2": "a long password"},
    )
    assert not Person.objects.filter(email="x@y.example").exists()


def test_second_factors_and_passwords_are_pages_of_ones_own(cast: Cast, sign_in: SignIn) -> None:
    client = Client()
    sign_in_as(client, PASSWORD)
    asked = client.get("/sign-in/2fa/totp/activate/")
    assert asked.headers["Location"].startswith("/sign-in/reauthenticate/"), "who is it really"
    client.post("/sign-in/reauthenticate/", {"password": PASSWORD})
    for path in (
        "/sign-in/2fa/",
        "/sign-in/2fa/totp/activate/",
        "/sign-in/2fa/webauthn/add/",
        "/sign-in/password/change/",
    ):
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]
        assert Client().get(path).status_code == 302
    assert "/sign-in/2fa/" in client.get("/profile/").content.decode()


def test_who_is_signed_out_is_out(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.manager)
    assert client.get("/sign-in/logout/").status_code == 200
    assert client.get("/accounts/").status_code == 200, "a GET signs nobody out"
    assert client.post("/sign-in/logout/").status_code == 302
    assert client.get("/accounts/").status_code == 302
