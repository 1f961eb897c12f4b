from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.template import Context, Template

from afterclose.kit.money import Money
from afterclose.ui import bundles, charts, components, icons


def draw(source, **context):
    return Template("{% load ui %}" + source).render(Context(context))


def test_an_icon_is_inlined_and_hidden_from_readers():
    html = draw('{% icon "refresh" %}')
    assert html.startswith("<svg")
    assert 'aria-hidden="true"' in html
    assert "<path" in html


def test_an_icon_with_a_label_is_an_image():
    assert 'role="img" aria-label="Refresh"' in draw('{% icon "refresh" label="Refresh" %}')


@pytest.mark.parametrize("name", ["no-such-icon", "../../package", ""])
def test_an_unknown_icon_is_an_error(name):
    assert not icons.exists(name)
    with pytest.raises(icons.UnknownIcon):
        draw("{% icon name %}", name=name)


@pytest.mark.parametrize(
    ("score", "number", "word"),
    [
        (92, "92", "Healthy"),
        (74.6, "75", "OK"),
        (Decimal("74.5"), "75", "OK"),
        (0, "0", "Critical"),
    ],
)
def test_a_ring_says_number_and_word(score, number, word):
    html = draw("{% health_ring score %}", score=score)
    assert f"Health {number} of 100: </span>{word}" in html


def test_a_ring_without_data_says_so():
    html = draw("{% health_ring None %}")
    assert "No data" in html
    assert "ring-fill" not in html


def test_nothing_is_a_dash():
    for tag in ("money None", "number None", "when None", "day None", "delta 1 None"):
        assert "–" in draw("{% " + tag + " %}")


def test_money_takes_money_or_minor_units():
    assert ">$12.50<" in draw("{% money amount %}", amount=Money(1250, "USD"))
    assert ">$12.50<" in draw('{% money 1250 "USD" %}')


def test_short_money_keeps_the_exact_amount_as_title():
    html = draw("{% money amount compact=True %}", amount=Money(123_456_78, "USD"))
    assert 'title="$123,456.78">$123K<' in html


def test_an_instant_carries_the_exact_one():
    at = datetime(2026, 3, 2, 14, 5, 9, tzinfo=UTC)
    html = draw('{% when at format="long" %}', at=at)
    assert 'datetime="2026-03-02T14:05:09+00:00"' in html
    assert "2026-03-02 14:05:09" in html
    assert "Mar 2, 2026, 2:05 PM" in html


def test_a_date_says_how_far_away_it_is():
    html = draw("{% day d relative=t %}", d=date(2026, 3, 14), t=date(2026, 3, 2))
    assert "Mar 14, 2026" in html
    assert "in 12 days" in html


def test_a_change_says_what_it_changed_from():
    html = draw("{% delta 71 64 %}")
    assert "+7" in html
    assert "from 64" in html
    assert "tone-good" in html


def test_a_tile_links_to_the_rows_that_it_counts():
    html = draw('{% tile "At risk" 18 "/accounts/?health=at_risk" %}')
    assert 'href="/accounts/?health=at_risk">At risk</a>' in html
    assert ">18<" in html


def test_text_from_people_is_escaped():
    nasty = "<img src=x onerror=alert(1)>"
    tags = (
        "badge x", "person x email=x", "avatar x", "stage x 1 2", "tile x x", "empty x x",
        "progress 1 2 label=x", 'icon "home" label=x', "sparkline p label=x", "bar 1 2 label=x",
        'panel "/x/" x',
    )  # fmt: skip
    for tag in tags:
        html = draw("{% " + tag + " %}", x=nasty, p=[1, 2])
        assert "<img" not in html, tag


def test_a_panel_loads_itself_and_again_on_its_event():
    html = draw('{% panel "/p/" "Open tasks" refresh="tasks-changed" %}')
    assert 'hx-get="/p/"' in html
    assert 'hx-trigger="panel-show, tasks-changed from:document"' in html
    assert 'aria-busy="true"' in html
    assert 'id="panel-open-tasks"' in html


def test_a_chart_brings_its_data_and_its_table():
    chart = charts.line(["Jan"], [charts.Series("MRR", [41200], links=["/mrr/"])], unit="USD")
    html = draw('{% chart "mrr" "MRR by month" chart %}', chart=chart)
    assert '<script type="application/json">' in html
    assert '<a href="/mrr/">41,200</a>' in html


def test_progress_says_what_is_done_and_what_is_left():
    assert "340 of 1,200, 860 left" in draw("{% progress 340 1200 %}")
    assert "<progress" in draw("{% progress None None %}")


def test_a_block_that_no_page_fills_leaves_no_box(rf):
    request = rf.get("/")
    page = Template(
        '{% extends "ui/drawer.html" %}{% block title %}Edit{% endblock %}'
        "{% block content %}Inside{% endblock %}"
    )
    html = page.render(Context({"request": request}))
    assert "Edit" in html
    assert "Inside" in html
    assert "drawer-lead" not in html
    assert "drawer-actions" not in html


@pytest.mark.parametrize(
    ("said", "classes"),
    [
        ("", "room-12"),
        ('height="lg"', "room-20"),
        ("height=14 phone=24", "room-14 room-phone-24"),
        ('phone="xl"', "room-12 room-phone-30"),
    ],
)
def test_a_panel_keeps_the_place_that_its_content_will_take(said, classes):
    assert f'class="panel panel-body {classes}"' in draw(f'{{% panel "/p/" "Tasks" {said} %}}')


def test_a_panel_of_a_height_that_no_class_has_is_refused():
    with pytest.raises(ValueError, match="not 13"):
        draw('{% panel "/p/" "Tasks" height=13 %}')


def test_every_height_of_a_panel_has_its_class():
    css = bundles.path_of("ui/panels.css").read_text()
    for rem in components.ROOMS:
        assert f".room-{rem} {{ min-height: {rem}rem; }}" in css
        assert f".room-phone-{rem} {{ min-height: {rem}rem; }}" in css


def test_a_number_still_being_counted_shows_its_words_and_no_number():
    html = draw('{% tile "At risk" None slug="health.at_risk" detail="flagged" waiting=True %}')
    assert "At risk" in html
    assert "flagged" in html
    assert "Loading" in html
    assert "data-number" not in html
