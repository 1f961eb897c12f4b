"""Ways to sign in: who sets them, what is refused, and what a business asks of its members."""

from __future__ import annotations

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import jwt
import pytest
from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import CommandError, call_command
from django.test import Client
from hypothesis import given, strategies as st

from afterclose.businesses.actions import add_member
from afterclose.businesses.actors import Actor
from afterclose.businesses.errors import OnlyOperators
from afterclose.businesses.models import AuditEntry, Person, Role, SignInProvider
from afterclose.businesses.settings import settings_of
from afterclose.businesses.single_sign_on import actions, discovery, tokens
from tests.cast import Cast
from tests.factories import MORNING
from tests.oidc import CLIENT_ID, CLIENT_SECRET, Provider, go, person_of, values

SignIn = Callable[[Actor | None], Client]


def test_a_provider_that_is_off_is_not_there(cast: Cast, okta: SignInProvider) -> None:
    SignInProvider.objects.update(is_on=False)
    assert Client().get("/sign-in/oidc/okta/login/").status_code == 404
    assert Client().get("/sign-in/oidc/okta/login/callback/?code=x&state=y").status_code == 404
    assert "Okta" not in Client().get("/sign-in/login/").content.decode()


def test_a_business_can_require_it_of_its_members_but_not_of_super_admins(
    cast: Cast, okta: SignInProvider, sign_in: SignIn
) -> None:
    with cast.at_work():
        actions.require_provider(actor=cast.owner, at=MORNING, slug="okta")
    by_password = sign_in(cast.manager)
    answer = by_password.get("/accounts/?stage=active")
    assert answer.status_code == 403
    page = answer.content.decode()
    assert "asks its members to sign in with Okta" in page
    assert "next=/accounts/%3Fstage%3Dactive" in page
    assert "Acme" not in by_password.get("/search/?q=acme").content.decode()
    assert sign_in(cast.owner).get("/accounts/").status_code == 200
    client = Client()
    go(client)
    assert client.get("/accounts/").status_code == 200
    with cast.at_work():
        actions.remove_provider(actor=cast.owner, at=MORNING, provider_id=okta.id)
    assert by_password.get("/accounts/").status_code == 200


def test_whoever_is_kept_out_of_one_business_can_work_in_another(
    cast: Cast, okta: SignInProvider, sign_in: SignIn
) -> None:
    with cast.elsewhere():
        add_member(
            actor=cast.stranger, at=MORNING, email="marek@northwind.example", role=Role.MANAGER
        )
    with cast.at_work():
        actions.require_provider(actor=cast.owner, at=MORNING, slug="okta")
    client = sign_in(cast.manager)
    assert "Work in Contoso" in client.get("/accounts/").content.decode()
    client.post(f"/switch/{cast.stranger.business_id}/")
    assert client.get("/accounts/").status_code == 200


def test_only_operators_who_are_super_admins_set_providers(cast: Cast, there: Provider) -> None:
    for actor, error in (
        (cast.admin, PermissionDenied),
        (cast.stranger, OnlyOperators),
    ):
        with cast.elsewhere() if actor is cast.stranger else cast.at_work(), pytest.raises(error):
            actions.add_provider(
                actor=actor, at=MORNING, values=values(there), secret=CLIENT_SECRET
            )
    assert not SignInProvider.objects.exists()


def test_a_stranger_is_not_told_how_to_reach_a_provider(
    cast: Cast, okta: SignInProvider, sign_in: SignIn
) -> None:
    sam = sign_in(cast.stranger)
    assert sam.get(f"/settings/sign-in/{okta.id}/").status_code == 404
    assert sam.post(f"/settings/sign-in/{okta.id}/remove/").status_code == 404
    assert sam.get("/settings/sign-in/add/").status_code == 403
    assert "Add provider" not in sam.get("/settings/sign-in/").content.decode()


def test_the_command_names_operators(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("operator", "sam@contoso.example")
    assert capsys.readouterr().out == "dana@northwind.example\nsam@contoso.example\n"
    call_command("operator", "sam@contoso.example", remove=True)
    assert not Person.objects.get(email="sam@contoso.example").is_operator
    with pytest.raises(CommandError, match="nobody with the address"):
        call_command("operator", "no@body.example")


def test_the_page_adds_changes_and_removes_a_provider(
    cast: Cast, there: Provider, sign_in: SignIn
) -> None:
    dana = sign_in(cast.owner)
    form = {
        "name": "Company login",
        "issuer": f"{there.issuer}/.well-known/openid-configuration",
        "client_id": CLIENT_ID,
        "secret": CLIENT_SECRET,
        "is_on": "on",
    }
    answer = dana.post("/settings/sign-in/add/", form)
    added = SignInProvider.objects.get()
    assert answer["Location"] == f"/settings/sign-in/{added.id}/"
    assert added.issuer == there.issuer
    page = dana.get(f"/settings/sign-in/{added.id}/").content.decode()
    assert "http://testserver/sign-in/oidc/company-login/login/callback/" in page
    assert CLIENT_SECRET not in page
    assert CLIENT_SECRET not in added.secret
    changed = {**form, "name": "Okta", "secret": "", "domains": "@Northwind.example"}
    dana.post(f"/settings/sign-in/{added.id}/", changed)
    client = Client()
    assert go(client, "/sign-in/oidc/company-login/login/").status_code == 302
    assert person_of(client) == cast.manager.person, "the secret stayed, the address too"
    with cast.at_work():
        entry = AuditEntry.objects.get(verb="sign_in_provider.changed")
        assert entry.changes["domains"] == [[], ["northwind.example"]]
        assert CLIENT_SECRET not in str(AuditEntry.objects.values_list("changes", flat=True))
    dana.post(f"/settings/sign-in/{added.id}/remove/")
    assert not SignInProvider.objects.exists()
    assert not SocialAccount.objects.exists()


def test_another_issuer_forgets_the_links_of_the_old_one(
    cast: Cast, okta: SignInProvider, there: Provider
) -> None:
    go(Client())
    with cast.at_work():
        actions.change_provider(
            actor=cast.owner,
            at=MORNING,
            provider_id=okta.id,
            values=values(there, issuer="https://other.example"),
        )
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"trusts_email": True}, "domains"),
        ({"domains": ["not a domain"]}, "domains"),
        ({"name": " "}, "name"),
        ({"client_id": ""}, "client_id"),
    ],
)
def test_what_would_be_unsafe_is_refused_at_its_field(
    cast: Cast, there: Provider, changed: dict[str, Any], field: str
) -> None:
    with cast.at_work(), pytest.raises(ValidationError) as problem:
        actions.add_provider(
            actor=cast.owner, at=MORNING, values=values(there, **changed), secret="s"
        )
    assert list(problem.value.message_dict) == [field]


def test_an_address_that_is_no_provider_is_refused_in_words(
    cast: Cast, there: Provider, sign_in: SignIn
) -> None:
    dana = sign_in(cast.owner)

    def said(issuer: str) -> str:
        answer = dana.post(
            "/settings/sign-in/add/",
            {"name": "Okta", "issuer": issuer, "client_id": "c", "secret": "s"},
        )
        assert answer.status_code == 422
        return answer.content.decode()

    assert "does not answer" in said("http://127.0.0.1:9")
    assert "is not a web address" in said("ftp://example.com")
    assert "answers 404" in said(f"{there.issuer}/somewhere")
    there.description = {"issuer": "https://evil.example"}
    assert "says that it is https://evil.example" in said(there.issuer)
    there.description = {"jwks_uri": None}
    assert "lacks jwks_uri" in said(there.issuer)
    assert not SignInProvider.objects.exists()


@pytest.mark.parametrize("header", [("Content-Length", "900"), ("Content-Encoding", "gzip")])
def test_a_description_that_breaks_off_or_is_garbled_is_no_answer(header: tuple[str, str]) -> None:
    class Broken(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header(*header)
            self.end_headers()
            self.wfile.write(b'{"issuer": ')

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Broken) as server:
        Thread(target=server.handle_request, daemon=True).start()
        with pytest.raises(discovery.NotAProvider, match="does not answer"):
            discovery.read(f"http://127.0.0.1:{server.server_port}")


def test_plain_http_is_for_ones_own_machine() -> None:
    discovery.require_safe("http://localhost:9/x", allow_http=False)
    discovery.require_safe("http://login.lan", allow_http=True)
    for address in ("http://login.lan", "https://user:pass@login.example", "javascript:alert(1)"):
        with pytest.raises(discovery.NotAProvider):
            discovery.require_safe(address, allow_http=False)


def test_a_setting_that_names_no_provider_is_refused(cast: Cast) -> None:
    with cast.at_work():
        with pytest.raises(ValidationError, match="no way to sign in called “okta”"):
            actions.require_provider(actor=cast.owner, at=MORNING, slug="okta")
        assert settings_of(cast.business.id).required_provider == ""
        with pytest.raises(PermissionDenied):
            actions.require_provider(actor=cast.admin, at=MORNING, slug="")


def test_nobody_gives_themselves_another_address(cast: Cast, sign_in: SignIn) -> None:
    """Else somebody could take the address that another is about to be invited under."""
    client = sign_in(cast.manager)
    assert client.get("/sign-in/email/").status_code == 404
    taken = {"action_add": "", "email": "boss@northwind.example"}
    assert client.post("/sign-in/email/", taken).status_code == 404
    assert client.get("/sign-in/3rdparty/").status_code == 404
    assert client.get("/sign-in/3rdparty/signup/").status_code == 404


KEYS = {"keys": []}


@given(st.text(max_size=40) | st.just(jwt.encode({"a": 1}, "k" * 32, algorithm="HS256")))
def test_no_text_is_believed_by_chance(text: str) -> None:
    with pytest.raises(tokens.NotBelieved):
        tokens.believed(text, keys=KEYS, issuer="i", client_id="c", nonce="n")
