"""Pages of health: what they say, and that each number opens the rows it counts."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlparse

import pytest
from django.test import Client
from django.urls import reverse

from afterclose.accounts.actions import flag_at_risk
from afterclose.accounts.lists import AccountList
from afterclose.accounts.models import Account, Stage
from afterclose.businesses.actors import Actor
from afterclose.businesses.tenancy import business_context
from afterclose.health import queries, running, scoring
from afterclose.health.models import DayTotal, Score
from tests.cast import Cast
from tests.factories import MONDAY, MORNING, AccountFactory

SignIn = Callable[[Actor | None], Client]


@pytest.fixture
def scored(cast: Cast) -> Cast:
    """The cast with a week of scores, today's included."""
    with cast.at_work():
        running.take(
            business_id=cast.business.id,
            at=MORNING,
            begin=MONDAY - timedelta(days=8),
            end=MONDAY - timedelta(days=1),
        )
        running.take(business_id=cast.business.id, at=MORNING)
    return cast


def text(response: object) -> str:
    return response.content.decode()  # type: ignore[attr-defined]


def test_the_overview_counts_each_bucket_and_opens_its_rows(scored: Cast, sign_in: SignIn) -> None:
    client = sign_in(scored.manager)
    assert client.get("/health/").status_code == 200
    page = client.get("/health/panels/figures/")
    with business_context(scored.business.id):
        counts = queries.distribution(scored.manager)
        assert counts == {"healthy": 1, "ok": 1, "at_risk": 0, "critical": 1, "none": 1}
    for tile in page.context["tiles"]:
        rows = client.get(tile["url"])
        assert rows.status_code == 200
        assert rows.context["list"].count == counts[tile["slug"]] == tile["count"]


def test_no_data_is_who_has_none_or_was_not_met_by_a_run_and_has_not_left(scored: Cast) -> None:
    with scored.at_work():
        AccountFactory(name="New today")
        AccountFactory(name="Left before any run", stage=Stage.CHURNED)
        left = Score.objects.filter(score__isnull=True).values_list("account__name", flat=True)
        without = Account.objects.filter(queries.in_buckets(["none"], scored.manager))
        assert [*left] == ["Elm"]
        assert {account.name for account in without} == {"Elm", "New today"}
        assert queries.distribution(scored.manager)["none"] == 2
        Account.objects.filter(name="Elm").update(stage=Stage.CHURNED)
        assert [account.name for account in without.all()] == ["New today"]


def test_the_buckets_of_the_day_totals_are_those_of_the_rules(scored: Cast) -> None:
    with scored.at_work():
        total = DayTotal.objects.get(on=MONDAY)
        counts = queries.distribution(scored.manager)
        assert counts == {
            "healthy": total.healthy,
            "ok": total.ok,
            "at_risk": total.at_risk,
            "critical": total.critical,
            "none": total.no_data,
        }
        assert DayTotal.objects.count() == 9
    for bucket in scoring.BUCKETS:
        if bucket.low is not None:
            assert scoring.word(bucket.low) == bucket.word


def test_movers_compare_with_the_day_that_was_chosen(scored: Cast, sign_in: SignIn) -> None:
    page = sign_in(scored.manager).get("/health/movers/?days=7")
    names = [mover.name for mover in page.context["falls"]]
    assert names == ["Birch", "Cedar"]
    for address in ("/health/", "/health/movers/"):
        assert sign_in(scored.manager).get(f"{address}?days=nonsense").status_code == 200


def test_the_list_of_accounts_at_risk_counts_what_its_number_says(
    scored: Cast, sign_in: SignIn
) -> None:
    with scored.at_work():
        flagged = AccountFactory.create(name="Hazel", renewal_date=MONDAY + timedelta(days=300))
        flag_at_risk(
            actor=scored.manager, at=MORNING, account_id=flagged.id, reasons=["champion-change"]
        )
        wanted = set(queries.at_risk_accounts(scored.manager).values_list("name", flat=True))
        assert wanted == {"Birch", "Hazel"}
        assert queries.at_risk_count(scored.manager) == 2
        read = queries.at_risk_rows_to_read(scored.manager).values_list("name", flat=True)
        assert set(read) == wanted
    page = sign_in(scored.manager).get("/health/at-risk/")
    shown = text(page)
    assert [row.label for row in page.context["list"].rows] == ["Birch", "Hazel"]
    assert "Champion or leadership change" in shown
    assert "Health score" in shown


def test_why_says_inputs_weights_coverage_and_what_changed(scored: Cast, sign_in: SignIn) -> None:
    page = sign_in(scored.manager).get(f"/accounts/{scored.birch.id}/health/")
    shown = text(page)
    assert "3 open tickets, oldest 15 days" in shown
    assert "NPS −100 from 1 answer in 180 days" in shown
    assert "The current period ends in 40 days" in shown
    assert "of the weights" in shown
    assert f"/tickets/?account={scored.birch.id}" in shown
    changes = page.context["changes"]
    assert sum(row.points for row in changes) == page.context["change"]
    past = sign_in(scored.manager).get(
        f"/accounts/{scored.birch.id}/health/?on={MONDAY - timedelta(days=2)}"
    )
    assert "See the current score" in text(past)


def test_an_account_without_data_is_explained_as_such(scored: Cast, sign_in: SignIn) -> None:
    shown = text(sign_in(scored.manager).get(f"/accounts/{scored.elm.id}/health/"))
    assert "No data" in shown
    assert "No activity recorded yet" in shown


def test_every_source_link_opens(scored: Cast, sign_in: SignIn) -> None:
    client = sign_in(scored.manager)
    page = client.get(f"/accounts/{scored.birch.id}/health/")
    for row in page.context["components"]:
        assert client.get(row.url).status_code == 200, row.url


@pytest.mark.parametrize("address", ["/accounts/{}/health/", "/accounts/{}/panels/health/"])
def test_a_page_about_an_account_without_a_score_says_so(
    cast: Cast, sign_in: SignIn, address: str
) -> None:
    shown = text(sign_in(cast.manager).get(address.format(cast.acme.id)))
    assert "No score yet" in shown


def test_the_panel_shows_the_score_and_leads_to_why(scored: Cast, sign_in: SignIn) -> None:
    shown = text(sign_in(scored.manager).get(f"/accounts/{scored.acme.id}/panels/health/"))
    assert "Healthy" in shown
    assert reverse("health:explain", args=[scored.acme.id]) in shown


def test_a_day_without_a_score_and_a_day_that_is_none_are_not_found(
    scored: Cast, sign_in: SignIn
) -> None:
    client = sign_in(scored.manager)
    for day in ("2020-01-01", "2026-02-31", "yesterday"):
        assert client.get(f"/accounts/{scored.acme.id}/health/?on={day}").status_code == 404


def test_another_business_sees_nothing(scored: Cast, sign_in: SignIn) -> None:
    client = sign_in(scored.stranger)
    for address in ("/accounts/{}/health/", "/accounts/{}/panels/health/"):
        assert client.get(address.format(scored.acme.id)).status_code == 404
    assert "Acme" not in text(client.get("/health/at-risk/"))
    with business_context(scored.stranger.business_id):
        assert queries.at_risk_accounts(scored.stranger).count() == 0


@pytest.mark.parametrize("address", ["/health/", "/health/at-risk/", "/accounts/1/health/"])
def test_whoever_has_no_right_is_refused(cast: Cast, sign_in: SignIn, address: str) -> None:
    assert sign_in(cast.member).get(address).status_code == 403
    assert sign_in(None).get(address).status_code == 302


def test_pages_before_the_first_run_say_what_is_needed(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.manager)
    assert "No scores yet" in text(client.get("/health/"))
    assert client.get("/health/at-risk/").status_code == 200


def test_health_is_a_column_filter_and_order_of_the_account_list(
    scored: Cast, sign_in: SignIn
) -> None:
    client = sign_in(scored.manager)
    page = client.get("/accounts/?health=critical&health=none&health=ok&sort=health")
    assert [row.label for row in page.context["list"].rows] == ["Birch", "Cedar", "Elm"]
    page = client.get("/accounts/?score_min=50&sort=-health")
    assert [row.label for row in page.context["list"].rows] == ["Acme", "Cedar"]
    url = AccountList.url("/accounts/", health="healthy")
    assert parse_qs(urlparse(url).query) == {"health": ["healthy"]}


def test_the_score_of_an_account_that_has_churned_says_at_churn(
    scored: Cast, sign_in: SignIn
) -> None:
    client = sign_in(scored.manager)
    panel = reverse("health:panel", args=[scored.birch.id])
    explained = reverse("health:explain", args=[scored.birch.id])
    assert "at churn" not in text(client.get("/accounts/?q=birch"))
    assert "At churn" not in text(client.get(panel))
    with scored.at_work():
        Account.objects.filter(id=scored.birch.id).update(stage="churned", churned_on=MONDAY)
    assert "at churn" in text(client.get("/accounts/?q=birch"))
    assert "at churn" not in text(client.get("/accounts/?q=acme"))
    assert "At churn: " in text(client.get(panel))
    assert ", at churn" in text(client.get(explained))
