"""API keys: made, shown once, counted, expiring, revoked; and what they may never do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone

from afterclose.businesses.actors import Actor
from afterclose.businesses.api_keys import actions, lookup, tokens
from afterclose.businesses.api_keys.models import ApiKey, ApiKeyRoute
from afterclose.businesses.api_keys.scopes import FOR_PEOPLE_ONLY, SCOPES, rights_of
from afterclose.businesses.models import AuditEntry, Role
from afterclose.businesses.permissions import Right
from afterclose.businesses.settings import app_of
from tests.cast import Cast
from tests.programs import Program

Make = Callable[..., Program]


def made(actor: Actor, **wanted: Any) -> tuple[ApiKey, str]:
    values = {"name": "Zapier", "role": Role.MANAGER, "scopes": ["accounts:read"]} | wanted
    return actions.create_key(actor=actor, at=timezone.now(), **values)


def test_only_the_hash_of_a_token_is_kept(at_work: Cast) -> None:
    key, token = made(at_work.admin)
    assert token.startswith("ac_live_")
    assert len(token) == 48
    assert key.start == token[:12]
    route = ApiKeyRoute.objects.get()
    assert route.token_hash == tokens.digest(token)
    stored = [str(value) for row in (key, route) for value in vars(row).values()]
    assert not any(token[12:] in text for text in stored)


def test_making_and_revoking_a_key_is_audited(at_work: Cast) -> None:
    key, _ = made(at_work.admin)
    actions.revoke_key(actor=at_work.admin, at=timezone.now(), key_id=key.id)
    actions.revoke_key(actor=at_work.admin, at=timezone.now(), key_id=key.id)
    verbs = AuditEntry.objects.filter(subject_id=key.id, subject_type="businesses.apikey")
    assert sorted(verbs.values_list("verb", flat=True)) == ["api_key.created", "api_key.revoked"]
    assert not ApiKeyRoute.objects.exists()


def test_a_key_is_never_above_who_made_it(at_work: Cast) -> None:
    with pytest.raises(ValidationError) as refused:
        made(at_work.admin, role=Role.SUPER_ADMIN)
    assert "role" in refused.value.message_dict
    assert made(at_work.owner, role=Role.SUPER_ADMIN)[0].role == Role.SUPER_ADMIN


def test_a_manager_makes_no_keys(at_work: Cast) -> None:
    with pytest.raises(PermissionDenied):
        made(at_work.manager, role=Role.MANAGER)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("scopes", []),
        ("scopes", ["settings:write"]),
        ("name", "  "),
        ("expires_at", timezone.now() - timedelta(days=1)),
    ],
)
def test_a_wrong_value_is_named(at_work: Cast, field: str, wrong: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        made(at_work.admin, **{field: wrong})
    assert list(refused.value.message_dict) == [field]


def test_every_right_has_a_scope_or_is_for_people_only() -> None:
    reachable = rights_of(SCOPES)
    for right in Right:
        assert (right in reachable) != (app_of(right) in FOR_PEOPLE_ONLY)
    for scope, rights in SCOPES.items():
        if scope.endswith(":read"):
            assert all(right.value.endswith(".view") for right in rights)


def test_a_key_has_what_its_role_and_its_scopes_have_in_common(at_work: Cast) -> None:
    reader = lookup.actor_of(made(at_work.owner, scopes=["accounts:read"])[0])
    assert reader.may(Right.ACCOUNTS_VIEW)
    assert not reader.may(Right.ACCOUNTS_EDIT)
    assert not reader.may(Right.HEALTH_VIEW)
    lou = lookup.actor_of(made(at_work.owner, role=Role.MEMBER, scopes=list(SCOPES))[0])
    assert not any(lou.may(right) for right in Right)
    boss = lookup.actor_of(made(at_work.owner, role=Role.SUPER_ADMIN, scopes=list(SCOPES))[0])
    assert not boss.is_system
    assert not boss.may(Right.API_KEYS_EDIT)
    assert boss.may(Right.AUDIT_VIEW)


def test_what_a_key_does_is_written_to_its_name(cast: Cast, program: Make) -> None:
    answer = program(name="Zapier")("POST", "/accounts", {"name": "Gale"})
    assert answer.status_code == 201
    with cast.at_work():
        entry = AuditEntry.objects.get(verb="account.created", subject_label="Gale")
        assert (entry.actor_name, entry.person) == ("API key: Zapier", None)
        assert actions.ApiKey.objects.get().last_used_at is not None


def test_no_key_a_wrong_one_and_a_revoked_one_are_refused(cast: Cast, program: Make) -> None:
    zapier = program()
    assert zapier("GET", "/accounts").status_code == 200
    with cast.at_work():
        key = ApiKey.objects.get()
        actions.revoke_key(actor=cast.admin, at=timezone.now(), key_id=key.id)
    for token in (zapier.token, "", "nonsense", tokens.make(), zapier.token[:-1]):
        answer = Program(token)("GET", "/accounts")
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer")
        assert answer.json()["code"] == "unauthorized"


def test_a_key_ends_at_its_time(cast: Cast, program: Make) -> None:
    zapier = program(expires_at=timezone.now() + timedelta(hours=1))
    assert zapier("GET", "/accounts").status_code == 200
    with time_machine.travel(timezone.now() + timedelta(minutes=59), tick=False):
        assert zapier("GET", "/accounts").status_code == 200
    with time_machine.travel(timezone.now() + timedelta(minutes=61), tick=False):
        assert zapier("GET", "/accounts").status_code == 401


def test_who_takes_somebodys_access_is_told_which_of_their_keys_still_work(
    cast: Cast, sign_in: Callable[[Actor | None], Client]
) -> None:
    with cast.at_work():
        kept, token = made(cast.admin, name="Zapier")
        over, _ = made(cast.admin, name="Gone", expires_at=timezone.now() + timedelta(hours=1))
        ApiKey.objects.filter(id=over.id).update(expires_at=timezone.now())
        ended, _ = made(cast.admin, name="Ended")
        actions.revoke_key(actor=cast.admin, at=timezone.now(), key_id=ended.id)
        made(cast.owner, name="Hers")
    dana, page = sign_in(cast.owner), f"/settings/people/{cast.admin.membership_id}/"
    shown = dana.get(page).content.decode()
    assert f'href="/settings/api-keys/{kept.id}/"' in shown
    assert not [name for name in ("Gone", "Ended", "Hers") if name in shown]
    for path, form in ((page, {"role": "manager"}), (f"{page}deactivate/", {})):
        answer = dana.post(path, form, follow=True)
        assert answer.request["PATH_INFO"] == page
        assert "made an API key that still works: “Zapier”." in answer.content.decode()
    # As the page says: it goes on working, with the role that it was given.
    assert Program(token)("GET", "/accounts").status_code == 200
    dana.post(f"/settings/api-keys/{kept.id}/revoke/")
    assert Program(token)("GET", "/accounts").status_code == 401
    assert "API keys that" not in dana.get(page).content.decode()


def test_the_last_use_is_written_at_most_once_a_minute(cast: Cast, program: Make) -> None:
    def noted() -> Any:
        with cast.at_work():
            return ApiKey.objects.get().last_used_at

    zapier, noon = program(), timezone.now().replace(minute=0, second=0, microsecond=0)
    for seconds, expected in ((0, 0), (30, 0), (59, 0), (60, 60), (90, 60), (130, 130)):
        with time_machine.travel(noon + timedelta(seconds=seconds), tick=False):
            zapier("GET", "/accounts")
        assert noted() == noon + timedelta(seconds=expected)


def test_a_key_has_its_requests_per_minute(cast: Cast, program: Make, settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = 3
    zapier, other = program(), program(name="Other")
    noon = timezone.now().replace(second=20, microsecond=0)
    with time_machine.travel(noon, tick=False):
        left = [zapier("GET", "/accounts")["RateLimit"] for _ in range(3)]
        assert left == [f'"minute";r={n};t=40' for n in (2, 1, 0)]
        refused = zapier("GET", "/accounts")
        assert refused.status_code == 429
        assert refused["Retry-After"] == "40"
        assert refused.json()["code"] == "rate_limited"
        assert other("GET", "/accounts").status_code == 200
    with time_machine.travel(noon + timedelta(seconds=40), tick=False):
        assert zapier("GET", "/accounts").status_code == 200


def test_a_session_gives_no_access_to_the_api(
    cast: Cast, sign_in: Callable[[Actor | None], Client]
) -> None:
    client = sign_in(cast.owner)
    assert client.get("/api/v1/accounts").status_code == 401
    body = {"name": "Forged"}
    answer = client.post("/api/v1/accounts", body, content_type="application/json")
    assert answer.status_code == 401


def test_the_page_shows_a_token_once(cast: Cast, sign_in: Callable[[Actor | None], Client]) -> None:
    client = sign_in(cast.admin)
    form = {"name": "Zapier", "role": "manager", "scopes": ["accounts:write"], "days": "90"}
    page = client.post("/settings/api-keys/create/", form)
    with cast.at_work():
        key = ApiKey.objects.get()
    assert page["Cache-Control"] == "no-store"
    token = page.content.decode().split('data-copy="')[1].split('"')[0]
    assert tokens.is_token(token)
    assert Program(token)("GET", "/accounts").status_code == 200
    for url in ("/settings/api-keys/", f"/settings/api-keys/{key.id}/"):
        shown = client.get(url).content.decode()
        assert "Zapier" in shown
        assert key.start in shown
        assert token not in shown
    client.post(f"/settings/api-keys/{key.id}/revoke/")
    assert Program(token)("GET", "/accounts").status_code == 401
    assert "Revoked" in client.get(f"/settings/api-keys/{key.id}/").content.decode()


def test_a_form_that_is_wrong_says_where(
    cast: Cast, sign_in: Callable[[Actor | None], Client]
) -> None:
    client = sign_in(cast.admin)
    answer = client.post("/settings/api-keys/create/", {"name": "X", "role": "super_admin"})
    assert answer.status_code == 422
    with cast.at_work():
        assert not ApiKey.objects.exists()
