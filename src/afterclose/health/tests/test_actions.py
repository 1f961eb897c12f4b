"""Taking snapshots: what is written, who is flagged, and that doing it again changes nothing."""

from datetime import UTC, date, datetime, timedelta

import pytest

from afterclose.accounts.actions import clear_at_risk, flag_at_risk
from afterclose.accounts.models import Account, AtRiskFlag, Event, Stage
from afterclose.businesses import actors
from afterclose.businesses.actions import change_settings
from afterclose.businesses.permissions import PermissionDenied
from afterclose.health import actions, running
from afterclose.health.actions import FutureDayError
from afterclose.health.models import NightlyRun, RunPart, Score, Snapshot
from afterclose.notifications.models import Notification
from afterclose.support.models import Reopening
from afterclose.usage.models import LastUse
from tests.cast import Cast
from tests.factories import (
    MONDAY,
    MORNING,
    AccountFactory,
    ContactFactory,
    DailyUsageFactory,
    LastUseFactory,
    SubscriptionFactory,
    SurveyAnswerFactory,
    TicketFactory,
)


def score_all(cast: Cast, on: date = MONDAY, at: datetime | None = None) -> actions.Taken:
    """All accounts of Northwind, on a day that is today unless `at` says otherwise."""
    at = at or datetime(on.year, on.month, on.day, 8, tzinfo=UTC)
    return actions.take_snapshots(
        actor=actors.system(cast.business.id),
        at=at,
        on=on,
        first_account_id=1,
        last_account_id=Account.objects.order_by("-id").values_list("id", flat=True)[0],
    )


def snapshot(account: Account, on: date = MONDAY) -> Snapshot:
    return Snapshot.objects.get(account=account, on=on)


def everything() -> list[list[tuple[object, ...]]]:
    """What a run may change, for comparing before and after."""
    return [
        list(Snapshot.objects.order_by("on", "account").values_list("account", "on", "score",
             "coverage", "scorecard_version", "breakdown")),
        list(Score.objects.order_by("account").values_list("account", "on", "score", "coverage",
             "previous_score", "previous_on", "held_score")),
        list(AtRiskFlag.objects.order_by("id").values_list("id", "reasons", "score_after")),
        list(Event.objects.order_by("id").values_list("id", flat=True)),
        list(Notification.objects.order_by("id").values_list("id", flat=True)),
    ]  # fmt: skip


def test_the_cast_scores_as_its_inputs_say(at_work: Cast) -> None:
    taken = score_all(at_work)
    assert taken.accounts == 4  # Dune has churned
    assert snapshot(at_work.acme).breakdown == {
        "usage": [1],
        "support": [0, 0, 0],
        "sentiment": ["nps", 1, 1, 0],
        "contract": ["period", 183],
    }
    assert snapshot(at_work.acme).score == 100.0
    assert snapshot(at_work.birch).breakdown == {
        "usage": [62],
        "support": [3, 15, 0],
        "sentiment": ["nps", 1, 0, 1],
        "contract": ["period", 40],
    }
    assert snapshot(at_work.birch).score == (15 * 85 * 9 + 35 * 200) / 900
    assert snapshot(at_work.cedar).breakdown == {"usage": [12], "contract": ["period", 21]}
    assert snapshot(at_work.cedar).coverage == 70
    assert not Snapshot.objects.filter(account=at_work.dune).exists()


def test_an_account_without_data_scores_50_as_no_data_and_is_not_flagged(at_work: Cast) -> None:
    at_work.elm.stage = Stage.ACTIVE
    at_work.elm.save()
    score_all(at_work)
    assert (snapshot(at_work.elm).score, snapshot(at_work.elm).coverage) == (50.0, 0)
    score = Score.objects.get(account=at_work.elm)
    assert (score.score, score.coverage, score.held_score) == (None, 0, None)
    assert not AtRiskFlag.objects.filter(account=at_work.elm).exists()


def test_doing_it_again_changes_nothing(at_work: Cast) -> None:
    score_all(at_work)
    before = everything()
    score_all(at_work)
    assert everything() == before


def test_a_run_again_counts_what_has_come_in_since(at_work: Cast) -> None:
    score_all(at_work)
    LastUse.objects.filter(account=at_work.birch).update(last_used_on=MONDAY)
    score_all(at_work)
    assert snapshot(at_work.birch).breakdown["usage"] == [0]
    score = Score.objects.get(account=at_work.birch)
    assert score.score == snapshot(at_work.birch).score
    assert score.previous_score is None


def test_the_life_of_an_account_that_slides_and_is_saved(at_work: Cast) -> None:
    account = AccountFactory.create(name="Gale", csm_id=at_work.manager.membership_id)
    use = LastUseFactory.create(account=account, last_used_on=MONDAY)

    def flags() -> int:
        return AtRiskFlag.objects.filter(account=account).count()

    def told() -> list[str]:
        rows = Notification.objects.filter(account=account).order_by("id")
        return list(rows.values_list("body", flat=True))

    score_all(at_work)
    assert flags() == 0, "day 0: 100, nothing happens"

    score_all(at_work, MONDAY + timedelta(days=33))
    assert flags() == 0, "day 33: 50.9, still above the threshold"

    crossed = MONDAY + timedelta(days=34)
    score_all(at_work, crossed)
    flag = AtRiskFlag.objects.get(account=account)
    assert (flag.reasons, flag.is_automatic, flag.set_by_id) == (["score"], True, None)
    assert (flag.score_before, flag.score_after) == (100 * 27 / 53, 100 * 26 / 53)
    assert told() == ["Health fell by 1.9 from 50.9 to 49.1."]
    event = Event.objects.get(account=account, kind="at_risk.flagged")
    assert event.payload["before"] == flag.score_before
    assert event.payload["after"] == flag.score_after

    score_all(at_work, crossed + timedelta(days=1))
    assert len(told()) == flags() == 1, "day 35: lower still, but it had crossed already"

    clear_at_risk(actor=at_work.manager, at=MORNING, account_id=account.id)
    score_all(at_work, crossed + timedelta(days=2))
    assert not AtRiskFlag.objects.filter(account=account, cleared_at=None).exists(), (
        "day 36: a person cleared it, and nothing crossed since"
    )

    LastUse.objects.filter(pk=use.pk).update(last_used_on=crossed + timedelta(days=3))
    score_all(at_work, crossed + timedelta(days=3))
    assert Score.objects.get(account=account).score == 100, "day 37: used again"

    again = crossed + timedelta(days=3 + 40)
    score_all(at_work, again)
    assert flags() == 2, "day 77: a new crossing flags anew"
    assert len(told()) == 2


def test_the_first_score_at_the_threshold_is_a_crossing(at_work: Cast) -> None:
    account = AccountFactory.create(renewal_date=MONDAY + timedelta(days=90))
    score_all(at_work)
    assert Score.objects.get(account=account).score == 50.0
    assert AtRiskFlag.objects.get(account=account).score_before is None


@pytest.mark.parametrize(
    ("stage", "is_flagged"),
    [
        (Stage.PROSPECT, False),
        (Stage.ONBOARDING, False),
        (Stage.ACTIVE, True),
        (Stage.RENEWAL, True),
        (Stage.EXPANDING, True),
    ],
)
def test_only_eligible_stages_are_flagged(at_work: Cast, stage: Stage, is_flagged: bool) -> None:
    account = AccountFactory.create(stage=stage, renewal_date=MONDAY)
    score_all(at_work)
    assert AtRiskFlag.objects.filter(account=account).exists() is is_flagged


def test_an_account_that_becomes_eligible_is_held_against_the_threshold_then(
    at_work: Cast,
) -> None:
    account = AccountFactory.create(stage=Stage.ONBOARDING, renewal_date=MONDAY)
    score_all(at_work)
    Account.objects.filter(pk=account.pk).update(stage=Stage.ACTIVE)
    score_all(at_work, MONDAY + timedelta(days=1))
    assert AtRiskFlag.objects.filter(account=account).count() == 1


def test_a_hand_made_flag_gets_the_score_as_one_more_reason(at_work: Cast) -> None:
    flag_at_risk(actor=at_work.manager, at=MORNING, account_id=at_work.birch.id, reasons=["price"])
    score_all(at_work)
    score_all(at_work, MONDAY + timedelta(days=1))
    flag = AtRiskFlag.objects.get(account=at_work.birch)
    assert flag.reasons == ["price", "score"]
    assert flag.set_by_id == at_work.manager.membership_id


def test_a_csm_with_many_accounts_gets_one_line_for_all(at_work: Cast) -> None:
    AccountFactory.create_batch(
        12, csm_id=at_work.manager.membership_id, renewal_date=MONDAY, name="Sinking"
    )
    score_all(at_work)
    rows = Notification.objects.filter(member_id=at_work.manager.membership_id)
    assert [row.title for row in rows] == ["13 of your accounts are newly at risk"]


def test_past_days_neither_flag_nor_replace_the_current_score(at_work: Cast) -> None:
    score_all(at_work)
    before = everything()
    score_all(at_work, MONDAY - timedelta(days=3), at=MORNING)
    after = everything()
    assert after[2:] == before[2:]
    score = Score.objects.get(account=at_work.acme)
    assert score.on == MONDAY
    assert score.previous_on == MONDAY - timedelta(days=3)
    assert Snapshot.objects.filter(on=MONDAY - timedelta(days=3)).count() == 4


def test_a_range_of_past_days_equals_a_run_per_day_in_any_order(at_work: Cast) -> None:
    system = actors.system(at_work.business.id)
    first = MONDAY - timedelta(days=20)
    days = [first + timedelta(days=offset) for offset in range(20)]
    DailyUsageFactory.create(
        account=at_work.acme, used_on=MONDAY - timedelta(days=15), feature="imports"
    )

    for day in reversed(days):
        score_all(at_work, day, at=MORNING)
    one_by_one = everything()
    Snapshot.objects.all().delete()
    Score.objects.all().delete()
    actions.take_days(
        actor=system,
        at=MORNING,
        begin=days[0],
        end=days[-1],
        first_account_id=1,
        last_account_id=10**6,
    )
    assert everything()[0] == one_by_one[0]
    assert everything()[1] == one_by_one[1]
    assert not AtRiskFlag.objects.exists()


def test_after_past_days_today_flags_as_for_a_first_score(at_work: Cast) -> None:
    score_all(at_work, MONDAY - timedelta(days=1), at=MORNING)
    score_all(at_work)
    assert AtRiskFlag.objects.get(account=at_work.birch).score_before is None
    assert Score.objects.get(account=at_work.birch).previous_on == MONDAY - timedelta(days=1)


def test_one_account_scores_as_in_the_run_over_all(at_work: Cast) -> None:
    system = actors.system(at_work.business.id)
    for account in at_work.accounts:
        actions.take_snapshot(actor=system, at=MORNING, on=MONDAY, account_id=account.id)
    alone = everything()[:2]
    Snapshot.objects.all().delete()
    Score.objects.all().delete()
    AtRiskFlag.objects.all().delete()
    score_all(at_work)
    assert everything()[:2] == alone


def test_a_past_day_knows_only_what_was_dated_by_then(at_work: Cast) -> None:
    account = AccountFactory.create(customer_since=MONDAY - timedelta(days=50))
    on = MONDAY - timedelta(days=20)
    LastUseFactory.create(account=account, first_used_on=MONDAY - timedelta(days=60))
    DailyUsageFactory.create(account=account, used_on=MONDAY - timedelta(days=25))
    DailyUsageFactory.create(account=account, used_on=MONDAY - timedelta(days=1))
    TicketFactory.create(  # open on the day, solved since
        account=account,
        opened_at=MORNING - timedelta(days=30),
        solved_at=MORNING - timedelta(days=10),
    )
    TicketFactory.create(account=account, opened_at=MORNING - timedelta(days=5))
    SurveyAnswerFactory.create(account=account, answered_at=MORNING - timedelta(days=3))
    SubscriptionFactory.create(
        account=account,
        interval="month",
        started_on=MONDAY - timedelta(days=40),  # 21 January
        current_period_start=date(2026, 2, 21),
        current_period_end=date(2026, 3, 21),
        period_is_derived=True,
    )
    score_all(at_work, on, at=MORNING)  # 10 February
    assert snapshot(account, on).breakdown == {
        "usage": [5],
        "support": [1, 10, 0],
        "contract": ["period", 11],
    }
    score_all(at_work, MONDAY - timedelta(days=51), at=MORNING)
    assert not Snapshot.objects.filter(account=account, on=MONDAY - timedelta(days=51)).exists()


def test_churned_accounts_have_no_score_from_the_day_they_left(at_work: Cast) -> None:
    left = at_work.dune.churned_on
    assert left is not None
    score_all(at_work, left, at=MORNING)
    score_all(at_work, left - timedelta(days=1), at=MORNING)
    days = Snapshot.objects.filter(account=at_work.dune).values_list("on", flat=True)
    assert list(days) == [left - timedelta(days=1)]
    assert snapshot(at_work.dune, left - timedelta(days=1)).breakdown["contract"] == ["period", 1]


def test_reopened_tickets_count_for_30_days(at_work: Cast) -> None:
    account = AccountFactory.create()
    ticket = TicketFactory.create(account=account, opened_at=MORNING - timedelta(days=60))
    for days in (0, 30, 31):
        Reopening.objects.create(
            ticket=ticket, account=account, reopened_at=MORNING - timedelta(days=days)
        )
    score_all(at_work)
    assert snapshot(account).breakdown["support"] == [1, 60, 2]


def test_sentiment_takes_nps_then_csat_then_contacts(at_work: Cast) -> None:
    account = AccountFactory.create()

    def inputs(day: int) -> object:
        on = MONDAY + timedelta(days=day)
        score_all(at_work, on)
        return snapshot(account, on).breakdown.get("sentiment")

    TicketFactory.create(account=account, satisfaction=5)
    assert inputs(0) is None
    for name, part in (("A", "is_champion"), ("B", "is_champion"), ("C", "is_detractor")):
        ContactFactory.create(account=account, name=name, **{part: True})
    ContactFactory.create(account=account, name="Left", is_champion=True, left_on=MONDAY)
    assert inputs(1) == ["contacts", 3, 2, 1]
    for score in (3, 4, 5):
        SurveyAnswerFactory.create(account=account, survey="csat", score=score, answered_at=MORNING)
    assert inputs(2) == ["csat", 3, 2, 1]
    SurveyAnswerFactory.create(account=account, survey="ces", score=1, answered_at=MORNING)
    for score in (10, 9, 8, 7, 6, 0):
        SurveyAnswerFactory.create(account=account, score=score, answered_at=MORNING)
    assert inputs(3) == ["nps", 6, 2, 2]
    assert inputs(180) == ["nps", 6, 2, 2]
    assert inputs(181) == ["contacts", 3, 2, 1]


def test_the_contract_runs_to_the_earliest_live_period_else_to_what_ended_last(
    at_work: Cast,
) -> None:
    account = AccountFactory.create(renewal_date=MONDAY + timedelta(days=5))

    def inputs() -> object:
        score_all(at_work)
        return snapshot(account).breakdown["contract"]

    assert inputs() == ["renewal", 5]
    for days in (30, 4):
        SubscriptionFactory.create(
            account=account, status="cancelled", ended_on=MONDAY - timedelta(days=days)
        )
    assert inputs() == ["ended", -4]
    for days in (90, 60, 300):
        SubscriptionFactory.create(
            account=account, current_period_end=MONDAY + timedelta(days=days)
        )
    assert inputs() == ["period", 60]
    SubscriptionFactory.create(account=account, started_on=MONDAY + timedelta(days=1))
    assert inputs() == ["period", 60]
    SubscriptionFactory.create(
        account=account, status="trialing", current_period_end=MONDAY - timedelta(days=2)
    )
    assert inputs() == ["period", -2], "a told period that nobody renewed has ended"


def test_a_day_begins_and_ends_in_the_zone_of_the_business(at_work: Cast) -> None:
    change_settings(actor=at_work.owner, at=MORNING, changes={"time_zone": "Pacific/Auckland"})
    late = datetime(2026, 3, 2, 21, tzinfo=UTC)  # already Tuesday in Auckland
    account = AccountFactory.create()
    TicketFactory.create(account=account, opened_at=MORNING)  # Monday 21:00 there
    score_all(at_work, MONDAY + timedelta(days=1), at=late)
    assert snapshot(account, MONDAY + timedelta(days=1)).breakdown["support"] == [1, 1, 0]


def test_a_day_that_has_not_come_is_refused(at_work: Cast) -> None:
    with pytest.raises(FutureDayError, match="has not come yet"):
        score_all(at_work, MONDAY + timedelta(days=1), at=MORNING)


def test_whoever_may_not_edit_health_may_not_take_snapshots(at_work: Cast) -> None:
    with pytest.raises(PermissionDenied):
        actions.take_snapshot(
            actor=at_work.member, at=MORNING, on=MONDAY, account_id=at_work.acme.id
        )


def test_nothing_of_another_business_is_scored(at_work: Cast) -> None:
    actions.take_snapshots(
        actor=actors.system(at_work.business.id),
        at=MORNING,
        on=MONDAY,
        first_account_id=at_work.foreign.id,
        last_account_id=at_work.foreign.id,
    )
    with at_work.elsewhere():
        assert not Snapshot.objects.exists()
        assert not Score.objects.exists()


def test_a_run_is_cut_into_parts_that_are_each_done_once(
    at_work: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "RANGE", 2)
    system = actors.system(at_work.business.id)
    run = actions.begin_run(actor=system, at=MORNING, on=MONDAY, redo_before=MORNING)
    parts = list(run.parts.order_by("first_account_id").values_list("id", flat=True))
    assert len(parts) >= 3
    for part in parts[:-1]:
        actions.take_part(actor=system, at=MORNING, part_id=part)
    assert not actions.finish_run(actor=system, at=MORNING, run_id=run.pk)

    # After a crash the run goes on: what is done stays done.
    later = MORNING + timedelta(minutes=5)
    actions.begin_run(actor=system, at=later, on=MONDAY, redo_before=MORNING)
    assert list(RunPart.objects.filter(done_at=None).values_list("id", flat=True)) == parts[-1:]
    actions.take_part(actor=system, at=later, part_id=parts[-1])
    run.refresh_from_db()
    assert run.finished_at == later
    assert Score.objects.count() == 4
    assert sum(RunPart.objects.values_list("accounts", flat=True)) == 4
    before = everything()
    actions.take_part(actor=system, at=later, part_id=parts[0])
    assert everything() == before

    # Asked for anew, all parts are due again.
    actions.begin_run(actor=system, at=later, on=MONDAY, redo_before=later)
    assert RunPart.objects.filter(done_at=None).count() == len(parts) - 1


def test_a_business_is_scored_in_one_go(at_work: Cast) -> None:
    done = running.take(business_id=at_work.business.id, at=MORNING)
    assert (done.accounts, done.flagged) == (4, 1)
    assert NightlyRun.objects.get().finished_at is not None
    past = running.take(
        business_id=at_work.business.id,
        at=MORNING,
        begin=MONDAY - timedelta(days=2),
        end=MONDAY - timedelta(days=1),
        account_id=at_work.acme.id,
    )
    assert past.accounts == 2
    with pytest.raises(ValueError, match="after the last"):
        running.take(
            business_id=at_work.business.id, at=MORNING, begin=MONDAY, end=date(2026, 1, 1)
        )
    with pytest.raises(ValueError, match="no account"):
        running.take(business_id=at_work.business.id, at=MORNING, account_id=at_work.foreign.id)
