"""Pages that stand still and carry little: what makes them quick, without measuring time."""

import pytest
from django.db import transaction
from playwright.sync_api import expect

from afterclose.accounts.models import Contact
from tests.e2e.browser import WIDTHS

# A shift is the part of the screen that moved times how far; Lighthouse calls 0.1 good.
MOST_SHIFT = 0.02
# Decoded; what is needed before anybody touches the page.
MOST_SCRIPT = 100_000

WATCH = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    const moved = entry.sources.map(({ node, previousRect, currentRect }) =>
      `${node?.id || node?.className || node?.nodeName} ${previousRect.y} to ${currentRect.y}`);
    window.shifts.push([entry.value, moved.join(", ")]);
  }
}).observe({ type: "layout-shift", buffered: true });
"""


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("place", ["home", "account", "contact", "health", "accounts", "sign-in"])
def test_nothing_moves_while_a_page_loads(place, width, stage, enter, browsing):
    with transaction.atomic(), stage.at_work():
        bo = Contact.objects.get(account=stage.birch)
    paths = {
        "home": "/",
        "account": f"/accounts/{stage.birch.id}/",
        "contact": f"/contacts/{bo.id}/",
        "health": "/health/",
        "accounts": "/accounts/",
        "sign-in": "/sign-in/login/",
    }
    browsing.page.set_viewport_size({"width": width, "height": WIDTHS[width]})
    browsing.page.add_init_script(WATCH)
    if place != "sign-in":
        enter(stage.owner)
    page = browsing.go(paths[place])
    page.wait_for_timeout(300)  # a shift is told with the next frame
    shifts = page.evaluate("window.shifts")
    assert sum(value for value, _ in shifts) < MOST_SHIFT, shifts


@pytest.mark.parametrize("path", ["/", "/accounts/", "/health/", "/tasks/"])
def test_a_page_brings_little_script_until_somebody_touches_it(path, stage, enter):
    page = enter(stage.owner).go(path)
    scripts = page.evaluate(
        "performance.getEntriesByType('resource')"
        ".filter((each) => each.initiatorType === 'script')"
        ".map((each) => [new URL(each.name).pathname, each.decodedBodySize])"
    )
    assert scripts
    assert sum(size for _, size in scripts) < MOST_SCRIPT, scripts
    page.mouse.move(200, 200)
    page.locator("script[src*='tabler']").wait_for(state="attached")


def test_a_long_list_of_choices_becomes_searchable_when_it_is_reached(stage, enter):
    page = enter(stage.owner).go("/settings/general/")
    dressed = page.locator("select[name$=time_zone] + .ts-wrapper")
    assert dressed.count() == 0
    page.locator("select[name$=time_zone]").hover()
    expect(dressed).to_be_visible()
    dressed.click()
    page.keyboard.type("Kathm")
    expect(page.get_by_role("option", name="Kathmandu")).to_be_visible()
