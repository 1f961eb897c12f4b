"""What other apps have in the API: scores, renewals, and the rows that they come from."""

from __future__ import annotations

from collections.abc import Callable

import time_machine

from afterclose.businesses.jobs import JOBS
from afterclose.health.models import RunPart
from tests.cast import Cast
from tests.factories import MORNING
from tests.programs import Program

Make = Callable[..., Program]


@time_machine.travel(MORNING, tick=False)
def test_what_a_score_is_made_of_can_be_read(cast: Cast, program: Make) -> None:
    zapier, path = program(), f"/accounts/{cast.birch.id}/health"
    assert zapier("GET", path).status_code == 404
    JOBS["health.take_snapshots_of_business"](cast.business.id)
    with cast.at_work():
        parts = list(RunPart.objects.filter(done_at=None).values_list("id", flat=True))
    for part_id in parts:
        JOBS["health.take_part"](cast.business.id, part_id=part_id)
    found = zapier("GET", path).json()
    assert found["word"] in ("At risk", "Critical")
    assert 0 <= found["score"] < 50
    points = sum(each["points"] or 0 for each in found["components"])
    assert abs(points - found["score"]) < 0.1
    assert zapier("GET", f"{path}?on=2001-01-01").status_code == 404


def test_rows_of_other_apps_come_with_the_filters_of_their_lists(cast: Cast, program: Make) -> None:
    zapier = program()
    past = zapier("GET", "/subscriptions?status=past_due").json()["items"]
    assert [each["account"]["name"] for each in past] == ["Birch"]
    assert set(past[0]["arr"]) == {"amount_minor", "currency"}
    urgent = zapier("GET", f"/tickets?priority=urgent&account={cast.birch.id}").json()["items"]
    assert len(urgent) == 3
    answers = zapier("GET", f"/survey-answers?account={cast.acme.id}").json()["items"]
    assert [each["score"] for each in answers] == [10]
    usage = zapier("GET", f"/accounts/{cast.acme.id}/usage").json()["items"]
    assert len(usage) == 1
    assert zapier("GET", f"/accounts/{cast.foreign.id}/usage").status_code == 404
    with time_machine.travel(MORNING, tick=False):
        renewals = zapier("GET", "/renewals").json()["items"]
        assert renewals[0]["account"]["name"] == "Cedar"
        assert renewals[0]["days_left"] == 21
    members = zapier("GET", "/members").json()["items"]
    assert {"Dana Reyes", "Marek Novak"} <= {each["name"] for each in members}


def test_only_admins_read_the_audit_log(cast: Cast, program: Make) -> None:
    assert program()("GET", "/audit-entries").status_code == 403
    entries = program(role="admin")("GET", "/audit-entries?verb=api_key.created").json()["items"]
    assert {entry["verb"] for entry in entries} == {"api_key.created"}
