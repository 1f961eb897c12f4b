"""The component gallery in the browser: keyboard, drawers, dialogs, themes, accessibility."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import assert_accessible, settle, violations

BROKEN_PANEL = "status of 500"


@pytest.fixture
def dana(enter, stage):
    browsing = enter(stage.owner)
    browsing.expected.append(BROKEN_PANEL)
    return browsing


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("gallery", "/_gallery/"),
        ("gallery-table", "/_gallery/table/"),
        ("gallery-form", "/_gallery/form/"),
        ("error-404", "/_gallery/error/404/"),
        ("error-500", "/_gallery/error/500/"),
        ("search", "/search/?q=a"),
        ("password", "/sign-in/password/change/"),
        ("two-factor", "/sign-in/2fa/"),
    ],
)
def test_axe_finds_nothing(dana, name, path):
    dana.expected.append("status of 404")
    page = dana.go(path)
    assert_accessible(page, name)


@pytest.mark.parametrize(
    ("name", "path"), [("sign-in", "/sign-in/login/"), ("reset", "/sign-in/password/reset/")]
)
def test_axe_finds_nothing_before_signing_in(browsing, name, path):
    page = browsing.go(path)
    assert_accessible(page, name)


def test_signing_in_and_out(browsing, stage):
    page = browsing.go("/sign-in/login/?next=/_gallery/table/")
    browsing.expected.append("status of 4")
    page.get_by_label("Email").fill("dana@northwind.example")
    page.get_by_label("Password", exact=True).fill("wrong")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("needs your attention")
    page.get_by_label("Password", exact=True).fill("correct horse battery")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Renewals")
    page.get_by_role("button", name=re.compile("Your menu")).click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(re.compile("sign-in"))


def test_search_by_keyboard(dana):
    page = dana.go("/_gallery/")
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Search")
    expect(field).to_be_focused()
    field.fill("acc")
    expect(page.get_by_role("option").first).to_have_attribute("aria-selected", "true")
    assert violations(page) == []
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    marked = field.get_attribute("aria-activedescendant")
    expect(page.locator(f"#{marked}")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(field).to_be_hidden()


def test_a_form_in_the_drawer_keeps_what_was_typed_and_then_saves(dana):
    dana.expected.append("status of 422")
    page = dana.go("/_gallery/")
    opener = page.get_by_role("link", name="Add account")
    opener.click()
    drawer = page.get_by_role("dialog", name="Add account")
    expect(drawer.get_by_label("Account name")).to_be_focused()
    assert violations(page) == []
    drawer.get_by_label("Account name").fill("Acme")
    drawer.get_by_role("button", name="Add account").click()
    expect(drawer.get_by_role("alert")).to_be_focused()
    expect(drawer.get_by_label("Account name")).to_have_value("Acme")
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()

    opener.click()
    drawer.get_by_label("Account name").fill("Globex")
    drawer.get_by_label("Size").select_option("mid")
    drawer.get_by_label("Starts on").fill("2026-04-01")
    drawer.get_by_label("Monthly").check()
    drawer.get_by_role("button", name="Add account").click()
    expect(page.get_by_text("Globex was saved.")).to_be_visible()


def test_what_destroys_asks_first_and_enter_cancels(dana):
    page = dana.go("/_gallery/")
    button = page.get_by_role("button", name="Delete 12 accounts")
    button.click()
    dialog = page.get_by_role("alertdialog", name="Delete 12 accounts?")
    expect(dialog).to_contain_text("This cannot be undone.")
    assert violations(page) == []
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    assert page.url.endswith("/_gallery/")
    button.click()
    with page.expect_response(re.compile("/toast/")):
        dialog.get_by_role("button", name="Delete 12 accounts").click()


def test_toasts_say_what_succeeded_and_keep_what_failed(dana):
    page = dana.go("/_gallery/")
    page.get_by_role("button", name="Show a toast").click()
    page.get_by_role("button", name="Show an error").click()
    expect(page.get_by_role("status").filter(has_text="Marked complete.")).to_be_visible()
    failed = page.get_by_role("alert").filter(has_text="The proposal was not sent")
    expect(failed).to_be_visible()
    failed.get_by_role("button", name="Dismiss").click()
    expect(failed).to_be_hidden()


def test_the_theme_is_switched_at_once_and_kept(dana):
    page = dana.go("/_gallery/table/")
    root = page.locator("html")
    expect(root).to_have_attribute("data-bs-theme", "light")
    page.get_by_role("button", name=re.compile("Your menu")).click()
    page.get_by_role("button", name="Dark").click()
    expect(root).to_have_attribute("data-bs-theme", "dark")
    served = page.request.get(page.url).text()
    assert 'data-bs-theme="dark"' in served.split("<head>")[0]


def test_the_system_theme_is_followed_while_nothing_is_chosen(dana):
    page = dana.go("/_gallery/table/")
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_charts_stand_in_the_page_and_tell_their_values_when_pointed_at(dana):
    page = dana.go("/_gallery/")
    chart = page.locator("#mrr")
    expect(chart.locator(".plot-line").first).to_be_attached()
    assert page.locator("script[src*='echarts']").count() == 0
    ticks = chart.locator(".plot-y span").all_text_contents()
    colour = chart.locator(".plot-line").first.evaluate("line => getComputedStyle(line).stroke")
    chart.locator("[data-chart-canvas]").hover()
    expect(chart.locator("[data-drawn] canvas")).to_be_visible()
    # What it tells is drawn too: the browser's complaints would fail the test, as HTML with styles.
    page.mouse.move(*[side + 20 for side in chart.locator("canvas").bounding_box().values()][:2])
    # The same axis and the same colour as the shapes that stood there.
    drawn = chart.evaluate(
        """figure => {
            const {yAxis: [axis], series: [first]} = window.echarts
                .getInstanceByDom(figure.querySelector("[data-chart-canvas]")).getOption();
            const steps = [];
            for (let at = axis.min; at <= axis.max; at += axis.interval)
                steps.unshift(axis.axisLabel.formatter(at, steps.length));
            return {
                axis: steps, ink: first.itemStyle.color,
                told: first.tooltip.valueFormatter(null, 0),
                table: figure.querySelector("tbody td").textContent,
            };
        }"""
    )
    assert drawn["axis"] == ticks
    assert drawn["ink"] == colour
    assert drawn["told"].startswith(drawn["table"])


def test_charts_have_their_table(dana):
    page = dana.go("/_gallery/")
    chart = page.locator("#mrr")
    expect(chart.get_by_role("link", name="41,200")).to_be_hidden()
    chart.get_by_role("button", name="Table").click()
    expect(chart.get_by_role("link", name="41,200")).to_be_visible()
    expect(chart.locator("[data-chart-canvas]")).to_be_hidden()


def test_panels_keep_their_place_and_recover(dana):
    page = dana.go("/_gallery/")
    expect(page.locator("#panel-empty-panel")).to_contain_text("No tasks")
    broken = page.locator("#panel-panel-with-an-error")
    expect(broken).to_contain_text("Something went wrong on our side")
    with page.expect_response(re.compile("/panel/broken/")):
        broken.get_by_role("button", name="Try again").click()
    settle(page)
    page.context.set_offline(True)
    dana.expected += ["ERR_INTERNET_DISCONNECTED", "Failed to fetch"]
    page.evaluate("document.dispatchEvent(new CustomEvent('tasks-changed'))")
    lazy = page.locator("#panel-lazy-panel")
    expect(lazy).to_contain_text("This part could not be loaded")
    page.context.set_offline(False)
    lazy.get_by_role("button", name="Try again").click()
    expect(lazy).to_contain_text("Dana Reyes")


def test_the_navigation_is_a_drawer_on_a_phone(dana):
    page = dana.go("/_gallery/")
    page.set_viewport_size({"width": 390, "height": 844})
    navigation = page.locator("#navigation")
    expect(navigation).not_to_be_in_viewport()
    page.get_by_role("button", name="Open navigation").click()
    expect(navigation).to_be_in_viewport()
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(navigation).not_to_be_in_viewport()


def test_the_navigation_collapses_and_stays_so(dana):
    page = dana.go("/_gallery/")
    page.get_by_role("button", name="Collapse navigation").click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-nav", "narrow")
    assert violations(page) == []


def test_the_first_tab_skips_to_the_content(dana):
    page = dana.go("/_gallery/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()


def test_a_page_works_at_twice_the_size(dana):
    page = dana.go("/_gallery/table/")
    page.set_viewport_size({"width": 720, "height": 450})
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
