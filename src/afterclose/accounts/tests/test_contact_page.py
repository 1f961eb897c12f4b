"""The page of one contact: the facts, what is about them, and the ways to it (CS-3)."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from afterclose.accounts import actions, queries
from afterclose.accounts.models import Contact, Event
from afterclose.accounts.tags.actions import create_tag, tag_contacts
from afterclose.feedback.models import SurveyAnswer
from afterclose.segments.actions import create_segment
from afterclose.tasks.actions import add_task
from tests.factories import MORNING


def ada() -> Contact:
    return Contact.objects.get(name="Ada Lind")


def panel(client, name: str, contact: Contact) -> str:
    answer = client.get(reverse(name, args=[contact.id]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_says_who_it_is_and_asks_for_its_panels(at_work, sign_in):
    contact = ada()
    tag = create_tag(actor=at_work.manager, at=MORNING, name="Speaker")
    tag_contacts(actor=at_work.manager, at=MORNING, contact_ids=[contact.id], tag_ids=[tag.id])
    actions.change_contact(
        actor=at_work.manager,
        at=MORNING,
        contact_id=contact.id,
        title="Head of operations",
        is_champion=True,
        left_on=date(2026, 1, 31),
    )
    path = reverse("accounts:contact", args=[contact.id])
    page = sign_in(at_work.manager).get(path).content.decode()
    for shown in (
        "Ada Lind",
        "Head of operations",
        contact.email,
        "Champion",
        "Speaker",
        "Left on",
    ):
        assert shown in page
    assert reverse("accounts:detail", args=[contact.account_id]) in page
    for name in ("accounts:contact_timeline", "tasks:contact_panel", "segments:contact_panel"):
        assert reverse(name, args=[contact.id]) in page
    assert "Log activity" in page


def test_the_contact_of_another_business_is_not_there(at_work, sign_in):
    assert sign_in(at_work.manager).get("/contacts/999999999/").status_code == 404
    assert sign_in(at_work.stranger).get(f"/contacts/{ada().id}/").status_code == 404


def test_the_timeline_of_a_contact_holds_what_is_about_them_alone(at_work, sign_in):
    contact = ada()
    who = {"actor": at_work.manager, "account_id": contact.account_id, "kind": "activity.call"}
    with_ada = actions.log_activity(**who, at=MORNING, title="With Ada", contact_id=contact.id)
    actions.log_activity(**who, at=MORNING, title="With somebody else")
    assert (with_ada.subject_type, with_ada.subject_id) == ("accounts.contact", contact.id)
    Event.objects.create(
        account_id=contact.account_id, kind="segment.entered", occurred_at=MORNING, actor_name="-",
        title="Entered segment “Speakers”", subject_type="segments.segment", subject_id=1,
        payload={"contact": contact.id},
    )  # fmt: skip
    events, more = queries.timeline(
        at_work.manager, contact.account_id, contact_id=contact.id, limit=10
    )
    assert [event.title for event in events] == ["Entered segment “Speakers”", "With Ada"]
    assert not more
    feed = panel(sign_in(at_work.manager), "accounts:contact_timeline", contact)
    assert "With Ada" in feed
    assert "With somebody else" not in feed
    assert f"/contacts/{contact.id}/panels/timeline/?kind=call" in feed


def test_older_entries_of_a_contact_follow_by_the_cursor(at_work, sign_in):
    contact, client = ada(), sign_in(at_work.manager)
    for number in range(25):
        actions.log_activity(
            actor=at_work.manager, at=MORNING + timedelta(minutes=number), title=f"Call {number}",
            account_id=contact.account_id, kind="activity.call", contact_id=contact.id,
        )  # fmt: skip
    first = panel(client, "accounts:contact_timeline", contact)
    assert "Call 24" in first
    assert "Call 4<" not in first
    older = first.split('hx-get="')[-1].split('"')[0].replace("&amp;", "&")
    assert "Call 4<" in client.get(older).content.decode()


def test_an_activity_is_logged_with_a_contact_from_their_page(at_work, sign_in):
    contact, client = ada(), sign_in(at_work.manager)
    path = reverse("accounts:contact_log", args=[contact.id])
    assert "Log activity with Ada Lind" in client.get(path).content.decode()
    answer = client.post(path, {"kind": "activity.call", "title": "Renewal talk"})
    assert answer.headers["Location"] == f"/contacts/{contact.id}/"
    event = Event.objects.get(title="Renewal talk")
    assert (event.account_id, event.subject_id) == (contact.account_id, contact.id)
    with pytest.raises(ValidationError, match="of this account"):
        actions.log_activity(
            actor=at_work.manager, at=MORNING, account_id=at_work.elm.id, kind="activity.call",
            title="Wrong account", contact_id=contact.id,
        )  # fmt: skip


def test_panels_show_the_tasks_answers_and_segments_of_the_person(at_work, sign_in):
    contact, client = ada(), sign_in(at_work.manager)
    assert "is in no segment" in panel(client, "segments:contact_panel", contact)
    assert "Nothing is to be done" in panel(client, "tasks:contact_panel", contact)
    assert "no survey yet" in panel(client, "feedback:contact_panel", contact)
    create_segment(
        actor=at_work.manager, at=MORNING, name="Everybody called Ada", subject="contact",
        condition={"field": "name", "op": "starts", "value": "Ada"},
    )  # fmt: skip
    create_segment(
        actor=at_work.admin, at=MORNING, name="Mine alone", subject="contact", is_shared=False,
        condition={"field": "name", "op": "starts", "value": "Ada"},
    )  # fmt: skip
    add_task(actor=at_work.manager, at=MORNING, title="Send Ada the offer", contact=contact)
    add_task(actor=at_work.manager, at=MORNING, title="Other", account=contact.account)
    SurveyAnswer.objects.create(
        account_id=contact.account_id, contact=contact, survey="nps", score=9,
        comment="Love it", answered_at=MORNING,
    )  # fmt: skip
    segments = panel(client, "segments:contact_panel", contact)
    assert "Everybody called Ada" in segments
    assert "Mine alone" not in segments
    tasks = panel(client, "tasks:contact_panel", contact)
    assert "Send Ada the offer" in tasks
    assert "Other" not in tasks
    assert "Love it" in panel(client, "feedback:contact_panel", contact)


def test_every_way_leads_to_the_page(at_work, sign_in):
    contact, client = ada(), sign_in(at_work.manager)
    path = f"/contacts/{contact.id}/"
    assert path in client.get("/accounts/contacts/").content.decode()
    assert path in client.get(f"/accounts/{contact.account_id}/panels/contacts/").content.decode()
    assert [hit.url for hit in queries.find_contacts(at_work.manager, "ada", 5)] == [path]
    form = {"name": "Ada Lind", "email": contact.email, "title": "CEO"}
    edit = reverse("accounts:contact_edit", args=[contact.account_id, contact.id])
    assert client.post(edit, form).headers["Location"] == path
    tags = reverse("accounts:contact_tags", args=[contact.account_id, contact.id])
    assert client.post(tags, {"new": "Speaker"}).headers["Location"] == path
