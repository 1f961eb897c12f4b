"""Custom fields in a browser: order by keyboard and mouse, fill in, delete, restore."""

from __future__ import annotations

import pytest
from django.db import transaction
from playwright.sync_api import expect

from afterclose.accounts.custom_fields.actions import define_field
from afterclose.accounts.custom_fields.models import CustomField, Kind, Subject
from afterclose.accounts.custom_fields.writing import set_values
from tests.e2e.browser import assert_accessible, settle
from tests.factories import MORNING

VALUES = {
    "text": "Brightpath Consulting",
    "number": 1250,
    "yes_or_no": True,
    "single_choice": "gold",
    "multiple_choice": ["gold", "silver"],
    "web_address": "https://notes.example.com/contracts/17",
}


@pytest.fixture
def stocked(stage):
    """A field of each type, and values for Acme."""
    with transaction.atomic(), stage.at_work():
        for kind in Kind:
            choices = ["Platinum", "Gold", "Silver"] if kind.has_choices else []
            define_field(
                actor=stage.admin,
                at=MORNING,
                subject=Subject.ACCOUNT,
                label=kind.label,
                kind=kind,
                choices=choices,
                help="What it is for." if kind is Kind.NUMBER else "",
                is_required=kind is Kind.TEXT,
            )
        set_values(
            actor=stage.admin,
            at=MORNING,
            subject=Subject.ACCOUNT,
            values={stage.acme.id: VALUES},
        )
    return stage


def order(stage):
    with transaction.atomic(), stage.at_work():
        return list(CustomField.objects.values_list("label", flat=True))


def test_fields_are_ordered_by_keyboard_and_by_dragging(enter, stocked, page):
    enter(stocked.admin).go("/settings/custom-fields/")
    page.get_by_role("button", name="Move Number up").focus()
    page.keyboard.press("Enter")
    expect(page.locator("ul[data-sortable] li").first).to_contain_text("Number")
    assert order(stocked)[:2] == ["Number", "Text"]
    settle(page)
    grips = page.locator(".custom-grip")
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        # More than one move: the list makes room while the row is over it.
        grips.nth(3).hover()
        page.mouse.down()
        for place in (2, 1, 0, 0):
            grips.nth(place).hover()
        page.mouse.up()
    settle(page)
    assert order(stocked).index("Date") < 2
    assert_accessible(page, "custom-fields-list")


def test_a_choice_is_added_and_a_field_deleted_in_a_drawer_and_restored(enter, stocked, page):
    enter(stocked.admin).go("/settings/custom-fields/")
    page.get_by_role("link", name="Single choice", exact=True).click()
    page.get_by_label("Choice", exact=True).fill("Bronze")
    page.get_by_role("button", name="Add choice").click()
    expect(page.locator("ul[data-sortable] li")).to_have_count(4)
    assert_accessible(page, "custom-fields-field")
    page.get_by_role("link", name="Delete field").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("1 account has")
    dialog.get_by_role("button", name="Delete field").click()
    page.get_by_role("button", name="Restore Single choice").click()
    expect(page.locator("ul[data-sortable]")).to_contain_text("Single choice")
    assert "Single choice" in order(stocked)


def test_an_account_is_edited_and_listed_with_its_fields(enter, stocked, page):
    enter(stocked.manager).go(f"/accounts/{stocked.acme.id}/edit/")
    page.locator("#id_cf_money_0").fill("1,250.00")
    page.locator("#id_cf_date").fill("2026-03-04")
    assert_accessible(page, "custom-fields-form")
    page.get_by_role("button", name="Save changes").click()
    expect(page.locator("dl.facts").first).to_contain_text("Brightpath Consulting")
    expect(page.locator("dl.facts").first).to_contain_text("$1,250.00")
    assert_accessible(page, "custom-fields-account")
    columns = "name,cf_text,cf_number,cf_money,cf_date,cf_single_choice,cf_multiple_choice"
    page.goto(page.url.split("/accounts/")[0] + f"/accounts/?cols={columns},cf_web_address")
    expect(page.locator("tbody")).to_contain_text("notes.example.com")
    assert_accessible(page, "custom-fields-accounts")
    page.locator("#list-accounts-add").click()
    page.locator("#list-accounts-cf_text summary").click()
    page.locator("#list-accounts-cf_text-text").fill("BRIGHT")
    page.locator("#list-accounts-cf_text button").click()
    expect(page.locator(".list-count")).to_have_text("1 account")
