"""The page of health in the browser: what counts the whole book comes after it, in its place."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from afterclose.health import queries, running
from tests.e2e.browser import WIDTHS, assert_accessible, picture
from tests.e2e.test_lightness import MOST_SHIFT, WATCH


@pytest.mark.parametrize("width", WIDTHS)
def test_the_numbers_come_into_their_places(width, stage, enter, browsing):
    now = timezone.now()
    running.take(
        business_id=stage.business.id,
        at=now,
        begin=(now - timedelta(days=8)).date(),
        end=(now - timedelta(days=1)).date(),
    )
    running.take(business_id=stage.business.id, at=now)
    with transaction.atomic(), stage.at_work():
        counts = queries.distribution(stage.owner)
        at_risk = queries.at_risk_count(stage.owner)
    browsing.page.set_viewport_size({"width": width, "height": WIDTHS[width]})
    browsing.page.add_init_script(WATCH)
    enter(stage.owner)
    page = browsing.go("/health/")
    page.locator("#health-now figure.chart").wait_for()
    page.locator("#at-risk a").wait_for()
    page.locator("#movers section").first.wait_for()
    page.wait_for_timeout(300)  # a shift is told with the next frame

    shown = page.locator("#figures [data-number]").evaluate_all(
        "tiles => tiles.map((tile) => Number(tile.dataset.value))"
    )
    assert shown == list(counts.values())
    assert sum(shown) > 0
    assert page.locator("#at-risk").inner_text().strip() == str(at_risk)
    shifts = page.evaluate("window.shifts")
    assert sum(value for value, _ in shifts) < MOST_SHIFT, shifts
    assert_accessible(page)
    picture(page, "health-scored")
