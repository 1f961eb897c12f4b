"""The pipeline's page, its export and the panels (CS-40, CS-41, CS-45)."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from afterclose.businesses.actors import Actor
from afterclose.businesses.models import Setting
from afterclose.renewals.lists import RenewalList
from afterclose.ui.lists.testing import assert_list_works
from tests.cast import Cast
from tests.factories import MONDAY, MORNING, AccountFactory, SubscriptionFactory

SignIn = Callable[[Actor | None], Client]


@pytest.fixture(autouse=True)
def _monday_morning() -> Iterator[None]:
    with time_machine.travel(MORNING, tick=False):
        yield


@pytest.fixture
def marek(at_work: Cast, sign_in: SignIn) -> Client:
    return sign_in(at_work.manager)


def page(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, url
    return answer.content.decode()


def listed(client: Client, url: str) -> str:
    """The rows of the page alone: the filters offer every account by name."""
    text = page(client, url)
    return text[text.index("<tbody") : text.index("</tbody>")] if "<tbody" in text else ""


def exported(client: Client, url: str) -> list[dict[str, str]]:
    answer: Any = client.get(url)
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def test_every_filter_sort_and_column_of_the_list_works(at_work: Cast) -> None:
    AccountFactory.create(renewal_date=MONDAY)

    assert_list_works(RenewalList, at_work.manager, today=MONDAY)


def test_the_page_tells_the_stage_and_why(marek: Client) -> None:
    text = listed(marek, "/renewals/")

    assert "Birch" in text
    assert "Payment past due" in text
    assert "Cedar" in text
    assert "Acme" not in text


def test_the_window_comes_from_the_address(marek: Client) -> None:
    assert "Birch" not in listed(marek, "/renewals/30-days/")
    assert "Birch" in listed(marek, "/renewals/60-days/")
    assert marek.get("/renewals/45-days/").status_code == 404


def test_without_a_window_the_business_says_which(at_work: Cast, marek: Client) -> None:
    Setting.objects.create(key="renewal_window_days", value=30)

    assert "Birch" not in listed(marek, "/renewals/")


def test_the_export_mirrors_window_and_stage(marek: Client) -> None:
    everything = exported(marek, "/renewals/?format=csv")
    at_risk = exported(marek, "/renewals/90-days/?stage=at_risk&format=csv")

    assert [row["Account"] for row in everything] == ["Cedar", "Birch"]
    assert [row["Account"] for row in at_risk] == ["Birch"]
    assert at_risk[0]["Days left"] == "40"
    assert at_risk[0]["Stage"] == "At risk"
    assert at_risk[0]["Why"] == "Payment past due"
    assert (at_risk[0]["ARR"], at_risk[0]["ARR currency"]) == ("12000.00", "USD")
    assert exported(marek, "/renewals/30-days/?stage=at_risk&format=csv") == []


def test_the_tiles_count_what_the_other_filters_leave(at_work: Cast, marek: Client) -> None:
    other = AccountFactory.create(name="Other")
    SubscriptionFactory.create(account=other, current_period_end=MONDAY + timedelta(days=5))
    tile = 'data-number="renewals.by_stage" data-value="{}"'

    assert tile.format(2) in page(marek, "/renewals/")
    mine = page(marek, f"/renewals/?csm={at_work.manager.membership_id}")
    assert tile.format(2) not in mine
    assert tile.format(1) in mine


def test_long_pipelines_get_their_tiles_after_the_page(
    marek: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from afterclose.renewals import lists

    monkeypatch.setattr(lists, "SUMS_AT_ONCE", 1)

    text = page(marek, "/renewals/90-days/?stage=at_risk&stage=on_track")

    assert 'hx-get="/renewals/90-days/tiles/?stage=at_risk&amp;stage=on_track"' in text
    assert "renewals.by_stage" not in text
    assert "renewals.by_stage" in page(marek, "/renewals/90-days/tiles/?stage=at_risk")


def test_the_account_page_has_a_panel_with_what_renews_next(at_work: Cast, marek: Client) -> None:
    text = page(marek, f"/accounts/{at_work.birch.id}/panels/renewals/")
    assert "Payment past due" in text
    assert "in 40 days" in text

    none = page(marek, f"/accounts/{at_work.elm.id}/panels/renewals/")
    assert "Nothing renews" in none


def test_the_panel_of_another_business_is_not_there(at_work: Cast, sign_in: SignIn) -> None:
    stranger = sign_in(at_work.stranger)

    answer = stranger.get(f"/accounts/{at_work.birch.id}/panels/renewals/")

    assert answer.status_code == 404
    assert "Birch" not in page(stranger, "/renewals/")


def test_a_switched_off_feature_is_absent(at_work: Cast, marek: Client) -> None:
    Setting.objects.create(key="features_off", value=["renewals"])

    assert marek.get("/renewals/").status_code == 403
    assert "/renewals/" not in page(marek, "/accounts/")
