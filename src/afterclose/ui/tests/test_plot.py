"""Charts as shapes: axes, places and words, without a browser."""

import re

import pytest
from django.template import Context, Template
from hypothesis import given, strategies as st

from afterclose.ui import charts
from afterclose.ui.charts import Series
from afterclose.ui.plot import SIDE, for_browser, plot


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([3, 62], ("80", "60", "40", "20", "0")),
        ([0, 4], ("4", "3", "2", "1", "0")),
        ([1, 2], ("2.0", "1.5", "1.0", "0.5", "0.0")),
        ([-40, 60], ("60", "30", "0", "−30", "−60")),
        ([0, 0], ("1", "0")),
        ([41_200, 44_100], ("50K", "40K", "30K", "20K", "10K", "0")),
    ],
)
def test_the_axis_has_round_steps_from_zero_on(values, ticks):
    assert plot(charts.line(["a", "b"], [Series("N", values)])).ticks == ticks


def test_an_axis_with_both_ends_given_has_four_even_steps():
    chart = charts.line(["a", "b"], [Series("Health", [10, 90])], low=0, high=100)
    assert plot(chart).ticks == ("100", "75", "50", "25", "0")
    assert plot(chart).lines == (1000, 750, 500, 250, 0)


def test_a_line_breaks_where_nothing_is_known_and_a_lone_point_is_a_dot():
    values = [0, 100, None, 50, None, 100]
    chart = charts.line(list("abcdef"), [Series("N", values)], low=0, high=100)
    line, dots = plot(chart).marks
    assert line.path == "M0 1000L200 0M600 500M1000 0"
    assert dots.path == "M0 1000h0M200 0h0M600 500h0M1000 0h0"


def test_among_many_points_only_a_lone_one_is_a_dot():
    values = [1.0] * 30
    values[10] = values[12] = None
    chart = charts.line([str(day) for day in range(30)], [Series("N", values)], low=0, high=2)
    assert [mark.shape for mark in plot(chart).marks] == ["line", "dots"]
    assert plot(chart).marks[1].path.count("M") == 1


def test_few_bars_are_columns_in_their_own_colours_and_nothing_is_drawn_for_zero():
    chart = charts.bars(
        ["Healthy", "OK", "Critical"],
        [Series("Accounts", [50, 0, 25])],
        tones=["good", "info", "bad"],
        low=0,
        high=100,
    )
    drawn = plot(chart)
    assert [(mark.shape, mark.colour) for mark in drawn.marks] == [
        ("column", "good"),
        ("column", "bad"),
    ]
    assert drawn.marks[0].path == "M166.7 1000V500"
    assert [label.x for label in drawn.labels] == ["16.7%", "50%", "83.3%"]
    assert {label.only for label in drawn.labels} == {""}


def test_many_bars_share_the_width():
    chart = charts.bars([str(n) for n in range(10)], [Series("N", [5] * 10)], low=0, high=10)
    (bars,) = plot(chart).marks
    assert bars.path.startswith("M10 1000V500h80V1000z")


def test_an_area_stands_on_the_one_under_it():
    series = [Series("Low", [1, 1]), Series("High", [1, 3])]
    chart = charts.area(["a", "b"], series, low=0, high=4)
    paths = [(mark.shape, mark.path) for mark in plot(chart).marks]
    assert paths == [
        ("fill", "M0 750L1000 750L1000 1000L0 1000z"),
        ("line", "M0 750L1000 750"),
        ("dots", "M0 750h0M1000 750h0"),
        ("fill", "M0 500L1000 0L1000 750L0 750z"),
        ("line", "M0 500L1000 0"),
        ("dots", "M0 500h0M1000 0h0"),
    ]
    assert plot(chart).legend == (("1", "Low"), ("2", "High"))


def test_a_donut_tells_its_parts_in_words():
    drawn = plot(charts.donut(["Won", "Lost"], [Series("Offers", [3, 1])], tones=["good", "bad"]))
    assert [(part.share, part.offset) for part in drawn.slices] == [("75", "0"), ("25", "-75")]
    assert drawn.legend == (("good", "Won 3"), ("bad", "Lost 1"))


def test_ninety_days_get_labels_that_do_not_touch_and_more_on_a_wide_screen():
    chart = charts.line([f"2026-08-{day:02}" for day in range(90)], [Series("N", [1] * 90)])
    labels = plot(chart).labels
    narrow = [label for label in labels if label.only != "wide"]
    wide = [label for label in labels if label.only != "narrow"]
    assert 2 <= len(narrow) <= 3
    assert len(wide) > len(narrow)
    assert labels[0].anchor == "start"


def test_the_browser_draws_by_the_same_axis_words_and_colours():
    series = [Series("MRR", [41_200, 44_100]), Series("Goal", [None, 45_000], tone="good")]
    chart = charts.line(["a", "b"], series)
    drawn = plot(chart)
    data = for_browser(chart, drawn)
    assert data["steps"] == [0, 10_000, 20_000, 30_000, 40_000, 50_000]
    assert data["ticks"] == ["0", "10K", "20K", "30K", "40K", "50K"]
    assert [each["colour"] for each in data["series"]] == [colour for colour, _ in drawn.legend]
    slices = charts.donut(["Won", "Lost"], [Series("Offers", [3, 1])], tones=["good"])
    assert for_browser(slices, plot(slices))["colours"] == ["good", "2"]


points = st.lists(st.none() | st.floats(-1e9, 1e9, allow_nan=False), min_size=1, max_size=40)


@given(points, st.sampled_from(["line", "area", "bars", "stacked"]))
def test_whatever_the_values_are_everything_lies_inside(values, kind):
    chart = getattr(charts, kind)([str(at) for at in range(len(values))], [Series("N", values)])
    drawn = plot(chart)
    assert 2 <= len(drawn.ticks) <= 12
    assert sorted(drawn.lines, reverse=True) == list(drawn.lines)
    for mark in drawn.marks:
        numbers = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", mark.path)]
        assert all(0 <= number <= SIDE for number in numbers)


def test_a_chart_stands_in_the_page_without_a_style_or_a_script_of_its_own():
    chart = charts.area(["Jan", "Feb"], [Series("A<b>", [1, 2]), Series("B", [2, None])])
    source = '{% load ui %}{% chart "c" "Members" chart %}'
    html = Template(source).render(Context({"chart": chart}))
    assert 'class="plot-fill plot-1"' in html
    assert "A&lt;b&gt;" in html
    assert "style=" not in html
    assert html.count("<script") == html.count('type="application/json"') == 1
