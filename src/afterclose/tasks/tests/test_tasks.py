"""The life of a task (CS-90), and the rules and the sweep over all of them (CS-91)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from afterclose.accounts.models import Contact, Event
from afterclose.businesses import actors
from afterclose.businesses.actors import Actor
from afterclose.businesses.models import AuditEntry, Membership
from afterclose.tasks import actions, due, many, queries, triggers
from afterclose.tasks.errors import AlreadyOpenAgain
from afterclose.tasks.models import Priority, State, Task
from tests.cast import Cast
from tests.factories import MONDAY, MORNING

DAY = timedelta(days=1)


def add(cast: Cast, title: str = "Call Ada", **values: object) -> Task:
    facts: dict = {"assignee": cast.manager.membership, "due_on": MONDAY} | values
    return actions.add_task(actor=cast.owner, at=MORNING, title=title, **facts)


def facts(kind: str) -> list[Event]:
    return list(Event.objects.filter(kind=kind).order_by("id"))


@pytest.mark.parametrize(
    ("due_on", "group"),
    [
        (None, due.Group.LATER),
        (date(2026, 3, 3), due.Group.OVERDUE),
        (date(2026, 3, 4), due.Group.TODAY),
        (date(2026, 3, 5), due.Group.THIS_WEEK),
        (date(2026, 3, 8), due.Group.THIS_WEEK),
        (date(2026, 3, 9), due.Group.LATER),
    ],
)
def test_a_wednesday_groups_by_the_week_that_ends_on_sunday(
    due_on: date | None, group: due.Group
) -> None:
    assert due.group_of(due_on, date(2026, 3, 4)) == group


@pytest.mark.parametrize("today", [MONDAY + n * DAY for n in range(7)])
def test_the_periods_of_the_groups_hold_exactly_what_the_rule_says(today: date) -> None:
    for offset in range(-9, 15):
        day = today + offset * DAY
        within = [
            group
            for group in due.Group
            for first, last in [due.period(group, today)]
            if (first is None or first <= day) and (last is None or day <= last)
        ]
        assert within == [due.group_of(day, today)]


def test_a_task_is_added_audited_and_told(at_work: Cast) -> None:
    task = add(at_work, "  Call   Ada ", account=at_work.acme, priority=Priority.HIGH)

    task.refresh_from_db()
    assert (task.title, task.state, task.rank) == ("Call Ada", State.OPEN, 3)
    assert task.created_by_id == at_work.owner.membership_id
    assert AuditEntry.objects.filter(verb="task.added", subject_id=task.pk).count() == 1
    assert [event.account_id for event in facts("task.added")] == [at_work.acme.id]
    assert facts("task.assigned")[0].payload["assignee"] == at_work.manager.membership_id


def test_nobody_is_told_of_what_they_took_themselves(at_work: Cast) -> None:
    add(at_work, assignee=at_work.owner.membership)
    add(at_work, assignee=None)

    assert not facts("task.assigned")


def test_a_task_about_a_contact_is_about_their_account(at_work: Cast) -> None:
    ada = Contact.objects.get(name="Ada Lind")

    assert add(at_work, contact=ada).account_id == at_work.acme.id
    with pytest.raises(ValidationError, match="contact of the account"):
        add(at_work, contact=ada, account=at_work.birch)


def test_a_task_without_words_is_refused(at_work: Cast) -> None:
    with pytest.raises(ValidationError):
        add(at_work, "   ")
    assert not Task.objects.exists()


def test_who_gets_a_task_from_another_is_told_again(at_work: Cast) -> None:
    task = add(at_work)
    actions.reassign(
        actor=at_work.owner, at=MORNING, task_id=task.pk, assignee=at_work.admin.membership
    )

    assert [fact.payload["assignee"] for fact in facts("task.assigned")] == [
        at_work.manager.membership_id,
        at_work.admin.membership_id,
    ]
    entry = AuditEntry.objects.get(verb="task.changed")
    assert entry.changes == {"assignee": ["Marek Novak", "Ines Duarte"]}


def test_a_change_that_changes_nothing_leaves_no_trace(at_work: Cast) -> None:
    task = add(at_work)
    actions.change_task(actor=at_work.owner, at=MORNING + DAY, task_id=task.pk, due_on=MONDAY)

    assert not AuditEntry.objects.filter(verb="task.changed").exists()


def test_completing_twice_is_once_and_reopening_takes_it_back(at_work: Cast) -> None:
    task = add(at_work, account=at_work.acme)
    for _ in range(2):
        actions.complete(actor=at_work.manager, at=MORNING, task_id=task.pk)

    task.refresh_from_db()
    assert (task.state, task.completed_by_id) == (State.DONE, at_work.manager.membership_id)
    assert len(facts("task.completed")) == 1

    actions.reopen(actor=at_work.manager, at=MORNING, task_id=task.pk)
    task.refresh_from_db()
    assert (task.state, task.completed_by_id) == (State.OPEN, None)


def test_a_deleted_task_is_away_and_comes_back_within_thirty_days(at_work: Cast) -> None:
    task = add(at_work)
    actions.delete(actor=at_work.owner, at=MORNING, task_id=task.pk)

    assert not queries.tasks(at_work.owner).exists()
    with pytest.raises(Task.DoesNotExist):
        actions.complete(actor=at_work.owner, at=MORNING, task_id=task.pk)
    assert actions.forget_deleted(actor=at_work.owner, at=MORNING + 30 * DAY) == 0
    actions.restore(actor=at_work.owner, at=MORNING, task_id=task.pk)
    assert queries.open_tasks(at_work.owner).count() == 1

    actions.delete(actor=at_work.owner, at=MORNING, task_id=task.pk)
    assert actions.forget_deleted(actor=at_work.owner, at=MORNING + 31 * DAY) == 1


def test_a_member_without_the_right_can_do_nothing(at_work: Cast) -> None:
    task = add(at_work)
    for attempt in (
        lambda: actions.add_task(actor=at_work.member, at=MORNING, title="x"),
        lambda: actions.complete(actor=at_work.member, at=MORNING, task_id=task.pk),
        lambda: many.complete_many(actor=at_work.member, at=MORNING, task_ids=[task.pk]),
        lambda: many.reopen_many(actor=at_work.member, at=MORNING, task_ids=[task.pk]),
        lambda: queries.tasks(at_work.member),
    ):
        with pytest.raises(PermissionDenied):
            attempt()


def test_many_are_completed_at_once_and_those_done_stay_as_they_are(at_work: Cast) -> None:
    tasks = [add(at_work, f"Task {n}", account=at_work.acme) for n in range(4)]
    actions.complete(actor=at_work.owner, at=MORNING - DAY, task_id=tasks[0].pk)

    count = many.complete_many(
        actor=at_work.manager, at=MORNING, task_ids=[task.pk for task in tasks]
    )

    assert count == 3
    assert Task.objects.filter(state=State.DONE).count() == 4
    assert Task.objects.get(pk=tasks[0].pk).completed_at == MORNING - DAY
    assert len(facts("task.completed")) == 4
    entry = AuditEntry.objects.get(verb="tasks.completed")
    assert sorted(entry.changes["tasks"]) == [task.pk for task in tasks[1:]]


def test_many_are_opened_again_but_for_those_that_their_rule_has_opened_anew(
    at_work: Cast, rule: set[str]
) -> None:
    mine = [add(at_work, f"Task {n}", account=at_work.acme) for n in range(2)]
    rule.add("a")
    first = open_by_rule(at_work, "a")
    assert first is not None
    ids = [*(task.pk for task in mine), first.pk]
    many.complete_many(actor=at_work.manager, at=MORNING, task_ids=ids)
    newer = open_by_rule(at_work, "a")
    assert newer is not None
    many.complete_many(actor=at_work.manager, at=MORNING, task_ids=[mine[0].pk])

    again = many.reopen_many(actor=at_work.manager, at=MORNING + DAY, task_ids=[*ids, newer.pk])

    assert again == 2
    state = {task.pk: task.state for task in Task.objects.all()}
    assert [state[task.pk] for task in (*mine, first, newer)] == [
        State.OPEN, State.OPEN, State.DONE, State.OPEN
    ]  # fmt: skip
    assert not Task.objects.filter(state=State.OPEN, completed_by__isnull=False).exists()
    assert len(facts("task.reopened")) == 2
    entry = AuditEntry.objects.get(verb="tasks.reopened")
    assert sorted(entry.changes["tasks"]) == [task.pk for task in mine]
    many.complete_many(actor=at_work.manager, at=MORNING + DAY, task_ids=[newer.pk])
    both = [first.pk, newer.pk]
    assert many.reopen_many(actor=at_work.manager, at=MORNING + DAY, task_ids=both) == 1


def test_many_change_hands_and_the_new_one_is_told_once(at_work: Cast) -> None:
    ids = [add(at_work, f"Task {n}").pk for n in range(12)]

    count = many.reassign_many(
        actor=at_work.owner, at=MORNING, task_ids=ids, assignee=at_work.admin.membership
    )

    assert count == 12
    assert Task.objects.filter(assignee=at_work.admin.membership).count() == 12
    [told] = facts("tasks.assigned")
    assert (told.payload["count"], len(told.payload["tasks"])) == (12, many.LISTED)


def test_many_move_to_another_day(at_work: Cast) -> None:
    ids = [add(at_work, f"Task {n}").pk for n in range(3)]

    assert many.change_due_many(actor=at_work.owner, at=MORNING, task_ids=ids, due_on=None) == 3
    assert many.change_due_many(actor=at_work.owner, at=MORNING, task_ids=ids, due_on=None) == 0


# -- rules


@pytest.fixture
def rule() -> Iterator[set[str]]:
    """A rule whose keys hold as long as they are in the set."""
    holding: set[str] = set()

    def still_holds(_actor: Actor, keys: Iterable[str], _on: date) -> set[str]:
        return holding & set(keys)

    triggers.register(triggers.Trigger("test.rule", "The rule of the test", still_holds))
    yield holding
    triggers.forget("test.rule")


def open_by_rule(cast: Cast, key: str = "plan:1") -> Task | None:
    return many.open_for_trigger(
        actor=actors.system(cast.business.id), at=MORNING, trigger="test.rule", key=key,
        title=f"Off-track: {key}", due_on=MONDAY + 7 * DAY, assignee=cast.manager.membership,
    )  # fmt: skip


def test_a_rule_has_one_open_task_per_key(at_work: Cast, rule: set[str]) -> None:
    first = open_by_rule(at_work)
    assert first is not None
    assert open_by_rule(at_work) is None
    assert open_by_rule(at_work, "plan:2") is not None

    actions.complete(actor=at_work.manager, at=MORNING, task_id=first.pk)
    again = open_by_rule(at_work)
    assert again is not None
    with pytest.raises(AlreadyOpenAgain):
        actions.reopen(actor=at_work.manager, at=MORNING, task_id=first.pk)


def test_the_database_keeps_a_second_open_task_of_a_key_out(at_work: Cast, rule: set[str]) -> None:
    first = open_by_rule(at_work)
    assert first is not None
    with pytest.raises(IntegrityError, match="task_one_open_per_source"), transaction.atomic():
        Task.objects.create(
            title="Second", trigger="test.rule", source_key=first.source_key,
            created_at=MORNING, updated_at=MORNING,
        )  # fmt: skip


def test_the_sweep_closes_what_is_over_and_nothing_else(at_work: Cast, rule: set[str]) -> None:
    rule.update({"plan:1", "plan:2"})
    tasks = [open_by_rule(at_work, key) for key in ("plan:1", "plan:2")]
    by_hand = add(at_work, due_on=None)
    rule.remove("plan:1")
    system = actors.system(at_work.business.id)

    assert many.sweep(actor=system, at=MORNING, on=MONDAY) == (1, 0)
    assert many.sweep(actor=system, at=MORNING, on=MONDAY) == (0, 0)

    open_ids = set(Task.objects.filter(state=State.OPEN).values_list("pk", flat=True))
    assert open_ids == {tasks[1].pk, by_hand.pk}  # type: ignore[union-attr]
    closed = Task.objects.get(pk=tasks[0].pk)  # type: ignore[union-attr]
    assert (closed.state, closed.completed_by_id) == (State.DONE, None)


def test_a_rule_that_is_gone_leaves_its_tasks_to_people(at_work: Cast, rule: set[str]) -> None:
    open_by_rule(at_work)
    triggers.forget("test.rule")

    assert many.sweep(actor=at_work.owner, at=MORNING, on=MONDAY) == (0, 0)
    assert triggers.label_of("test.rule") == "Test.rule"


def test_a_week_in_the_life_of_a_task(at_work: Cast) -> None:
    """Due on Wednesday; overdue from Thursday; moved; overdue again."""
    system = actors.system(at_work.business.id)
    task = add(at_work, due_on=MONDAY + 2 * DAY)

    def morning(day: int) -> int:
        return many.sweep(actor=system, at=MORNING + day * DAY, on=MONDAY + day * DAY)[1]

    assert [morning(0), morning(1), morning(2)] == [0, 0, 0]  # not before it has passed
    assert morning(3) == 1
    assert [morning(3), morning(4)] == [0, 0]  # once
    actions.change_task(
        actor=at_work.manager, at=MORNING + 4 * DAY, task_id=task.pk, due_on=MONDAY + 5 * DAY
    )
    assert [morning(5), morning(6), morning(7)] == [0, 1, 0]

    told = facts("tasks.overdue")
    assert [fact.payload["on"] for fact in told] == ["2026-03-05", "2026-03-08"]
    assert {fact.payload["member"] for fact in told} == {at_work.manager.membership_id}


def test_the_overdue_tasks_of_one_morning_are_one_fact_per_member(at_work: Cast) -> None:
    for n in range(12):
        add(at_work, f"Task {n}", due_on=MONDAY - DAY)
    add(at_work, "Ines's", due_on=MONDAY - DAY, assignee=at_work.admin.membership)
    add(at_work, "Nobody's", due_on=MONDAY - DAY, assignee=None)

    many.sweep(actor=at_work.owner, at=MORNING, on=MONDAY)

    counts = {fact.payload["member"]: fact.payload["count"] for fact in facts("tasks.overdue")}
    assert counts == {at_work.manager.membership_id: 12, at_work.admin.membership_id: 1}


def test_what_is_told_of_sample_tasks_is_sample_data_too(at_work: Cast) -> None:
    samples = [add(at_work, f"Sample {n}", due_on=MONDAY - DAY, is_sample=True) for n in range(2)]
    add(at_work, "Real", due_on=MONDAY - DAY)

    many.sweep(actor=at_work.owner, at=MORNING, on=MONDAY)
    many.reassign_many(
        actor=at_work.owner,
        at=MORNING,
        task_ids=[task.pk for task in samples],
        assignee=at_work.admin.membership,
    )

    assert [fact.is_sample for fact in facts("task.assigned")] == [True, True, False]
    overdue = {fact.is_sample: fact.payload["count"] for fact in facts("tasks.overdue")}
    assert overdue == {True: 2, False: 1}
    assert [fact.is_sample for fact in facts("tasks.assigned")] == [True]


def test_what_a_stranger_has_to_do_is_not_seen(at_work: Cast) -> None:
    add(at_work)
    with at_work.elsewhere():
        assert not queries.tasks(at_work.stranger).exists()
        assert not Membership.objects.filter(pk=at_work.manager.membership_id).exists()
