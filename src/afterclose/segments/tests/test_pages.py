"""The pages as a CSM uses them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from afterclose.accounts.models import Account
from afterclose.businesses.actions import change_settings
from afterclose.businesses.actors import Actor
from afterclose.businesses.models import Person
from afterclose.kit import clock
from afterclose.segments import actions
from afterclose.segments.models import Segment
from tests.cast import Cast
from tests.factories import MORNING

pytestmark = pytest.mark.django_db
SignIn = Callable[[Actor | None], Client]
ACTIVE = {"n.mode": "all", "n.count": "1", "n-0.key": "field:stage", "n-0.op": "is"}


def made(cast: Cast, **values: Any) -> Segment:
    with cast.at_work(), transaction.atomic():
        return actions.create_segment(
            **{
                "actor": cast.manager,
                "at": MORNING,
                "name": "Active ones",
                "condition": {"field": "stage", "op": "is", "value": "active"},
                **values,
            }
        )


def body(answer: Any) -> str:
    return answer.content.decode()


def test_a_segment_is_built_by_pressing_and_saved(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.manager)
    assert "New segment of accounts" in body(client.get("/segments/new/"))
    answer = client.post("/segments/builder/", {**ACTIVE, "subject": "account", "do": "add:n"})
    assert 'name="n-1.key"' in body(answer)
    form = {**ACTIVE, "n-0.value": "active", "subject": "account", "name": "Active"}
    answer = client.post("/segments/preview/", form)
    assert "Acme, Birch" in body(answer)
    answer = client.post("/segments/new/", form, follow=True)
    assert answer.status_code == 200
    page = body(answer)
    assert "stage is active" in page
    assert "Acme" in page
    assert "Cedar" not in page


def test_what_is_missing_is_said_at_its_row_and_nothing_is_lost(
    cast: Cast, sign_in: SignIn
) -> None:
    form = {**ACTIVE, "subject": "account", "name": "Half"}
    answer = sign_in(cast.manager).post("/segments/new/", form)
    assert answer.status_code == 422
    assert "is not complete" in body(answer)
    assert "Stage: “” is not one of its values." in body(answer)
    assert 'value="Half"' in body(answer)


def test_form_and_text_are_kept_in_step(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.manager)
    form = {**ACTIVE, "n-0.value": "active", "subject": "account", "mode": "form"}
    answer = client.post("/segments/builder/", {**form, "do": "mode:text"})
    assert ">stage is active</textarea>" in body(answer)
    written = {"subject": "account", "mode": "text", "text": "not (seats > 5 or seats empty)"}
    page = body(client.post("/segments/builder/", {**written, "do": "mode:form"}))
    assert '<option value="none" selected>' in page
    assert 'name="n-1.op"' in page
    wrong = {**written, "text": "seats > many", "do": "mode:form"}
    page = body(client.post("/segments/builder/", wrong))
    assert "Line 1, column 9: Expected a number" in page
    assert "seats &gt; many</textarea>" in page


def test_a_condition_can_be_written_as_text_from_the_beginning(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.manager)
    nothing = {"subject": "account", "mode": "form", "n.mode": "all", "n.count": "1"}
    page = body(client.post("/segments/builder/", {**nothing, "do": "mode:text"}))
    assert "</textarea>" in page
    assert "alert-danger" not in page
    begun = {**nothing, "n-0.key": "field:name", "n-0.op": "is"}
    page = body(client.post("/segments/builder/", {**begun, "do": "mode:text"}))
    assert "</textarea>" not in page, "what is begun is not thrown away"
    empty = {"subject": "account", "mode": "text", "text": " ", "name": "Blank"}
    assert "The condition is empty." in body(client.post("/segments/new/", empty))


def test_a_shared_segment_of_somebody_else_is_copied_instead(cast: Cast, sign_in: SignIn) -> None:
    segment = made(cast, actor=cast.admin)
    client = sign_in(cast.manager)
    answer = client.get(f"/segments/{segment.id}/edit/", follow=True)
    assert "Copy of Active ones" in body(answer)
    assert client.post(f"/segments/{segment.id}/delete/").status_code == 403


def test_the_account_list_filters_by_segment(cast: Cast, sign_in: SignIn) -> None:
    segment = made(cast)
    page = body(sign_in(cast.owner).get(f"/accounts/?segment={segment.id}"))
    assert "Acme" in page
    assert "Cedar" not in page
    assert "Active ones" in page


def test_movements_and_refresh(cast: Cast, sign_in: SignIn) -> None:
    segment = made(cast)
    client = sign_in(cast.manager)
    assert "Definition" in body(client.get(f"/segments/{segment.id}/movements/"))
    answer = client.post(f"/segments/{segment.id}/refresh/", follow=True)
    assert "2 accounts meet the condition" in body(answer)
    answer = client.post(f"/segments/{segment.id}/delete/", follow=True)
    assert "deleted" in body(answer)


def test_a_private_segment_is_a_404_for_others(cast: Cast, sign_in: SignIn) -> None:
    segment = made(cast, is_shared=False)
    client = sign_in(cast.admin)
    for path in ("", "edit/", "movements/"):
        assert client.get(f"/segments/{segment.id}/{path}").status_code == 404
    assert "Active ones" not in body(client.get("/segments/"))
    assert "Active ones" not in body(client.get(f"/accounts/?segment={segment.id}"))


def test_forms_that_no_browser_sends_are_no_errors_of_ours(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.manager)
    for data in (
        {},
        {"subject": "x", "mode": "y", "n.count": "99999999"},
        {"n.count": "1", "n-0.key": "rows:nothing", "n-0.op": "some"},
        {"n.count": "1", "n-0.key": "rows:tickets", "n-0.op": "sum", "n-0.of": "nothing"},
        {
            "n.count": "1",
            "n-0.key": "field:arr",
            "n-0.op": "<",
            "n-0.value": "1",
            "n-0.currency": "?",
        },
        {"n.count": "1", "n-0.key": "field:name", "n-0.op": "is", "n-0.value": "a\x00"},
        {"mode": "text", "text": "\x00", "do": "mode:form"},
        {"segment": "9" * 30, "do": "remove:n"},
        {"n.count": "9" * 5000},
    ):
        assert client.post("/segments/builder/", data).status_code == 200


def test_a_preview_counts_by_the_day_of_the_business(cast: Cast, sign_in: SignIn) -> None:
    with cast.at_work(), transaction.atomic():
        # It is never the same day in both.
        change_settings(actor=cast.owner, at=MORNING, changes={"time_zone": "Pacific/Pago_Pago"})
        Person.objects.filter(email="marek@northwind.example").update(
            time_zone="Pacific/Kiritimati"
        )
        day = clock.today_in("Pacific/Pago_Pago")
        Account.objects.filter(pk=cast.acme.pk).update(customer_since=day)
        others = Account.objects.exclude(pk=cast.acme.pk)
        others.update(customer_since=day - timedelta(days=1))
        condition = {"field": "customer_since", "op": "last", "value": 1}
        segment = actions.create_segment(
            actor=cast.manager, at=clock.now(), name="New", condition=condition
        )
        assert segment.members == 1
    page = body(sign_in(cast.manager).get(f"/segments/{segment.pk}/edit/"))
    assert "Acme" in page
    assert "Birch" not in page
