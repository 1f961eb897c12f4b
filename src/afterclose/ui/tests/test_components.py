import pytest
from hypothesis import example, given, strategies as st

from afterclose.ui import charts, components


@pytest.mark.parametrize(
    ("score", "word"),
    [
        (100, "Healthy"),
        (75, "Healthy"),
        (74.999, "OK"),
        (74.6, "OK"),
        (50, "OK"),
        (49.5, "At risk"),
        (25, "At risk"),
        (24.99, "Critical"),
        (0, "Critical"),
        (None, "No data"),
    ],
)
def test_the_word_follows_the_unrounded_score(score, word):
    assert components.bucket_of(score).word == word


@given(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), max_size=120))
@example([0.0, 5e-324])
def test_a_sparkline_stays_in_its_box(points):
    drawn = components.sparkline(points)
    numbers = [
        tuple(map(float, pair.lstrip("ML").split(" ")))
        for pair in drawn.path.replace(" L", "|").replace(" M", "|").split("|")
        if pair
    ]
    for x, y in [*numbers, *drawn.dots]:
        assert 0 <= x <= 120
        assert 0 <= y <= 32


def test_a_gap_splits_the_line():
    drawn = components.sparkline([1, 2, None, 3, 4])
    assert drawn.path.count("M") == 2
    assert drawn.summary == "up from 1 to 4, lowest 1, highest 4"


def test_nothing_to_draw_says_so():
    assert components.sparkline([None, None]).summary == "No data"


@pytest.mark.parametrize(
    ("now", "before", "good", "tone"),
    [(5, 3, "up", "good"), (5, 3, "down", "bad"), (5, 3, "", "neutral"), (3, 3, "up", "neutral")],
)
def test_whether_a_change_is_good_news(now, before, good, tone):
    assert components.delta(now, before, good=good).tone == tone


def test_there_is_no_percentage_of_nothing():
    assert components.delta(5, 0).percent is None


def test_a_chart_refuses_series_that_do_not_fit_its_labels():
    with pytest.raises(ValueError, match="2 values for 3 labels"):
        charts.line(["a", "b", "c"], [charts.Series("MRR", [1, 2])])


def test_a_donut_has_at_most_four_slices():
    with pytest.raises(ValueError, match="at most 4"):
        charts.donut(list("abcde"), [charts.Series("Accounts", [1] * 5)])


def test_the_table_behind_a_chart_has_the_same_points_and_links():
    chart = charts.bars(["a", "b"], [charts.Series("N", [1, None], links=["/a/", None])])
    assert chart.rows() == [("a", [(1, "/a/")]), ("b", [(None, None)])]
    assert not chart.is_empty
