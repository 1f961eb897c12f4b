"""Sample data in the database: made whole, destroyed without a trace, nothing else touched."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.http import QueryDict
from django.urls import reverse

from afterclose.accounts.custom_fields.actions import define_field
from afterclose.accounts.custom_fields.models import Kind, Subject
from afterclose.accounts.lists import AccountList, ContactList
from afterclose.accounts.models import Account, AtRiskFlag, Stage
from afterclose.billing.models import AccountBilling
from afterclose.businesses.postgres.schema import business_field
from afterclose.businesses.tenancy import business_context
from afterclose.health.models import Score, Snapshot
from afterclose.notifications.models import Notification
from afterclose.ops.models import SampleSet
from afterclose.ops.sample import actions, demo, errors, frame, jobs, queries, shelves, todo
from afterclose.segments.models import Segment
from afterclose.tasks.models import State, Task
from afterclose.ui.lists import ListContext
from afterclose.ui.lists.page import ListPage
from afterclose.usage.models import LastUse
from tests.cast import Cast
from tests.factories import MONDAY, MORNING, AccountFactory, ContactFactory

SIZE = 45
_DETAIL = frame.Detail(40, 1, True, 3, (21, 14, 7, 3, 2, 1), 20)


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shorter history makes the same statements, faster."""
    monkeypatch.setattr(frame, "_STEPS", ((300, _DETAIL),))


def make(cast: Cast, **options: Any) -> SampleSet:
    actions.begin(actor=cast.owner, at=MORNING, **{"size": SIZE, "seed": 7, **options})
    found = actions.go_on(actor=cast.owner, at=MORNING)
    assert found is not None
    return found


def rows(business_id: int) -> dict[str, list[Any]]:
    """Every tenant row of the business, but the log of who did what."""
    found = {}
    with business_context(business_id), connection.cursor() as cursor:
        for model in apps.get_models():
            if business_field(model) is None or not model._meta.managed:
                continue
            if model._meta.label == "businesses.AuditEntry":
                continue
            cursor.execute(f'SELECT * FROM "{model._meta.db_table}" ORDER BY id')
            found[model._meta.label] = cursor.fetchall()
    return found


def test_a_set_has_what_was_asked_for_and_every_stage_and_bucket(at_work: Cast) -> None:
    own = Account.objects.count()
    make(at_work)
    sample = Account.objects.filter(is_sample=True)
    assert sample.count() == SIZE
    assert Account.objects.count() == own + SIZE
    assert set(sample.values_list("stage", flat=True)) == set(Stage.values)
    scores = list(
        Score.objects.filter(account__is_sample=True, on=MONDAY).values_list("score", flat=True)
    )
    known = [score for score in scores if score is not None]
    assert None in scores
    assert min(known) < 25
    assert any(25 <= score < 50 for score in known)
    assert any(50 <= score < 75 for score in known)
    assert max(known) >= 75
    assert Snapshot.objects.filter(account__is_sample=True).values("on").distinct().count() == 7


def test_accounts_under_the_threshold_are_flagged_as_of_the_day_they_fell(at_work: Cast) -> None:
    make(at_work)
    flags = AtRiskFlag.objects.filter(account__is_sample=True, cleared_at=None)
    assert flags.filter(is_automatic=False).exists()
    automatic = flags.filter(is_automatic=True)
    assert automatic.filter(set_at__lt=MORNING - timedelta(days=2)).exists()
    low = Score.objects.filter(
        account__is_sample=True, score__lte=50, account__stage__in=("active", "renewal")
    )
    assert low.exists()
    assert not low.exclude(account_id__in=flags.values("account_id")).exists()


def test_current_figures_and_last_use_are_there(at_work: Cast) -> None:
    make(at_work)
    assert AccountBilling.objects.filter(account__is_sample=True, arr__gt=0).exists()
    assert LastUse.objects.filter(account__is_sample=True, last_used_on__lte=MONDAY).exists()


def test_there_are_things_to_do_in_every_state(at_work: Cast) -> None:
    make(at_work)
    rows = Task.objects.filter(is_sample=True)
    mine = rows.filter(assignee_id=at_work.owner.membership_id)

    assert 30 <= rows.count() <= todo.MOST
    assert rows.filter(state=State.DONE).count() >= 5
    assert mine.filter(state=State.OPEN, due_on__lt=MONDAY).count() >= 1
    assert mine.filter(state=State.OPEN, due_on=MONDAY).count() >= 1
    assert rows.filter(state=State.OPEN, due_on__gt=MONDAY).count() >= 8
    assert not rows.filter(due_on__week_day__in=(1, 7)).exclude(due_on=MONDAY).exists()


def test_segments_ask_for_tags_and_custom_fields_of_the_set(at_work: Cast) -> None:
    make(at_work)
    by_tag, by_field = (
        Segment.objects.get(name=name)
        for name in ("References in EMEA", "Top tiers without an NDA")
    )
    assert by_tag.text.startswith('tag all (EMEA, "Reference customer")')
    assert by_field.text == "cf_tier in (gold, platinum) and cf_nda_signed is no"
    assert by_field.members > 0
    assert by_tag.is_sample
    assert by_field.is_sample
    actions.destroy(actor=at_work.owner)
    assert not Segment.objects.exists()


def test_a_field_that_the_business_made_otherwise_costs_only_its_segment(at_work: Cast) -> None:
    define_field(
        actor=at_work.admin, at=MORNING, subject=Subject.ACCOUNT, label="Tier", kind=Kind.NUMBER
    )
    make(at_work, size=20)
    names = set(Segment.objects.values_list("name", flat=True))
    assert "References in EMEA" in names
    assert "Top tiers without an NDA" not in names


def test_a_second_set_is_refused_and_so_is_a_wrong_size(at_work: Cast) -> None:
    make(at_work, size=20)
    with pytest.raises(errors.HasSampleDataError):
        make(at_work)
    for size in (19, 1_000_001):
        with pytest.raises(errors.WrongSizeError):
            actions.begin(actor=at_work.owner, at=MORNING, size=size, seed=1)


def test_destroying_leaves_every_other_row_exactly_as_it_was(cast: Cast) -> None:
    before = rows(cast.business.id), rows(cast.stranger.business_id)
    with cast.at_work():
        make(cast)
        actions.begin_destroying(actor=cast.owner, at=MORNING)
        gone = actions.destroy(actor=cast.owner)
    assert gone["accounts.account"] == SIZE
    after = rows(cast.business.id), rows(cast.stranger.business_id)
    assert after == before


def test_what_a_person_hung_on_a_sample_account_goes_with_it(at_work: Cast) -> None:
    make(at_work)
    sample = Account.objects.filter(is_sample=True).order_by("id")[0]
    ContactFactory.create(account=sample, name="Added by hand")
    child = AccountFactory.create(name="Own child", parent=sample)
    actions.destroy(actor=at_work.owner)
    child.refresh_from_db()
    assert child.parent is None
    assert not Account.objects.filter(is_sample=True).exists()


def test_what_is_said_to_go_is_what_goes(at_work: Cast) -> None:
    make(at_work)
    said = sum(count for _, count in queries.what_would_go(at_work.owner))
    assert Notification.objects.filter(key__startswith=actions.READY).count() == 1
    gone = actions.destroy(actor=at_work.owner)
    assert sum(gone.values()) == said


def test_a_run_that_was_cut_short_goes_on_where_it_stopped(at_work: Cast) -> None:
    actions.begin(actor=at_work.owner, at=MORNING, size=SIZE, seed=7)

    class Crash(Exception):
        pass

    def crash(found: SampleSet) -> None:
        raise Crash

    for _ in range(4):
        with pytest.raises(Crash):
            actions.go_on(actor=at_work.owner, at=MORNING, tell=crash)
    jobs.generate_sample_data.func(business_id=at_work.business.id)
    assert Account.objects.filter(is_sample=True).count() == SIZE
    assert SampleSet.objects.get().finished_at is not None


def test_nothing_is_made_any_more_once_it_is_being_destroyed(at_work: Cast) -> None:
    actions.begin(actor=at_work.owner, at=MORNING, size=SIZE, seed=7)
    actions.begin_destroying(actor=at_work.owner, at=MORNING)
    assert actions.go_on(actor=at_work.owner, at=MORNING) is None
    with pytest.raises(errors.BeingDestroyedError):
        actions.begin_destroying(actor=at_work.owner, at=MORNING)
    actions.destroy(actor=at_work.owner)
    assert not SampleSet.objects.exists()


def test_the_page_goes_from_empty_over_busy_to_ready_and_back(cast: Cast, sign_in: Any) -> None:
    browser = sign_in(cast.admin)
    page = reverse("ops:sample_data")
    assert "Generate sample data" in browser.get(page).text
    assert browser.post(page, {"size": 5, "seed": 7}).status_code == 200
    assert browser.post(page, {"size": SIZE, "seed": 7}).status_code == 302
    assert "Writing accounts" in browser.get(page).text
    assert "Writing accounts" in browser.get(reverse("ops:sample_data_progress")).text
    jobs.generate_sample_data.func(business_id=cast.business.id)
    assert "Destroy sample data" in browser.get(page).text
    done = browser.get(reverse("ops:sample_data_progress"), headers={"HX-Request": "true"})
    assert done.headers["HX-Refresh"] == "true"
    assert browser.post(reverse("ops:sample_data_destroy")).status_code == 302
    assert "Destroying" in browser.get(page).text


def test_the_demo_is_made_once_and_lives_on(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert demo.make(at=MORNING, size=SIZE)
    assert not demo.make(at=MORNING, size=SIZE)
    later = MORNING + timedelta(days=9)
    assert demo.make(at=later)
    from afterclose.businesses.models import Business

    with business_context(Business.objects.get(slug=demo.SLUG).id):
        assert Account.objects.count() == SIZE
        assert Score.objects.filter(on=later.date()).exists()
        assert Snapshot.objects.values("on").distinct().count() == 7 + 9
        assert LastUse.objects.filter(last_used_on__gte=later.date() - timedelta(days=3)).exists()
    with time_machine.travel(later, tick=False):
        call_command("make_demo")
    assert "login: demo@afterclose.example" in capsys.readouterr().out


def test_the_shared_views_can_be_read_by_their_lists(at_work: Cast) -> None:
    for list_name, _, query in shelves.VIEWS:
        list_class = {"accounts": AccountList, "contacts": ContactList}[list_name]
        page = ListPage(
            list_class(ListContext(at_work.manager, date(2026, 3, 2))), QueryDict(query), "/"
        )
        assert page.problems == []
        assert page.state.narrowed
