"""The pure generators: the same for the same seed, whole, and never ahead of their day."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from afterclose.accounts.models import Stage
from afterclose.ops.sample import tables
from afterclose.ops.sample.frame import Frame, Member, detail_of
from afterclose.ops.sample.life import Life, life_of
from afterclose.ops.sample.story import SCENES, Arc, story_of

ON = date(2026, 3, 2)
TEAM = (Member(1, "Dana Reyes", "dana"), Member(2, "Marek Novak", "marek"))


def frame(seed: int = 7, size: int = 120) -> Frame:
    return Frame(ON, datetime(2026, 3, 2, tzinfo=UTC), seed, TEAM, detail_of(size))


def lives(count: int, seed: int = 7) -> list[Life]:
    return [life_of(number, frame(seed)) for number in range(count)]


def test_the_same_seed_gives_the_same_lives() -> None:
    assert lives(60) == lives(60)


def test_another_seed_gives_other_customers() -> None:
    ours, theirs = lives(60, seed=7), lives(60, seed=8)
    assert {life.account[0] for life in ours} != {life.account[0] for life in theirs}


def test_a_larger_set_begins_with_the_same_accounts_as_a_smaller_one() -> None:
    small, large = frame(size=120), frame(size=250)
    assert [life_of(n, small) for n in range(20)] == [life_of(n, large) for n in range(20)]


@pytest.mark.parametrize("size", [120, 1_000, 50_000, 1_000_000])
def test_every_row_fits_the_columns_of_its_table(size: int) -> None:
    made = [life_of(number, frame(size=size)) for number in range(80)]
    for life in made:
        assert len(life.account) == len(tables.ACCOUNTS.columns) - 2
        for rows, table, known in (
            (life.contacts, tables.CONTACTS, 2),
            (life.subscriptions, tables.SUBSCRIPTIONS, 1),
            (life.usage, tables.DAILY_USAGE, 1),
            (life.tickets, tables.TICKETS, 2),
            (life.answers, tables.ANSWERS, 1),
            (life.churn_events, tables.CHURN_EVENTS, 1),
            (life.flags, tables.FLAGS, 1),
            (life.events, tables.EVENTS, 2),
            (life.notifications, tables.NOTIFICATIONS, 1),
        ):
            assert {len(row) for row in rows} <= {len(table.columns) - known}


def test_nothing_that_has_happened_lies_ahead() -> None:
    limit = frame().midnight
    for life in lives(200):
        assert all(row[2] < limit for row in life.events)
        assert all(row[5] < limit for row in life.answers)
        assert all(row[5] < limit and (row[6] is None or row[6] < limit) for row in life.tickets)
        assert all(row[0] <= ON for row in life.usage)


def test_names_and_domains_are_never_given_twice() -> None:
    made = [life_of(number, frame(size=100_000)).account for number in range(3_000)]
    assert len({account[0] for account in made}) == 3_000
    assert all(account[2].endswith(".example") for account in made if account[2])


def test_the_scenes_show_every_stage_and_every_kind_of_subscription() -> None:
    stories = [story_of(number, frame().dice(number)) for number in range(len(SCENES))]
    assert {story.stage for story in stories} == set(Stage)
    assert {story.arc for story in stories} == set(Arc)
    shown = [row for life in lives(len(SCENES)) for row in life.subscriptions]
    assert {row[2] for row in shown} == {"active", "past_due", "trialing", "cancelled"}
    assert {row[6] for row in shown} == {"USD", "EUR", "GBP", "JPY"}
    assert {row[7] for row in shown} == {"month", "quarter", "year"}
    assert any(row[14] for row in shown), "one is to be cancelled at the end of its period"


def test_renewals_fall_into_every_window() -> None:
    ahead = {
        (row[12] - ON).days
        for life in lives(120)
        for row in life.subscriptions
        if row[2] == "active"
    }
    for low, high in ((0, 14), (15, 30), (31, 60), (61, 90), (91, 400)):
        assert any(low <= days <= high for days in ahead), (low, high)


def test_some_accounts_have_no_data_at_all_and_some_long_names() -> None:
    made = lives(len(SCENES))
    assert any(not (life.contacts or life.subscriptions or life.usage) for life in made)
    assert any(len(life.account[0]) > 100 for life in made)
    assert any(not life.account[2] for life in made), "an account without a domain"
