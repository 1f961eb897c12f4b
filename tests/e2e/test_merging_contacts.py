"""One person who stands there twice becomes one, in the browser, and two again (CS-11)."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from playwright.sync_api import expect

from afterclose.accounts.actions import log_activity
from afterclose.accounts.models import Contact
from afterclose.accounts.tags.actions import create_tag, tag_contacts
from afterclose.businesses.actors import Actor
from afterclose.tasks.actions import add_task
from tests.cast import Cast
from tests.e2e.browser import Browsing, assert_accessible
from tests.factories import MORNING, ContactFactory


def test_two_contacts_are_compared_merged_and_taken_apart(
    enter: Callable[[Actor], Browsing], stage: Cast
) -> None:
    with transaction.atomic(), stage.at_work():
        ada = Contact.objects.get(name="Ada Lind")
        twin = ContactFactory.create(
            account=stage.birch, name="Ada Lind-Moore", email=ada.email, phone="+1 555 0117"
        )
        tag = create_tag(actor=stage.owner, at=MORNING, name="Speaker", tone="accent")
        who = {"actor": stage.owner, "at": MORNING}
        tag_contacts(**who, contact_ids=[twin.id], tag_ids=[tag.id])
        add_task(**who, title="Send the agenda", contact=twin)
        log_activity(
            **who, account_id=stage.birch.id, kind="activity.call", title="Talked about seats",
            contact_id=twin.id,
        )  # fmt: skip
    browsing = enter(stage.owner)
    page = browsing.go("/accounts/contacts/duplicates/")
    expect(page.get_by_text("2 contacts")).to_be_visible()
    assert_accessible(page, "contacts-duplicates")
    page.get_by_role("link", name="Ada Lind", exact=True).click()
    expect(page.get_by_text("Perhaps the same person")).to_be_visible()
    assert_accessible(page, "contact-alike")
    page.get_by_role("link", name="Compare with Ada Lind-Moore at Birch").click()
    page.get_by_role("radio", name="Ada Lind-Moore").check()
    assert_accessible(page, "contact-merge")
    page.get_by_role("button", name="Merge the two").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Merge").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ada Lind-Moore")
    expect(page.get_by_text("Talked about seats")).to_be_visible()
    expect(page.get_by_role("link", name="Send the agenda")).to_be_visible()
    expect(page.get_by_role("link", name="Speaker")).to_be_visible()
    assert_accessible(page, "contact-merged")
    page.get_by_role("link", name="Undo the merge of Ada Lind-Moore").click()
    assert_accessible(page, "contact-undo")
    page.get_by_role("button", name="Undo the merge").click()
    expect(page.get_by_text("is a contact of their own again")).to_be_visible()
    browsing.go(f"/contacts/{ada.id}/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ada Lind")


def test_two_rows_of_the_list_are_merged_by_the_keyboard_alone(
    enter: Callable[[Actor], Browsing], stage: Cast
) -> None:
    with transaction.atomic(), stage.at_work():
        ada = Contact.objects.get(name="Ada Lind")
        twin = ContactFactory.create(account=stage.acme, name="Ada Lindt", email="")
    browsing = enter(stage.owner)
    page = browsing.go("/accounts/contacts/")
    merge = page.get_by_role("button", name="Merge", exact=True)
    page.keyboard.press("m")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.get_by_text("1 contact selected")).to_be_visible()
    expect(merge).to_be_hidden()
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(merge).to_be_visible()
    assert_accessible(page, "contacts-marked")
    page.keyboard.press("?")
    expect(page.get_by_text("Merge the 2 selected contacts")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("m")
    expect(page.get_by_role("heading", level=1)).to_have_text("Merge Ada Lindt into Ada Lind")
    assert page.url.endswith(f"/contacts/{ada.id}/merge/{twin.id}/")
