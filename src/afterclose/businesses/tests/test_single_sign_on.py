"""Sign-in by a real little OpenID Connect provider: whom it lets in, and every way it may lie."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client

from afterclose.businesses.actions import add_member
from afterclose.businesses.actors import Actor
from afterclose.businesses.models import Person, Role, SignInProvider
from afterclose.businesses.single_sign_on import actions, asking
from tests.cast import Cast
from tests.factories import MORNING
from tests.oidc import (
    CLIENT_ID,
    CLIENT_SECRET,
    Provider,
    go,
    is_signed_in,
    person_of,
    running,
    values,
)

SignIn = Callable[[Actor | None], Client]


def test_a_verified_address_signs_in_who_was_invited_and_links_them(
    cast: Cast, okta: SignInProvider
) -> None:
    client = Client()
    assert "Sign in with Okta" in client.get("/sign-in/login/").content.decode()
    answer = go(client, "/sign-in/oidc/okta/login/?next=/renewals/")
    assert (answer.status_code, answer["Location"]) == (302, "/renewals/")
    assert person_of(client) == cast.manager.person
    link = SocialAccount.objects.get()
    assert (link.provider, link.uid, link.user_id) == ("okta", "marek-1", cast.manager.person_id)
    assert client.get("/accounts/").status_code == 200


def test_the_request_carries_state_nonce_and_a_pkce_challenge(
    cast: Cast, okta: SignInProvider
) -> None:
    sent = [parse_qs(urlsplit(Client().get("/sign-in/oidc/okta/login/")["Location"]).query)]
    sent.append(parse_qs(urlsplit(Client().get("/sign-in/oidc/okta/login/")["Location"]).query))
    for key in ("state", "nonce", "code_challenge"):
        assert sent[0][key] != sent[1][key]
    assert sent[0]["code_challenge_method"] == ["S256"]
    assert sent[0]["redirect_uri"] == ["http://testserver/sign-in/oidc/okta/login/callback/"]


def test_an_invitation_is_accepted_by_signing_in(
    cast: Cast, okta: SignInProvider, there: Provider
) -> None:
    with cast.at_work():
        add_member(actor=cast.owner, at=MORNING, email="new@northwind.example", role=Role.MANAGER)
    there.person = {"sub": "n-1", "email": "New@Northwind.example", "email_verified": True}
    client = Client()
    assert go(client).status_code == 302
    assert person_of(client).email == "new@northwind.example"
    assert client.get("/accounts/").status_code == 200


def test_once_linked_the_subject_counts_and_not_the_address(
    cast: Cast, okta: SignInProvider, there: Provider
) -> None:
    go(Client())
    there.person = {"sub": "marek-1", "email": "married@northwind.example"}
    client = Client()
    go(client)
    assert person_of(client) == cast.manager.person


def refused(client: Client, answer: Any, words: str) -> None:
    assert answer.status_code == 403
    assert words in answer.content.decode()
    assert "Back to sign-in" in answer.content.decode()
    assert not is_signed_in(client)
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"email_verified": False}, "does not vouch that the address"),
        ({"email_verified": None}, "does not vouch that the address"),
        ({"email_verified": "false"}, "does not vouch that the address"),
        ({"email_verified": 1}, "does not vouch that the address"),
        ({"email": ""}, "did not tell us your e-mail address"),
        ({"email": "nobody@northwind.example"}, "Nobody has invited nobody@northwind.example"),
    ],
)
def test_who_cannot_be_let_in_is_told_what_to_do(
    cast: Cast, okta: SignInProvider, there: Provider, said: dict[str, Any], words: str
) -> None:
    there.person |= said
    client = Client()
    refused(client, go(client), words)
    assert not Person.objects.filter(email="nobody@northwind.example").exists()


LIES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "nonce of another sign-in": lambda claims: claims | {"nonce": "stolen"},
    "no nonce": lambda claims: {k: v for k, v in claims.items() if k != "nonce"},
    "for another application": lambda claims: claims | {"aud": "somebody-else"},
    "for us among others": lambda claims: claims | {"aud": [CLIENT_ID, "somebody-else"]},
    "made for another party": lambda claims: claims | {"azp": "somebody-else"},
    "from another issuer": lambda claims: claims | {"iss": "https://evil.example"},
    "expired": lambda claims: claims | {"exp": int(time.time()) - 3600},
    "from tomorrow": lambda claims: claims | {"iat": int(time.time()) + 86400},
    "without an end": lambda claims: {k: v for k, v in claims.items() if k != "exp"},
    "without a subject": lambda claims: {k: v for k, v in claims.items() if k != "sub"},
    "with an empty subject": lambda claims: claims | {"sub": ""},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_token_that_is_not_for_this_sign_in_is_refused(
    cast: Cast, okta: SignInProvider, there: Provider, lie: str
) -> None:
    there.bend = LIES[lie]
    client = Client()
    refused(client, go(client), "could not be believed")


def test_a_token_that_somebody_else_signed_is_refused(
    cast: Cast, okta: SignInProvider, there: Provider
) -> None:
    there.signing_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    client = Client()
    refused(client, go(client), "could not be believed")


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_a_token_that_anybody_could_sign_is_refused(
    cast: Cast, okta: SignInProvider, there: Provider, algorithm: str
) -> None:
    there.algorithm = algorithm
    there.signing_key = None if algorithm == "none" else CLIENT_SECRET.ljust(32, "-")
    there.bend = lambda claims: claims
    if algorithm == "none":
        # "none" is signed with no key at all, which the provider's type does not know.
        there.key, kept = "", there.key  # type: ignore[assignment]
    client = Client()
    leaving = client.get("/sign-in/oidc/okta/login/")
    back = urlsplit(
        requests.get(leaving["Location"], allow_redirects=False, timeout=5).headers["Location"]
    )
    if algorithm == "none":
        there.key = kept
        there.signing_key = ""
    answer = client.get(f"{back.path}?{back.query}")
    refused(client, answer, "could not be believed")


def test_a_callback_without_its_state_is_refused(cast: Cast, okta: SignInProvider) -> None:
    client = Client()
    leaving = client.get("/sign-in/oidc/okta/login/")
    back = urlsplit(
        requests.get(leaving["Location"], allow_redirects=False, timeout=5).headers["Location"]
    )
    stranger = Client()
    refused(stranger, stranger.get(f"{back.path}?{back.query}"), "could not be believed")
    code = parse_qs(back.query)["code"][0]
    refused(client, client.get(f"{back.path}?code={code}&state=made-up"), "could not be believed")


def test_a_callback_works_once(cast: Cast, okta: SignInProvider) -> None:
    client = Client()
    leaving = client.get("/sign-in/oidc/okta/login/")
    back = urlsplit(
        requests.get(leaving["Location"], allow_redirects=False, timeout=5).headers["Location"]
    )
    assert client.get(f"{back.path}?{back.query}").status_code == 302
    again = client.get(f"{back.path}?{back.query}")
    assert again.status_code == 403


def test_cancelling_there_is_said_kindly(cast: Cast, okta: SignInProvider, there: Provider) -> None:
    there.error = "access_denied"
    client = Client()
    refused(client, go(client), "was cancelled there")


def test_a_wrong_client_secret_is_no_error_of_ours(
    cast: Cast, okta: SignInProvider, there: Provider
) -> None:
    with cast.at_work():
        actions.change_provider(
            actor=cast.owner,
            at=MORNING,
            provider_id=okta.id,
            values=values(there),
            secret="wrong",
        )
    client = Client()
    refused(client, go(client), "could not be believed")


def test_a_provider_that_is_down_is_no_error_of_ours(cast: Cast, okta: SignInProvider) -> None:
    SignInProvider.objects.update(issuer="http://127.0.0.1:9")
    answer = Client().get("/sign-in/oidc/okta/login/")
    assert answer.status_code == 403
    assert "did not answer" in answer.content.decode()


ODD_KEYS: dict[str, Any] = {
    "no list": {"keys": None},
    "no mappings": {"keys": ["one"]},
    "no set": ["one"],
    # The right key is among them: only the size speaks against it.
    "too many": lambda there: there.jwks() | {"rest": "x" * 300_000},
}


@pytest.mark.parametrize("odd", ODD_KEYS)
def test_keys_that_are_odd_or_endless_let_nobody_in(
    cast: Cast, okta: SignInProvider, there: Provider, monkeypatch: pytest.MonkeyPatch, odd: str
) -> None:
    given = ODD_KEYS[odd]
    said = given(there) if callable(given) else given
    monkeypatch.setattr(there, "jwks", lambda: said)
    client = Client()
    refused(client, go(client), "could not be believed")


@pytest.mark.parametrize("odd", [5, None, "tokens", ["access_token"], {"access_token": 5}])
def test_an_odd_answer_in_place_of_tokens_lets_nobody_in(
    cast: Cast, okta: SignInProvider, there: Provider, monkeypatch: pytest.MonkeyPatch, odd: Any
) -> None:
    monkeypatch.setattr(there, "token", lambda _form: (200, odd))
    client = Client()
    refused(client, go(client), "could not be believed")


@pytest.mark.parametrize("ends", ["soon", 10**20, -1, [], None])
def test_how_long_a_token_lasts_is_nothing_to_us(
    cast: Cast, okta: SignInProvider, there: Provider, monkeypatch: pytest.MonkeyPatch, ends: Any
) -> None:
    real = there.token

    def token(form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        status, body = real(form)
        return status, body | {"expires_in": ends, "refresh_token": 7}

    monkeypatch.setattr(there, "token", token)
    client = Client()
    assert go(client).status_code == 302
    assert is_signed_in(client)


def test_an_odd_answer_about_a_person_lets_nobody_in(
    cast: Cast, okta: SignInProvider, there: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    there.userinfo = ["marek"]  # type: ignore[assignment]  # what a provider should not say
    del there.person["email"]
    client = Client()
    refused(client, go(client), "did not tell us your e-mail address")


def test_what_a_provider_says_of_a_person_is_read_to_a_limit(
    cast: Cast, okta: SignInProvider, there: Provider
) -> None:
    there.userinfo = {**there.person, "more": "x" * 300_000}
    del there.person["email"]
    client = Client()
    refused(client, go(client), "could not be believed")


def test_a_provider_that_drips_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "SECONDS_IN_ALL", 0)
    with running() as there, asking.ProviderSession() as session, pytest.raises(asking.TooMuch):
        session.get(f"{there.issuer}/jwks")


def test_a_link_cannot_ask_for_more_or_connect_a_stranger(
    cast: Cast, okta: SignInProvider, sign_in: SignIn
) -> None:
    client = sign_in(cast.owner)
    address = "/sign-in/oidc/okta/login/?process=connect&scope=admin&auth_params=prompt%3Dnone"
    leaving = client.get(address)
    sent = parse_qs(urlsplit(leaving["Location"]).query)
    assert "admin" not in sent["scope"][0]
    assert "prompt" not in sent
    go(client, address)
    assert not SocialAccount.objects.filter(user=cast.owner.person).exists()
    assert person_of(client) == cast.manager.person, "signed in as who the provider names"


def test_where_to_go_next_stays_on_this_site(cast: Cast, okta: SignInProvider) -> None:
    answer = go(Client(), "/sign-in/oidc/okta/login/?next=https://evil.example/")
    assert answer["Location"] == "/"


def test_an_address_that_was_given_to_somebody_new_opens_nothing(
    cast: Cast, okta: SignInProvider, there: Provider
) -> None:
    go(Client())
    there.person |= {"sub": "marek-2"}
    client = Client()
    answer = go(client)
    assert "already linked to another account" in answer.content.decode()
    assert not is_signed_in(client)


def test_a_trusted_provider_speaks_for_its_domains_alone(
    cast: Cast, okta: SignInProvider, there: Provider
) -> None:
    trusting = values(there, trusts_email=True, domains=["northwind.example"])
    with cast.at_work():
        actions.change_provider(actor=cast.owner, at=MORNING, provider_id=okta.id, values=trusting)
    there.person = {"sub": "sam", "email": "sam@contoso.example"}
    client = Client()
    refused(client, go(client), "Addresses such as sam@contoso.example do not sign in this way")
    there.person = {"sub": "marek-1", "email": "marek@northwind.example"}
    go(client)
    assert person_of(client) == cast.manager.person


def test_an_address_that_only_userinfo_tells_is_used_if_it_is_the_same_person(
    cast: Cast, okta: SignInProvider, there: Provider
) -> None:
    there.person = {"sub": "marek-1"}
    there.userinfo = {"sub": "other", "email": "dana@northwind.example", "email_verified": True}
    client = Client()
    refused(client, go(client), "did not tell us your e-mail address")
    there.userinfo = {"sub": "marek-1", "email": "marek@northwind.example", "email_verified": True}
    go(client)
    assert person_of(client) == cast.manager.person


def test_a_person_without_a_business_is_told_what_to_do(
    cast: Cast, okta: SignInProvider, there: Provider
) -> None:
    Person.objects.create_user("alone@nowhere.example")
    there.person = {"sub": "alone", "email": "alone@nowhere.example", "email_verified": True}
    client = Client()
    go(client)
    answer = client.get("/")
    assert answer.status_code == 403
    assert "Ask an admin of your business" in answer.content.decode()


def test_a_deactivated_person_is_not_let_in(cast: Cast, okta: SignInProvider) -> None:
    assert cast.manager.person_id
    Person.objects.filter(id=cast.manager.person_id).update(is_active=False)
    client = Client()
    go(client)
    assert not is_signed_in(client)
