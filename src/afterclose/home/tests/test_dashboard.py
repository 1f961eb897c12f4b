"""The Monday dashboard (CS-98)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest
import time_machine
from django.test import Client

from afterclose.accounts.actions import flag_at_risk
from afterclose.accounts.imports.models import ImportRun, ImportSet
from afterclose.accounts.models import Account, Stage
from afterclose.businesses import actors
from afterclose.businesses.actors import Actor
from afterclose.health.actions import take_snapshots
from afterclose.health.scoring import DEFAULT, components_of
from afterclose.home import reasons
from afterclose.kit.periods import last_monday
from tests.cast import Cast
from tests.factories import MONDAY, MORNING, AccountFactory

SignIn = Callable[[Actor | None], Client]


@pytest.fixture(autouse=True)
def _monday_morning() -> Iterator[None]:
    with time_machine.travel(MORNING, tick=False):
        yield


def page(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, url
    return answer.content.decode()


def scored(cast: Cast) -> None:
    ids = [account.id for account in cast.accounts]
    take_snapshots(
        actor=actors.system(cast.business.id), at=MORNING, on=MONDAY,
        first_account_id=min(ids), last_account_id=max(ids),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("today", "monday"),
    [
        (date(2026, 3, 2), date(2026, 2, 23)),
        (date(2026, 3, 3), date(2026, 3, 2)),
        (date(2026, 3, 8), date(2026, 3, 2)),
        (date(2026, 3, 9), date(2026, 3, 2)),
    ],
)
def test_the_last_monday_is_the_one_before_today(today: date, monday: date) -> None:
    assert last_monday(today) == monday


def test_a_fresh_business_is_asked_for_its_customers(cast: Cast, sign_in: SignIn) -> None:
    with cast.elsewhere():
        Account.objects.all().delete()

    text = page(sign_in(cast.stranger), "/")

    assert "Import your customers" in text
    assert "Generate sample data" in text
    assert "data-panel" not in text


def test_a_csm_sees_their_own_accounts_first(at_work: Cast, sign_in: SignIn) -> None:
    assert "panels/at-risk/?mine=1" in page(sign_in(at_work.manager), "/")
    assert "panels/at-risk/?mine=1" not in page(sign_in(at_work.manager), "/?whose=all")
    assert "panels/at-risk/?mine=1" not in page(sign_in(at_work.owner), "/")


def test_accounts_at_risk_say_what_costs_them_most(at_work: Cast, sign_in: SignIn) -> None:
    scored(at_work)

    text = page(sign_in(at_work.manager), "/home/panels/at-risk/?mine=1")

    assert "Birch" in text
    assert "Not used for 62 days" in text
    assert "Acme" not in text


def test_mine_leaves_out_the_accounts_of_others(at_work: Cast, sign_in: SignIn) -> None:
    lone = AccountFactory.create(name="Lonely")
    flag_at_risk(actor=at_work.owner, at=MORNING, account_id=lone.id, reasons=["price"])
    client = sign_in(at_work.manager)

    assert "Lonely" in page(client, "/home/panels/at-risk/")
    assert "Lonely" not in page(client, "/home/panels/at-risk/?mine=1")


def test_what_is_new_since_monday_is_told(at_work: Cast, sign_in: SignIn) -> None:
    day = MORNING - timedelta(days=7)
    flag_at_risk(actor=at_work.owner, at=day, account_id=at_work.acme.id, reasons=["price"])
    old = MORNING - timedelta(days=8)
    flag_at_risk(actor=at_work.owner, at=old, account_id=at_work.cedar.id, reasons=["price"])
    Account.objects.filter(id=at_work.birch.id).update(
        stage=Stage.CHURNED, churned_on=MONDAY - timedelta(days=2)
    )

    text = page(sign_in(at_work.manager), "/home/panels/since-monday/")

    assert "Acme" in text
    assert "Cedar" not in text
    assert "Birch" in text
    assert "Dune" not in text


def test_an_import_that_stopped_asks_to_be_looked_at(at_work: Cast, sign_in: SignIn) -> None:
    files = ImportSet.objects.create(created_at=MORNING)
    facts = {"import_set": files, "kind": "accounts", "file_size": 1, "created_at": MORNING}
    ImportRun.objects.create(
        **facts, file_name="broken.csv", state="failed", message="Row 3 has no name.",
        touched_at=MORNING,
    )  # fmt: skip
    ImportRun.objects.create(**facts, file_name="fine.csv", state="done", touched_at=MORNING)

    text = page(sign_in(at_work.manager), "/home/panels/waiting/")

    assert "broken.csv" in text
    assert "Row 3 has no name." in text
    assert "fine.csv" not in text


def test_without_health_the_page_has_no_part_about_it(at_work: Cast, sign_in: SignIn) -> None:
    from afterclose.businesses.models import Setting

    Setting.objects.create(key="features_off", value=["health", "renewals"])
    client = sign_in(at_work.manager)

    text = page(client, "/")

    assert "panels/at-risk" not in text
    assert "renewals/panels" not in text
    assert "At risk" not in page(client, "/home/panels/numbers/")
    assert client.get("/home/panels/at-risk/").status_code == 403


def test_what_costs_most_comes_first_and_small_losses_are_not_told() -> None:
    components = components_of({"usage": [45], "support": [3, 41, 0], "contract": ["period", 170]})

    assert reasons.costliest(components, DEFAULT, MONDAY) == [
        "Not used for 45 days",
        "3 open tickets, oldest 41 days",
    ]


def test_nobody_of_another_business_is_on_it(at_work: Cast, sign_in: SignIn) -> None:
    flag_at_risk(actor=at_work.owner, at=MORNING, account_id=at_work.acme.id, reasons=["price"])
    client = sign_in(at_work.stranger)

    for name in ("numbers", "at-risk", "health", "since-monday", "waiting"):
        text = page(client, f"/home/panels/{name}/")
        assert "Acme" not in text
        assert "Birch" not in text
