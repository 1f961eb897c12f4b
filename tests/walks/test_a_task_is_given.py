"""A task from the one who gives it to the one who is told of it, in the inbox and by mail."""

from __future__ import annotations

from datetime import timedelta

import pytest

from afterclose.accounts.models import Event
from afterclose.businesses import actors
from afterclose.businesses.jobs import JOBS
from afterclose.notifications import kinds, summaries
from afterclose.notifications.models import Notification, OutgoingMail
from afterclose.tasks import actions, many
from tests.cast import Cast
from tests.factories import MONDAY, MORNING

DAY = timedelta(days=1)


def react(cast: Cast) -> None:
    """What the worker does after each commit."""
    with cast.at_work():
        due = list(Event.objects.filter(reacted_at__isnull=True).values_list("id", flat=True))
    JOBS["config.run_reactions"](cast.business.id, event_ids=due)


def inbox(cast: Cast) -> list[tuple[str, str, bool]]:
    with cast.at_work():
        rows = Notification.objects.filter(member_id=cast.manager.membership_id).order_by("id")
        return [(row.kind, row.title, row.is_urgent) for row in rows]


def test_a_task_is_given_forgotten_told_of_and_done(cast: Cast) -> None:
    with cast.at_work():
        task = actions.add_task(
            actor=cast.owner, at=MORNING, title="Price the seats", due_on=MONDAY + DAY,
            priority="critical", assignee=cast.manager.membership, account=cast.acme,
        )  # fmt: skip
    react(cast)
    given = (kinds.TASK_ASSIGNED.slug, "Dana Reyes gave you a task: Price the seats", True)
    assert inbox(cast) == [given]
    with cast.at_work():
        [mail] = OutgoingMail.objects.all()
        assert mail.to == "marek@northwind.example"
        assert f"/tasks/{task.pk}/" in mail.text

    system = actors.system(cast.business.id)
    for day in (1, 2, 3):
        with cast.at_work():
            many.sweep(actor=system, at=MORNING + day * DAY, on=MONDAY + day * DAY)
        react(cast)
    overdue = (kinds.TASK_OVERDUE.slug, "Overdue: Price the seats", True)
    assert inbox(cast) == [given, overdue]

    with cast.at_work():
        assert summaries.write_due(actor=system, at=MORNING + 3 * DAY) == 1
        summary = OutgoingMail.objects.latest("id")
        assert "Urgent: Overdue: Price the seats" in summary.text

        actions.complete(actor=cast.manager, at=MORNING + 3 * DAY, task_id=task.pk)
        assert many.sweep(actor=system, at=MORNING + 4 * DAY, on=MONDAY + 4 * DAY) == (0, 0)
    react(cast)
    assert len(inbox(cast)) == 2


@pytest.mark.parametrize(("count", "lines"), [(3, 3), (12, 1)])
def test_who_is_given_many_at_once_is_not_flooded(cast: Cast, count: int, lines: int) -> None:
    with cast.at_work():
        ids = [
            actions.add_task(actor=cast.owner, at=MORNING, title=f"Task {n}").pk
            for n in range(count)
        ]
        many.reassign_many(
            actor=cast.owner, at=MORNING, task_ids=ids, assignee=cast.manager.membership
        )
    react(cast)

    told = inbox(cast)
    assert len(told) == lines
    if lines == 1:
        assert told[0][1] == "Dana Reyes gave you 12 tasks"


def test_many_overdue_on_one_morning_are_one_line(cast: Cast) -> None:
    with cast.at_work():
        for n in range(8):
            actions.add_task(
                actor=cast.manager, at=MORNING, title=f"Task {n}", due_on=MONDAY - DAY,
                assignee=cast.manager.membership,
            )  # fmt: skip
        many.sweep(actor=actors.system(cast.business.id), at=MORNING, on=MONDAY)
    react(cast)

    assert [title for _, title, _ in inbox(cast)] == ["8 of your tasks are overdue"]
