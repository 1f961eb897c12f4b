"""A list in a browser: filter, sort, search, page, choose columns, select, take away."""

from __future__ import annotations

import re

import pytest
from django.db import transaction
from playwright.sync_api import expect

from afterclose.accounts.models import Account, Stage
from afterclose.businesses.tenancy import business_context
from tests.e2e.browser import assert_accessible


@pytest.fixture
def customers(stage):
    """Sixty more accounts, so that there is a second page."""
    with business_context(stage.business.id), transaction.atomic():
        Account.objects.bulk_create(
            Account(
                name=f"Zeta {number:02}",
                stage=Stage.RENEWAL if number % 2 else Stage.ACTIVE,
                seats=number,
            )
            for number in range(60)
        )
        return Account.objects.count()


@pytest.fixture
def page(enter, stage, customers, page):
    enter(stage.owner).go("/accounts/")
    return page


def at(page, query: str) -> None:
    expect(page).to_have_url(re.compile(re.escape(f"/accounts/{query}") + "$"))


def test_filters_are_added_by_keyboard_and_removed_one_by_one(page, customers):
    page.locator("#list-accounts-add").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#list-accounts-stage summary")).to_be_visible()
    page.locator("#list-accounts-stage summary").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Renewal", exact=True).focus()
    page.keyboard.press("Space")
    page.locator("#list-accounts-stage button").focus()
    page.keyboard.press("Enter")
    at(page, "?stage=renewal")
    expect(page.locator("#list-accounts-stage-chip")).to_be_focused()
    expect(page.locator("#list-accounts-status")).to_contain_text("Filtered.")

    page.locator("#list-accounts-add").click()
    page.locator("#list-accounts-seats summary").click()
    page.locator("#list-accounts-seats-min").fill("55")
    page.locator("#list-accounts-seats button").click()
    at(page, "?stage=renewal&seats_min=55")
    expect(page.locator(".list-count")).to_have_text("3 accounts")

    page.get_by_role("link", name="Remove filter Stage: Renewal").click()
    at(page, "?seats_min=55")
    expect(page.locator(".list-count")).to_have_text("5 accounts")
    page.get_by_role("link", name="Clear all").click()
    at(page, "")
    expect(page.locator(".list-count")).to_have_text(f"{customers} accounts")


def test_search_answers_while_one_types_and_keeps_the_words(page):
    page.keyboard.press("/")
    box = page.get_by_role("searchbox", name="Search by name")
    expect(box).to_be_focused()
    page.keyboard.type("zeta 5", delay=30)
    expect(page.locator(".list-count")).to_have_text("10 accounts")
    expect(box).to_be_focused()
    expect(box).to_have_value("zeta 5")
    page.get_by_role("link", name="Remove filter Search").click()
    expect(box).to_have_value("")


def test_what_is_typed_while_an_answer_comes_in_is_searched_too(page):
    held = []
    page.route(re.compile(r"q=zeta$"), lambda route: held.append(route))
    box = page.get_by_role("searchbox", name="Search by name")
    box.focus()
    with page.expect_request(re.compile(r"q=zeta$")):
        page.keyboard.type("zeta")
    page.keyboard.type(" 5")
    held[0].continue_()
    expect(page.locator(".list-count")).to_have_text("10 accounts")
    expect(box).to_have_value("zeta 5")


def test_headings_sort_and_pages_follow_in_order(page):
    page.locator("#list-accounts-by-name").click()
    at(page, "?sort=-name")
    heading = page.get_by_role("columnheader", name="Name")
    expect(heading).to_have_attribute("aria-sort", "descending")
    expect(page.locator("[data-list-open]").first).to_have_text("Zeta 59")
    page.get_by_role("link", name="Next").click()
    expect(page.locator("[data-list-open]").first).to_have_text("Zeta 09")
    address = page.url
    page.get_by_role("link", name="Previous").click()
    expect(page.locator("[data-list-open]").first).to_have_text("Zeta 59")
    page.goto(address)
    expect(page.locator("[data-list-open]").first).to_have_text("Zeta 09")


def test_columns_are_chosen_and_stay_in_the_address(page):
    page.locator("#list-accounts-columns").click()
    page.get_by_label("Seats", exact=True).check()
    page.get_by_label("Stage", exact=True).last.uncheck()
    page.get_by_role("button", name="Show columns").click()
    expect(page.get_by_role("columnheader", name="Seats")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Stage")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("columnheader", name="Seats")).to_be_visible()
    # And they are remembered for the next visit.
    page.goto(page.url.split("?")[0] + "?stage=renewal")
    expect(page.get_by_role("columnheader", name="Seats")).to_be_visible()
    page.locator("#list-accounts-columns").click()
    page.get_by_role("button", name="Reset").click()
    expect(page.get_by_role("columnheader", name="Seats")).to_have_count(0)
    at(page, "?stage=renewal")


def test_rows_are_selected_by_key_and_changed_after_a_look(page, stage):
    for key in "jxjx":
        page.keyboard.press(key)
    expect(page.locator("[data-list-selected]")).to_have_text("2 accounts selected")
    page.get_by_role("button", name="Change stage").click()
    expect(page.locator(".list-preview-count")).to_contain_text("Change stage for 2 accounts")
    page.get_by_label("Stage").select_option("expanding")
    page.get_by_role("button", name="Change stage").click()
    expect(page.get_by_text("2 accounts are now in stage Expanding.")).to_be_visible()


def test_every_row_of_a_filter_is_changed_after_a_look_at_how_many(page, stage):
    page.goto(page.url + "?q=zeta&seats_min=5&rows=10")
    page.get_by_label("Select all rows on this page").check()
    expect(page.locator("[data-list-selected]")).to_have_text("10 accounts selected")
    page.get_by_label("Select all 55 accounts that match").check()
    expect(page.locator("[data-list-selected]")).to_have_text("All 55 accounts selected")
    page.get_by_role("button", name="Change stage").click()
    expect(page.locator(".list-preview-count")).to_contain_text("for 55 accounts: all that match")
    expect(page.get_by_text("and 45 more")).to_be_visible()
    page.get_by_label("Stage").select_option("churned")
    page.get_by_role("button", name="Change stage").click()
    expect(page.get_by_text("55 accounts are now in stage Churned.")).to_be_visible()
    at(page, "?q=zeta&seats_min=5&rows=10")


def test_keys_move_open_turn_pages_and_tell_what_they_do(page):
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    assert_accessible(page, "list-keys")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_hidden()
    page.keyboard.press("n")
    expect(page.locator(".list-pager [rel=prev]")).to_be_visible()
    page.keyboard.press("p")
    expect(page.locator(".list-pager [rel=prev]")).to_be_hidden()
    for key in "jjk":
        page.keyboard.press(key)
    expect(page.locator("[data-list-row]").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/accounts/\d+/$"))


def test_a_view_is_saved_changed_shared_and_deleted(page):
    page.goto(page.url + "?stage=renewal&cols=name,seats")
    page.locator("#list-accounts-save").click()
    page.get_by_label("Save this view as").fill("Renewals to call")
    page.get_by_label("Open the list with it").first.check()
    page.get_by_role("button", name="Save view").click()
    tab = page.locator(".list-tabs").get_by_role("link", name="Renewals to call")
    expect(tab).to_have_attribute("aria-current", "true")

    page.goto(page.url.split("?")[0])
    at_view = re.compile(r"\?stage=renewal&cols=name,seats&view=\d+$")
    expect(page).to_have_url(at_view)

    page.locator("#list-accounts-by-name").click()
    expect(page.get_by_role("columnheader", name="Name")).to_have_attribute(
        "aria-sort", "descending"
    )
    page.locator("#list-accounts-save").click()
    page.get_by_role("button", name="Save changes to “Renewals to call”").click()
    expect(page.get_by_text("“Renewals to call” now shows this.")).to_be_visible()
    page.locator("#list-accounts-save").click()
    expect(page.get_by_role("button", name="Save changes to")).to_have_count(0)

    page.locator(".list-views summary", has_text="Renewals to call").click()
    assert_accessible(page, "list-views")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("textbox", name="Name", exact=True).fill("Renewals")
    page.locator(".list-views").get_by_label("Share with everybody").check()
    page.get_by_role("button", name="Save view Renewals to call").click()
    expect(page.locator(".list-tabs").get_by_role("link", name="Renewals shared")).to_be_visible()

    page.locator("#list-accounts-save").click()
    page.locator(".list-views summary", has_text="Renewals").click()
    page.get_by_role("button", name="Delete view Renewals").click()
    page.get_by_role("alertdialog").get_by_role("button", name="Delete view").click()
    expect(page.get_by_text("View “Renewals” deleted.")).to_be_visible()
    expect(page.locator(".list-tabs").get_by_role("link", name="Renewals")).to_have_count(0)


def test_the_view_can_be_taken_away_as_a_file(page):
    page.goto(page.url + "?stage=renewal&cols=name,stage")
    page.locator("#list-accounts-export").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    text = download.value.path().read_text(encoding="utf-8-sig")
    assert text.splitlines()[0] == "Name,Stage"
    assert {line.split(",")[1] for line in text.splitlines()[1:]} == {"Renewal"}


def test_axe_finds_nothing_in_open_menus(page):
    page.locator("#list-accounts-add").click()
    page.locator("#list-accounts-stage summary").click()
    assert_accessible(page, "list-filters")


def test_without_javascript_everything_still_works(browser, live_server, page, customers):
    context = browser.new_context(
        java_script_enabled=False, storage_state=page.context.storage_state()
    )
    plain = context.new_page()
    plain.goto(live_server.url + "/accounts/")
    plain.locator("#list-accounts-add").click()
    plain.get_by_role("link", name="Choose from the filters").click()
    plain.locator("#list-accounts-seats summary").click()
    plain.locator("#list-accounts-seats-min").fill("58")
    plain.locator("#list-accounts-seats button").click()
    at(plain, "?seats_min=58")
    expect(plain.locator(".list-count")).to_have_text("2 accounts")
    plain.get_by_label("Select Zeta 59").check()
    plain.get_by_role("button", name="Change stage").click()
    expect(plain.locator(".list-preview-count")).to_contain_text("for 1 account")
    context.close()


def test_a_field_of_the_ticked_rows_is_set_after_a_look(page, stage):
    page.locator("input[name=ids]").nth(0).check()
    page.locator("input[name=ids]").nth(1).check()
    page.get_by_role("button", name="Set a field").click()
    page.get_by_label("Field").select_option("country")
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Becomes").fill("pt")
    page.get_by_role("button", name="Next").click()
    expect(page.locator(".alert")).to_contain_text("“Country” becomes PT")
    assert_accessible(page, "list-set-field")
    page.get_by_role("button", name="Set a field").click()
    expect(page.get_by_text("2 accounts changed: “Country” is PT.")).to_be_visible()
    with business_context(stage.business.id), transaction.atomic():
        assert Account.objects.filter(country="PT").count() == 2
