"""Who moved most: what is kept answers as a comparison of the whole book would."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings, strategies as st

from afterclose.accounts.models import Account, Stage
from afterclose.businesses import actors
from afterclose.businesses.actors import Actor
from afterclose.health import actions, comparisons, movers, running
from afterclose.health.models import Comparison, NightlyRun, Score, Snapshot
from afterclose.health.movers import Mover
from tests.cast import Cast
from tests.factories import MONDAY, MORNING, AccountFactory

WEEK_AGO = MONDAY - timedelta(days=7)
TUESDAY = MORNING + timedelta(days=1)

Found = tuple[list[Mover], list[Mover]]


def found(viewer: Actor, most: int = 8, csm_id: int | None = None) -> Found:
    return movers.movers(viewer, MONDAY, 7, most, csm_id=csm_id)


def compared(viewer: Actor, most: int = 8, csm_id: int | None = None) -> Found:
    """The same without anything kept."""
    kept = list(Comparison.objects.all())
    Comparison.objects.all().delete()
    answer = found(viewer, most, csm_id)
    Comparison.objects.bulk_create(kept)
    return answer


def snapshot(account: Account, score: float, on: date = WEEK_AGO, coverage: int = 100) -> None:
    Snapshot.objects.update_or_create(
        account=account,
        on=on,
        defaults={
            "score": score,
            "coverage": coverage,
            "scorecard_version": 1,
            "breakdown": {},
        },
    )


def give(account: Account, score: float | None) -> None:
    Score.objects.update_or_create(
        account=account,
        defaults={"score": score, "on": MONDAY, "coverage": 100, "scorecard_version": 1},
    )


# Few values, so that changes are often equal.
scores = st.sampled_from([0.0, 10.1, 20.2, 55.5, 70.0, 100.0])
accounts = st.tuples(scores, scores | st.none(), st.booleans(), st.booleans(), st.booleans())


@settings(max_examples=8)
@given(
    rows=st.lists(accounts, min_size=1, max_size=10),
    later=st.lists(st.tuples(st.integers(0, 9), scores | st.none()), max_size=3),
    left=st.lists(st.integers(0, 9), max_size=3),
    kept=st.integers(1, 6),
    most=st.integers(1, 4),
)
def test_what_is_kept_answers_as_a_comparison_of_all(
    at_work: Cast,
    monkeypatch: pytest.MonkeyPatch,
    rows: list[tuple[float, float | None, bool, bool, bool]],
    later: list[tuple[int, float | None]],
    left: list[int],
    kept: int,
    most: int,
) -> None:
    monkeypatch.setattr(comparisons, "KEPT", kept)
    viewer, business_id = at_work.manager, at_work.business.id
    Account.objects.all().delete()
    everybody = []
    for before, now, has_data, has_left, is_mine in rows:
        account = AccountFactory.create(
            stage=Stage.CHURNED if has_left else Stage.ACTIVE,
            csm_id=viewer.membership_id if is_mine else None,
        )
        snapshot(account, before, coverage=100 if has_data else 0)
        snapshot(account, before, on=MONDAY)
        give(account, now)
        everybody.append(account)
    actions.total_days(actor=actors.system(business_id), begin=MONDAY, end=MONDAY)
    actions.keep_comparisons(actor=actors.system(business_id))
    assert Comparison.objects.filter(since=WEEK_AGO).exists()

    def agrees() -> None:
        for csm_id in (None, viewer.membership_id):
            assert found(viewer, most, csm_id) == compared(viewer, most, csm_id)
            falls = movers.largest_falls(viewer, MONDAY, 7, most, csm_id=csm_id)
            assert falls == compared(viewer, most, csm_id)[0]

    agrees()
    # Some are scored anew by themselves, some leave or come back.
    for number, score in later:
        if number < len(everybody):
            give(everybody[number], score)
            comparisons.add(business_id, everybody[number].id)
    agrees()
    for number in left:
        if number < len(everybody):
            account = everybody[number]
            account.stage = Stage.ACTIVE if account.is_churned else Stage.CHURNED
            account.save()
    agrees()
    everybody[0].delete()
    agrees()


def test_the_book_is_not_compared_where_enough_is_kept(
    at_work: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    for score in (90.0, 80.0, 70.0):
        account = AccountFactory.create()
        snapshot(account, 95.0)
        snapshot(account, score, on=MONDAY)
        give(account, score)
    system = actors.system(at_work.business.id)
    actions.total_days(actor=system, begin=MONDAY, end=MONDAY)
    actions.keep_comparisons(actor=system)
    expected = compared(at_work.manager)
    monkeypatch.setattr(movers, "_changes", None)

    assert found(at_work.manager) == expected
    assert [mover.change for mover in expected[0]] == [-25.0, -15.0, -5.0]


def test_the_night_keeps_what_pages_compare_with(at_work: Cast) -> None:
    running.take(business_id=at_work.business.id, at=MORNING)
    assert list(Comparison.objects.order_by("since").values_list("since", flat=True)) == [
        MONDAY - timedelta(days=back) for back in (90, 30, 7, 1)
    ]
    running.take(business_id=at_work.business.id, at=TUESDAY)
    assert list(Comparison.objects.order_by("-since").values_list("since", flat=True)) == [
        MONDAY + timedelta(days=1) - timedelta(days=back) for back in (1, 7, 30, 90)
    ]
    assert comparisons.days(MONDAY + timedelta(days=2)) == [
        MONDAY + timedelta(days=2) - timedelta(days=back) for back in (90, 30, 7, 2, 1)
    ]


def test_nothing_is_kept_while_a_run_goes_on(at_work: Cast) -> None:
    system = actors.system(at_work.business.id)
    running.take(business_id=at_work.business.id, at=MORNING)
    run = actions.begin_run(
        actor=system, at=TUESDAY, on=MONDAY + timedelta(days=1), redo_before=TUESDAY
    )
    assert not Comparison.objects.exists()
    actions.keep_comparisons(actor=system)
    assert not Comparison.objects.exists()
    for part_id in run.parts.values_list("id", flat=True):
        actions.take_part(actor=system, at=TUESDAY, part_id=part_id)
    assert NightlyRun.objects.filter(finished_at=None).count() == 0
    assert Comparison.objects.exists()


def test_scores_of_many_accounts_make_what_is_kept_unsure(at_work: Cast) -> None:
    running.take(business_id=at_work.business.id, at=MORNING)
    actions.take_snapshots(
        actor=actors.system(at_work.business.id),
        at=MORNING,
        on=WEEK_AGO,
        first_account_id=1,
        last_account_id=Account.objects.order_by("-id")[0].id,
    )
    assert not Comparison.objects.exists()


def test_an_account_that_is_scored_by_itself_is_added(at_work: Cast) -> None:
    system = actors.system(at_work.business.id)
    running.take(business_id=at_work.business.id, at=MORNING)
    assert found(at_work.manager) == ([], [])
    actions.take_snapshot(actor=system, at=MORNING, on=WEEK_AGO, account_id=at_work.birch.id)
    Score.objects.filter(account=at_work.birch).update(score=99.0)

    assert [mover.name for mover in found(at_work.manager)[1]] == ["Birch"]
    assert found(at_work.manager) == compared(at_work.manager)


def test_a_late_part_of_an_older_run_makes_what_is_kept_unsure(
    at_work: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "RANGE", 2)
    system = actors.system(at_work.business.id)
    run = actions.begin_run(actor=system, at=MORNING, on=MONDAY, redo_before=MORNING)
    running.take(business_id=at_work.business.id, at=TUESDAY)
    assert Comparison.objects.exists()
    first, *others = run.parts.order_by("first_account_id").values_list("id", flat=True)
    actions.take_part(actor=system, at=TUESDAY, part_id=first)

    assert others
    assert not Comparison.objects.exists()
