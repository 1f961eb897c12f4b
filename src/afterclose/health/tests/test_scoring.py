"""The worked figures of docs/numbers/health.md, and what must hold for every input."""

import json
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from afterclose.health import scoring
from afterclose.health.scoring import Component, Word

DAYS = st.integers(0, 5000)
COUNTS = st.integers(0, 200)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (0, 100),
        (7, 100),
        (8, Fraction(5200, 53)),
        (33, Fraction(2700, 53)),
        (59, Fraction(100, 53)),
        (60, 0),
        (400, 0),
    ],
)
def test_usage_falls_from_100_at_7_days_to_0_at_60(days: int, expected: Fraction) -> None:
    assert scoring.usage(days).score == expected


@pytest.mark.parametrize(
    ("open_tickets", "oldest", "reopened", "expected"),
    [
        (0, 0, 0, 100),
        (1, 30, 0, 95),
        (1, 31, 0, 75),
        (3, 41, 0, 65),
        (8, 1, 0, 60),
        (9, 1, 0, 60),
        (0, 0, 2, 80),
        (0, 0, 5, 70),
        (9, 31, 4, 10),
    ],
)
def test_support_takes_off_for_open_old_and_reopened_tickets(
    open_tickets: int, oldest: int, reopened: int, expected: int
) -> None:
    assert scoring.support(open_tickets, oldest, reopened).score == expected


@pytest.mark.parametrize(
    ("source", "answers", "positive", "negative", "expected"),
    [
        ("nps", 9, 6, 2, Fraction(650, 9)),
        ("nps", 1, 0, 1, 0),
        ("nps", 1, 1, 0, 100),
        ("nps", 4, 0, 0, 50),
        ("csat", 9, 6, 3, Fraction(200, 3)),
        ("contacts", 4, 3, 1, 75),
    ],
)
def test_sentiment_maps_each_source_to_0_to_100(
    source: str, answers: int, positive: int, negative: int, expected: Fraction
) -> None:
    assert scoring.sentiment(source, answers, positive, negative).score == expected


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (-5, 0),
        (0, 0),
        (1, 20),
        (30, 20),
        (33, 20),
        (36, 20),
        (37, Fraction(185, 9)),
        (120, Fraction(200, 3)),
        (179, Fraction(895, 9)),
        (180, 100),
        (900, 100),
    ],
)
def test_contract_falls_with_the_days_to_the_end(days: int, expected: Fraction) -> None:
    assert scoring.contract("period", days).score == expected


def test_a_component_without_input_is_dropped_and_the_others_count_for_more() -> None:
    result = scoring.overall([scoring.usage(3), scoring.contract("period", 120)])
    assert result.score == 250 / 3
    assert result.coverage == 70
    everything = [
        scoring.usage(3),
        scoring.support(3, 41, 0),
        scoring.sentiment("nps", 9, 6, 2),
        scoring.contract("period", 33),
    ]
    assert scoring.overall(everything).score == 751 / 12
    assert scoring.overall(everything).coverage == 100


def test_no_input_scores_50_with_no_coverage_and_never_crosses() -> None:
    assert scoring.overall([]) == (50.0, 0)
    assert not scoring.crosses(50.0, 0, None, 50)


def test_a_score_of_exactly_50_is_stored_as_50_and_crosses() -> None:
    result = scoring.overall([scoring.contract("period", 90)])
    assert result.score == 50.0
    assert scoring.crosses(result.score, result.coverage, 50.1, 50)


@pytest.mark.parametrize(
    ("score", "before", "expected"),
    [(40.0, None, True), (40.0, 51.0, True), (40.0, 50.0, False), (40.0, 30.0, False)],
)
def test_flagging_is_on_the_crossing_only(
    score: float, before: float | None, expected: bool
) -> None:
    assert scoring.crosses(score, 35, before, 50) is expected


@pytest.mark.parametrize(
    ("score", "text", "expected"),
    [
        (100.0, "100", Word.HEALTHY),
        (75.0, "75", Word.HEALTHY),
        (74.96, "74.9", Word.OK),
        (74.6, "74.6", Word.OK),
        (250 / 3, "83.3", Word.HEALTHY),
        (50.0, "50", Word.OK),
        (49.99, "49.9", Word.AT_RISK),
        (24.999, "24.9", Word.CRITICAL),
        (0.0, "0", Word.CRITICAL),
    ],
)
def test_words_read_the_unrounded_score(score: float, text: str, expected: Word) -> None:
    assert scoring.word(score) == expected
    assert scoring.shown(score) == text


def test_the_worked_change_is_split_as_documented() -> None:
    before = [scoring.usage(3), scoring.contract("period", 120)]
    after = [*before, scoring.support(3, 41, 0)]
    parts = {part.key: part.points for part in scoring.parts_of_change(before, after)}
    assert {key: round(float(points), 2) for key, points in parts.items()} == {
        "usage": -1.61,
        "support": -2.95,
        "contract": 1.33,
    }
    assert scoring.tenths(list(parts.values())) == (
        Decimal("-1.6"),
        Decimal("-2.9"),
        Decimal("1.3"),
    )


@st.composite
def components(draw: st.DrawFn) -> list[Component]:
    """Any set of components, empty included."""
    found = []
    if draw(st.booleans()):
        found.append(scoring.usage(draw(DAYS)))
    if draw(st.booleans()):
        found.append(scoring.support(draw(COUNTS), draw(DAYS), draw(COUNTS)))
    if draw(st.booleans()):
        positive, negative, rest = draw(COUNTS), draw(COUNTS), draw(COUNTS)
        answers = positive + negative + rest + 1
        found.append(scoring.sentiment("nps", answers, positive, negative))
    if draw(st.booleans()):
        found.append(scoring.contract("period", draw(st.integers(-800, 800))))
    return found


@given(components())
def test_every_score_lies_between_0_and_100(found: list[Component]) -> None:
    assert all(0 <= component.score <= 100 for component in found)
    result = scoring.overall(found)
    assert 0 <= result.score <= 100
    if found:
        scores = [component.score for component in found]
        assert min(scores) - Fraction(1, 10**9) <= result.score <= max(scores) + Fraction(1, 10**9)


@given(components(), components())
def test_the_parts_of_a_change_sum_exactly_to_the_change(
    before: list[Component], after: list[Component]
) -> None:
    def exact(found: list[Component]) -> Fraction:
        weights = scoring.DEFAULT.weights
        if not found:
            return Fraction(50)
        total = sum(weights[component.key] * component.score for component in found)
        return Fraction(total) / sum(weights[component.key] for component in found)

    parts = scoring.parts_of_change(before, after)
    change = exact(after) - exact(before)
    assert sum((part.points for part in parts), Fraction(0)) == change
    shown = scoring.tenths([part.points for part in parts])
    assert abs(Fraction(sum(shown, Decimal(0))) - change) <= Fraction(1, 20)
    if [c.key for c in before] == [c.key for c in after]:
        assert not any(part.shifted for part in parts)


@given(components())
def test_the_stored_inputs_give_the_components_back(found: list[Component]) -> None:
    stored = json.loads("{" + ",".join(component.stored for component in found) + "}")
    assert list(scoring.components_of(stored)) == found


@given(DAYS, DAYS)
def test_usage_never_rises_with_the_days_of_silence(a: int, b: int) -> None:
    assert scoring.usage(min(a, b)).score >= scoring.usage(max(a, b)).score


@given(st.integers(-800, 800), st.integers(-800, 800))
def test_contract_never_rises_as_the_end_comes_nearer(a: int, b: int) -> None:
    low, high = sorted((a, b))
    assert scoring.contract("period", low).score <= scoring.contract("period", high).score


@given(COUNTS, DAYS, COUNTS)
def test_support_never_rises_with_more_trouble(tickets: int, oldest: int, reopened: int) -> None:
    base = scoring.support(tickets, oldest, reopened).score
    assert scoring.support(tickets + 1, oldest, reopened).score <= base
    assert scoring.support(tickets, oldest + 1, reopened).score <= base
    assert scoring.support(tickets, oldest, reopened + 1).score <= base


@given(components(), st.integers(0, 60), st.integers(0, 60))
def test_the_score_never_falls_when_a_component_rises(
    found: list[Component], a: int, b: int
) -> None:
    others = [component for component in found if component.key != scoring.USAGE]
    better, worse = scoring.usage(min(a, b)), scoring.usage(max(a, b))
    assert scoring.overall([better, *others]).score >= scoring.overall([worse, *others]).score
