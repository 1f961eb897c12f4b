"""The page of the audit log: found by who, what, object, dates, text; exported with its seals."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.test import Client

from afterclose.businesses import audit, audit_chain
from afterclose.businesses.actors import Actor, system
from afterclose.businesses.lists import AuditList
from afterclose.businesses.models import AuditEntry
from afterclose.ui.lists.testing import assert_list_works
from tests.cast import Cast
from tests.factories import MONDAY, MORNING

SignIn = Callable[[Actor | None], Client]


@pytest.fixture
def logged(cast: Cast) -> Cast:
    with cast.at_work():
        audit.record(
            "account.changed",
            actor=cast.manager,
            at=MORNING,
            subject=cast.acme,
            changes={"domain": ["acme.example", "acme-corp.example"]},
        )
        audit.record(
            "account.merged",
            actor=cast.admin,
            at=MORNING - timedelta(days=3),
            subject=cast.birch,
        )
        audit.record(
            "account.scored", actor=system(cast.business.id), at=MORNING, subject=cast.acme
        )
    with cast.elsewhere():
        audit.record("account.secret", actor=cast.stranger, at=MORNING, subject=cast.foreign)
    return cast


def verbs(client: Client, query: str) -> list[str]:
    answer = client.get(f"/settings/audit/?{query}&format=csv")
    assert answer.status_code == 200, answer.content[:300]
    text = answer.getvalue().decode("utf-8-sig")
    return [row["What"] for row in csv.DictReader(StringIO(text))]


def test_every_filter_finds_its_entries(logged: Cast, sign_in: SignIn) -> None:
    client = sign_in(logged.admin)
    assert verbs(client, f"person={logged.manager.person_id}") == ["Account: changed"]
    assert verbs(client, "verb=account.changed&verb=account.merged") == [
        "Account: changed",
        "Account: merged",
    ]
    assert verbs(
        client,
        f"subject_type=accounts.account&subject_id_min={logged.birch.id}"
        f"&subject_id_max={logged.birch.id}",
    ) == ["Account: merged"]
    day = (MORNING - timedelta(days=3)).date()
    assert verbs(client, f"at_from={day}&at_to={day}") == ["Account: merged"]
    assert verbs(client, "q=ACME-corp") == ["Account: changed"]
    assert verbs(client, "person=none") == ["Account: scored"]


def test_the_filters_offer_what_this_business_has(logged: Cast, sign_in: SignIn) -> None:
    page = sign_in(logged.admin).get("/settings/audit/").content.decode()
    assert "Account: merged" in page
    assert "Marek Novak" in page
    assert "Account: secret" not in page
    assert "Sam Okafor" not in page


def test_the_export_carries_the_seals(logged: Cast, sign_in: SignIn) -> None:
    with logged.at_work():
        audit_chain.seal(at=MORNING)
        last = AuditEntry.objects.select_related("seal").get(verb="account.changed").seal
    answer = sign_in(logged.admin).get(
        "/settings/audit/?verb=account.changed&cols=at,verb,seal,fingerprint&format=csv"
    )
    [row] = csv.DictReader(StringIO(answer.getvalue().decode("utf-8-sig")))
    assert row["Seal"] == str(last.number)
    assert row["Fingerprint"] == last.fingerprint


def test_the_page_shows_the_anchor_once_there_is_one(logged: Cast, sign_in: SignIn) -> None:
    client = sign_in(logged.admin)
    assert "Copy the anchor" not in client.get("/settings/audit/").content.decode()
    with logged.at_work():
        audit_chain.seal(at=MORNING)
        anchor = str(audit_chain.look().anchor)
    assert f'data-copy="{anchor}"' in client.get("/settings/audit/").content.decode()


def test_the_list_keeps_every_promise_of_lists(logged: Cast) -> None:
    with logged.at_work():
        assert_list_works(AuditList, logged.admin, today=MONDAY)
