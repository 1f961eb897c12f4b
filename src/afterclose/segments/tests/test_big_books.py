"""Where finding the members takes long, a job does it after the segment is saved."""

from __future__ import annotations

from typing import Any

from procrastinate.contrib.django.models import ProcrastinateJob

from afterclose.accounts.models import Account, Event
from afterclose.segments import actions, searching
from afterclose.segments.jobs import refresh_segment
from afterclose.segments.models import AccountMembership, Segment
from afterclose.segments.refreshing import refresh
from tests.factories import MORNING

ACTIVE = {"field": "stage", "op": "is", "value": "active"}


def saved(cast: Any, **more: Any) -> Segment:
    return actions.create_segment(
        **{"actor": cast.manager, "at": MORNING, "name": "Active", "condition": ACTIVE, **more}
    )


def waiting() -> list[int]:
    jobs = ProcrastinateJob.objects.filter(task_name="segments.refresh_segment", status="todo")
    return sorted(job.args["segment_id"] for job in jobs)


def test_in_a_big_book_the_members_follow_and_the_page_says_so(at_work, sign_in, monkeypatch):
    monkeypatch.setattr(searching, "BIG_BOOK", 3)
    segment = saved(at_work)
    assert (segment.is_counting, segment.members, segment.refreshed_at) == (True, 0, None)
    assert waiting() == [segment.id]
    client = sign_in(at_work.manager)
    page = client.get(f"/segments/{segment.id}/").content.decode()
    assert "Counting…" in page
    assert "counting…" in client.get("/segments/").content.decode()
    assert "Counting…" in client.get(f"/segments/{segment.id}/progress/").content.decode()
    refresh_segment.func(business_id=at_work.business.id, segment_id=segment.id)
    segment.refresh_from_db()
    assert (segment.is_counting, segment.members) == (False, 2)
    answer = client.get(f"/segments/{segment.id}/progress/", headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == f"/segments/{segment.id}/"
    assert "Counting…" not in client.get(f"/segments/{segment.id}/").content.decode()


def test_what_an_edit_moves_is_the_definitions_doing_although_a_job_finds_it(at_work, monkeypatch):
    segment = saved(at_work)
    assert not segment.is_counting
    monkeypatch.setattr(searching, "BIG_BOOK", 3)
    onboarding = {"field": "stage", "op": "is", "value": "onboarding"}
    user = saved(
        at_work, name="Others", condition={"field": "segment", "op": "none", "value": [segment.id]}
    )
    refresh(actor=at_work.manager, at=MORNING, segment_id=user.id)
    actions.change_segment(
        actor=at_work.manager, at=MORNING, segment_id=segment.id, condition=onboarding
    )
    assert waiting() == [segment.id, user.id]
    # A sweep of some accounts comes first; it is still the edit that moves them.
    refresh(actor=at_work.manager, at=MORNING, segment_id=segment.id, only=[at_work.acme.id])
    segment.refresh_from_db()
    assert segment.is_counting
    for each in (segment, user):
        refresh_segment.func(business_id=at_work.business.id, segment_id=each.id)
        each.refresh_from_db()
        assert not each.is_counting
    moved = AccountMembership.objects.filter(segment=segment)
    assert set(moved.values_list("account_id", "cause", "left_cause")) == {
        (at_work.acme.id, "definition", "definition"),
        (at_work.birch.id, "definition", "definition"),
        (at_work.elm.id, "definition", ""),
    }
    assert not Event.objects.filter(kind__startswith="segment.").exists()


def test_a_book_is_big_from_one_more_than_its_size(at_work, monkeypatch):
    segment = saved(at_work)
    monkeypatch.setattr(searching, "BIG_BOOK", Account.objects.count())
    assert not searching.is_big(segment)
    monkeypatch.setattr(searching, "BIG_BOOK", Account.objects.count() - 1)
    assert searching.is_big(segment)
