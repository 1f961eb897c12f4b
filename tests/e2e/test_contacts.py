"""The page of a contact in a browser, with everything that can be on it."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone
from playwright.sync_api import expect

from afterclose.accounts import actions
from afterclose.accounts.models import Contact
from afterclose.accounts.tags.actions import create_tag, tag_contacts
from afterclose.feedback.models import SurveyAnswer
from afterclose.segments.actions import create_segment
from afterclose.tasks.actions import add_task
from tests.e2e.browser import assert_accessible


def test_a_contact_with_a_story(enter, stage):
    now = timezone.now()
    with transaction.atomic(), stage.at_work():
        contact = Contact.objects.get(account=stage.birch)
        who = {"actor": stage.owner, "at": now}
        actions.change_contact(
            **who, contact_id=contact.id, is_champion=True, phone="+49 30 1234567",
            left_on=date(2026, 1, 31),
        )  # fmt: skip
        tag = create_tag(**who, name="Speaker", tone="accent")
        tag_contacts(**who, contact_ids=[contact.id], tag_ids=[tag.id])
        create_segment(
            **who, name="Detractors who are champions too", subject="contact",
            condition={"field": "tag", "op": "any", "value": [tag.id]},
        )  # fmt: skip
        add_task(**who, title="Find out who takes over from Bo", contact=contact, priority="high",
                 due_on=timezone.localdate() + timedelta(days=3))  # fmt: skip
        SurveyAnswer.objects.create(
            account=stage.birch, contact=contact, survey="nps", score=3, answered_at=now,
            comment="Month end takes twice as long as before.",
        )  # fmt: skip
        actions.log_activity(
            **who, account_id=stage.birch.id, contact_id=contact.id, kind="activity.call",
            title="Call about the hand-over", body="Leaves at the end of the month.",
        )  # fmt: skip
    browsing = enter(stage.owner)
    page = browsing.go(f"/contacts/{contact.id}/")
    expect(page.get_by_text("Call about the hand-over")).to_be_visible()
    expect(page.get_by_role("link", name="Find out who takes over from Bo")).to_be_visible()
    expect(page.get_by_role("link", name="Detractors who are champions too")).to_be_visible()
    assert_accessible(page, "contact-with-story")
    page.get_by_role("link", name="Log activity").click()
    drawer = page.get_by_role("dialog")
    drawer.get_by_label("Subject").fill("Met the successor")
    drawer.get_by_role("button", name="Log activity").click()
    expect(page.get_by_text("Met the successor")).to_be_visible()
    assert_accessible(browsing.go(f"/accounts/tags/{tag.id}/"), "tag-in-use")
