"""Admins keep the list of reasons for being at risk."""

from collections.abc import Callable

from django.test import Client

from afterclose.accounts import queries
from afterclose.accounts.models import RiskReason
from afterclose.accounts.reasons import DEFAULT_REASONS, SCORE
from afterclose.businesses.actors import Actor
from afterclose.businesses.models import AuditEntry
from tests.cast import Cast

SignIn = Callable[[Actor | None], Client]
PAGE = "/settings/risk-reasons/"


def labels(cast: Cast) -> list[str]:
    with cast.at_work():
        return [reason.label for reason in queries.risk_reasons(cast.manager)]


def reason(cast: Cast, key: str) -> RiskReason:
    with cast.at_work():
        return RiskReason.objects.get(key=key)


def test_a_reason_is_added_at_the_end_and_can_be_chosen(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.admin)
    assert client.get(PAGE).status_code == 200
    assert client.post(PAGE, {"label": "  Data   residency "}).status_code == 302
    assert labels(cast) == [*DEFAULT_REASONS.values(), "Data residency"]
    with cast.at_work():
        assert AuditEntry.objects.filter(verb="risk_reason.added").count() == 1


def test_the_same_reason_twice_is_refused(cast: Cast, sign_in: SignIn) -> None:
    answer = sign_in(cast.admin).post(PAGE, {"label": "price"})
    assert answer.status_code == 422
    assert "is in the list already" in answer.content.decode()
    assert sign_in(cast.admin).post(PAGE, {"label": " "}).status_code == 422


def test_a_reason_is_renamed_moved_and_archived(cast: Cast, sign_in: SignIn) -> None:
    client, price = sign_in(cast.admin), reason(cast, "price")
    client.post(f"{PAGE}{price.id}/", {"label": "Too expensive"})
    client.post(f"{PAGE}{price.id}/move/", {"direction": "down"})
    assert labels(cast)[-2:] == ["Competitor", "Too expensive"]
    client.post(f"{PAGE}{price.id}/move/", {"direction": "down"})
    assert labels(cast)[-1] == "Too expensive"
    client.post(f"{PAGE}{price.id}/archive/")
    assert "Too expensive" not in labels(cast)
    client.post(f"{PAGE}{price.id}/archive/")
    assert "Too expensive" in labels(cast)


def test_the_reason_that_the_score_gives_stays(cast: Cast, sign_in: SignIn) -> None:
    score = reason(cast, SCORE)
    answer = sign_in(cast.admin).post(f"{PAGE}{score.id}/archive/", follow=True)
    assert "gives this reason itself" in answer.content.decode()
    assert DEFAULT_REASONS[SCORE] in labels(cast)


def test_others_keep_out(cast: Cast, sign_in: SignIn) -> None:
    price = reason(cast, "price")
    assert sign_in(cast.manager).get(PAGE).status_code == 403
    assert sign_in(cast.stranger).get(f"{PAGE}{price.id}/").status_code == 404
    assert sign_in(cast.stranger).post(f"{PAGE}{price.id}/archive/").status_code == 404
