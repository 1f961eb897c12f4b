"""The builder of segments in a browser."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.browser import assert_accessible


def test_a_segment_is_put_together_by_picking_and_read_as_text(enter, stage):
    page = enter(stage.owner).go("/segments/new/")
    preview = page.locator("#segment-preview")
    page.get_by_label("Name").fill("Quiet or urgent")
    page.get_by_label("Condition 1: what to ask about").select_option(label="Stage")
    page.get_by_label("Value").select_option(label="Active")
    expect(preview).to_contain_text("2 accounts meet this now: Acme, Birch.")

    page.get_by_role("button", name="Add group").last.click()
    page.get_by_label("Condition 2.1: what to ask about").select_option(label="Tickets")
    page.get_by_label("Condition 2.1: how").select_option(label="how many")
    inner = page.get_by_role("group", name="Condition 2.1", exact=True)
    inner.get_by_label("Number").fill("2")
    inner.get_by_role("button", name="Add condition").click()
    page.get_by_label("Condition 2.1.1: what to ask about").select_option(label="Priority")
    inner.get_by_role("group", name="Condition 2.1.1").get_by_label("Value").select_option("urgent")
    expect(preview).to_contain_text("1 account meets this now: Birch.")
    expect(preview).to_contain_text("count tickets where (priority is urgent) >= 2")
    expect(page.get_by_label("Name")).to_have_value("Quiet or urgent")
    assert_accessible(page, "segment-builder")

    page.get_by_role("button", name="Text", exact=True).click()
    text = page.get_by_label("Condition as text")
    expect(text).to_have_value("stage is active and count tickets where (priority is urgent) >= 2")
    text.fill("stage is purple")
    expect(preview).to_contain_text("Stage has no value “purple”")
    text.fill("not stage is active and tag empty")
    expect(preview).to_contain_text("3 accounts")
    assert_accessible(page, "segment-text")
    page.get_by_role("button", name="Form", exact=True).click()
    expect(page.get_by_label("Condition 1: must it hold?")).to_have_value("1")
    page.get_by_role("button", name="Save segment").last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Quiet or urgent")
    expect(page.get_by_role("link", name="Cedar")).to_be_visible()
    assert_accessible(page, "segment")
