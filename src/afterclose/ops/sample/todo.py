"""Tasks about the sample customers: overdue, due today, this week, later, and done.

Half of them are for whoever asked for the sample data, so that My tasks is not empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from random import Random

from afterclose.accounts.models import Account, Contact, Stage
from afterclose.businesses.models import Membership
from afterclose.tasks.models import Priority, Task

MOST = 40
#: Days from today on which they are due; None is some day. Negative ones are overdue.
_DUE = (-6, -2, -1, 0, 0, 1, 2, 3, 4, 6, 8, 9, 12, 14, 20, 30, None)
#: What is to be done, by stage, with notes; empty stage: any.
_WORDS: tuple[tuple[str, str, str, str], ...] = (
    ("onboarding", "Agree on the go-live date", "They want it before their quarter ends.", "high"),
    ("onboarding", "Check that single sign-on works for them", "", "normal"),
    ("onboarding", "Train the second team", "Recording from the first training is in the drive.",
     "normal"),
    ("renewal", "Send the renewal proposal", "Procurement needs two weeks.", "critical"),
    ("renewal", "Find out who signs this year", "The old signer has left.", "high"),
    ("expanding", "Price the extra seats", "Asked for in the last call.", "high"),
    ("active", "Prepare the quarterly review", "Adoption by team, open requests, next goals.",
     "normal"),
    ("active", "Introduce the new product manager", "", "low"),
    ("", "Call about the drop in use", "Ask whether a team has moved on.", "high"),
    ("", "Follow up on the open tickets", "Support promised an answer this week.", "normal"),
    ("", "Ask for a reference call", "They were happy in the last survey.", "low"),
    ("", "Update the list of contacts", "", "low"),
    ("", "Share the roadmap", "Without dates.", "normal"),
)  # fmt: skip


def add_tasks(
    *, on: date, at: datetime, seed: int, first: int, last: int, asked_by: int | None
) -> int:
    """Add up to `MOST` tasks about the sample accounts of the set; returns how many. Within the
    transaction of the set's last piece."""
    accounts = list(
        Account.objects.filter(id__gte=first, id__lte=last, is_sample=True)
        .exclude(stage__in=(Stage.CHURNED, Stage.PROSPECT))
        .order_by("id")[: MOST * 2]
    )
    ids = [account.pk for account in accounts]
    contacts = {
        contact.account_id: contact
        for contact in Contact.objects.filter(account_id__in=ids, left_on__isnull=True).order_by(
            "is_champion", "-id"
        )
    }
    team = list(Membership.objects.filter(deactivated_at__isnull=True).order_by("id")[:12])
    dice = Random(seed)  # noqa: S311  # not for secrets
    dice.shuffle(accounts)
    tasks = [
        _task(number, account, contacts.get(account.pk), on, at, dice, team, asked_by)
        for number, account in enumerate(accounts[:MOST])
    ]
    Task.objects.bulk_create(tasks)
    return len(tasks)


def _task(
    number: int,
    account: Account,
    contact: Contact | None,
    on: date,
    at: datetime,
    dice: Random,
    team: Sequence[Membership],
    asked_by: int | None,
) -> Task:
    fitting = [words for words in _WORDS if words[0] in ("", account.stage)]
    own = [words for words in fitting if words[0]] if number % 3 else fitting
    _, title, notes, priority = dice.choice(own or fitting)
    someone = account.csm_id or (dice.choice(team).pk if team else None)
    mine = asked_by if asked_by is not None and number % 2 == 0 else someone
    created_at = at - timedelta(days=dice.randrange(8, 30), minutes=dice.randrange(600))
    task = Task(
        title=title,
        notes=notes,
        priority=Priority(priority),
        assignee_id=None if number == MOST - 1 else mine,
        account=account,
        contact=contact if dice.random() < 0.6 else None,
        created_by_id=asked_by or someone,
        created_at=created_at,
        updated_at=created_at,
        is_sample=True,
    )
    if number % 10 in (4, 7, 9):  # done lately
        task.due_on = _working_day(on - timedelta(days=dice.randrange(1, 12)))
        task.completed_at = task.updated_at = at - timedelta(
            days=dice.randrange(1, 10), minutes=dice.randrange(500)
        )
        task.completed_by_id = mine
    else:
        days = _DUE[number * 7 % len(_DUE)]
        due_on = None if days is None else on + timedelta(days=days)
        task.due_on = due_on if due_on is None or days == 0 else _working_day(due_on)
        if task.due_on is not None and task.due_on < on:
            # Nobody is told anew of what has been overdue in the story for a while.
            task.overdue_told_for = task.due_on
    return task


def _working_day(day: date) -> date:
    """The day, or the Friday before a weekend."""
    return day - timedelta(days=max(0, day.weekday() - 4))
