"""The stage rule by table, as docs/numbers/renewals.md has it (CS-41)."""

import pytest

from afterclose.renewals.reminding import due_threshold, is_urgent, nearest_threshold
from afterclose.renewals.stages import RenewalStage, Signs, reasons, stage_of

CHURNING, AT_RISK = RenewalStage.CHURNING, RenewalStage.AT_RISK
EXPANDING, ON_TRACK = RenewalStage.EXPANDING, RenewalStage.ON_TRACK


@pytest.mark.parametrize(
    ("signs", "stage"),
    [
        (Signs(days=90, score=80), ON_TRACK),
        (Signs(days=0, score=50), ON_TRACK),
        (Signs(days=0, score=50, is_flagged=True), AT_RISK),
        (Signs(days=0, score=49.96), AT_RISK),
        (Signs(days=0, score=None), ON_TRACK),
        (Signs(days=31, score=90, is_past_due=True, account_expanding=True), AT_RISK),
        (Signs(days=31, score=90, account_expanding=True), EXPANDING),
        (Signs(days=31, is_past_due=True, cancels_at_period_end=True), CHURNING),
        (Signs(days=31, is_cancelled=True, score=90), CHURNING),
        (Signs(days=31, account_churned=True), CHURNING),
        (Signs(days=90, cancels_at_period_end=True), CHURNING),
        (Signs(days=91, cancels_at_period_end=True), ON_TRACK),
        (Signs(days=-1, cancels_at_period_end=True), ON_TRACK),
    ],
)
def test_the_first_stage_that_matches_wins(signs: Signs, stage: RenewalStage) -> None:
    assert stage_of(signs, window_days=90, threshold=50) is stage


def test_every_reason_of_the_stage_is_told() -> None:
    signs = Signs(days=3, is_past_due=True, is_flagged=True, score=49.96)

    told = reasons(signs, window_days=90, threshold=50)

    assert told == ["Payment past due", "Flagged at risk", "Health 49.9 (below 50)"]


def test_reasons_of_another_stage_are_not_told() -> None:
    signs = Signs(days=3, is_past_due=True, account_churned=True)

    assert reasons(signs, window_days=90, threshold=50) == ["Account churned"]


def test_another_threshold_is_named_as_it_is_set() -> None:
    assert reasons(Signs(days=3, score=62), window_days=90, threshold=62.5) == [
        "Health 62.0 (below 62.5)"
    ]


@pytest.mark.parametrize(
    ("days", "nearest"),
    [
        (91, None), (90, 90), (61, 90), (60, 60), (47, 60), (30, 30), (15, 30), (14, 14), (3, 14),
        (0, 14), (-1, None),
    ],
)  # fmt: skip
def test_the_nearest_threshold_is_the_smallest_that_is_reached(
    days: int, nearest: int | None
) -> None:
    assert nearest_threshold(days, (90, 60, 30, 14)) == nearest


def test_a_nearer_reminder_makes_the_farther_ones_pointless() -> None:
    assert due_threshold(20, (90, 60, 30, 14), sent=()) == 30
    assert due_threshold(20, (90, 60, 30, 14), sent=(90, 60)) == 30
    assert due_threshold(20, (90, 60, 30, 14), sent=(30,)) is None
    # The period end was moved out after the reminder of 14 days: the reader knows already.
    assert due_threshold(20, (90, 60, 30, 14), sent=(14,)) is None


def test_fourteen_days_or_fewer_are_urgent() -> None:
    assert [is_urgent(days) for days in (15, 14, 0)] == [False, True, True]
