"""The reminders of a renewal, told by date (CS-44)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from afterclose.accounts.models import Account, Event, Stage
from afterclose.billing.models import Status
from afterclose.businesses import actors
from afterclose.businesses.actors import Actor
from afterclose.businesses.models import Membership, Setting
from afterclose.notifications.kinds import Pace
from afterclose.notifications.models import Notification, OutgoingMail, Preference
from afterclose.renewals import actions
from afterclose.renewals.models import Reminder
from afterclose.renewals.telling import RENEWAL_REMINDER
from tests.cast import Cast
from tests.factories import AccountFactory, SubscriptionFactory

ENDS = date(2026, 6, 30)


@pytest.fixture
def marek(at_work: Cast) -> Actor:
    """The CSM of the one customer there is."""
    Account.objects.all().delete()
    return at_work.manager


def run(on: date) -> int:
    """The job of the morning of `on`."""
    at = datetime(on.year, on.month, on.day, 8, tzinfo=UTC)
    system = actors.system(Membership.objects.all()[0].business_id)
    return actions.send_reminders(actor=system, at=at, on=on)


def before(days: int) -> date:
    return ENDS - timedelta(days=days)


def told(member: Actor) -> list[str]:
    lines = Notification.objects.filter(member_id=member.membership_id).order_by("id")
    return list(lines.values_list("title", flat=True))


def acme(csm: Actor, **values: object) -> Account:
    account = AccountFactory.create(name="Acme", csm_id=csm.membership_id)
    SubscriptionFactory.create(account=account, current_period_end=ENDS, **values)
    return account


def test_from_ninety_days_to_the_renewal(marek: Actor) -> None:
    account = acme(marek)

    # 91 days before: too early.
    assert run(before(91)) == 0
    # 90 days before: the first reminder, in the inbox, by mail and on the timeline.
    assert run(before(90)) == 1
    assert told(marek) == ["Acme renews in 90 days"]
    assert not Notification.objects.get().is_urgent
    mail = OutgoingMail.objects.get()
    assert (mail.to, mail.subject) == ("marek@northwind.example", "Acme renews in 90 days")
    assert "$12,000.00 ARR" in mail.text
    assert "On track: No risk signal" in mail.text
    assert "/accounts/" in mail.html
    assert Event.objects.filter(account=account, kind=actions.REMINDED).count() == 1
    # The job runs again on the same day, and on each of the next days: nothing.
    assert [run(before(days)) for days in (90, 89, 75, 61)] == [0, 0, 0, 0]
    # 60, 30 and 14 days before: one each; the last one is urgent.
    assert [run(before(days)) for days in (60, 45, 30, 14, 13, 0)] == [1, 0, 1, 1, 0, 0]
    assert told(marek)[1:] == [
        "Acme renews in 60 days", "Acme renews in 30 days", "Acme renews in 14 days",
    ]  # fmt: skip
    assert Notification.objects.order_by("-id")[0].is_urgent
    assert OutgoingMail.objects.order_by("-id")[0].subject == "Urgent: Acme renews in 14 days"
    # The day after, the period is over.
    assert run(ENDS + timedelta(days=1)) == 0


def test_after_an_outage_the_nearest_reminder_alone_is_sent(marek: Actor) -> None:
    acme(marek)
    run(before(90))

    # The workers were down from day 89 to day 20.
    assert run(before(20)) == 1

    assert told(marek) == ["Acme renews in 90 days", "Acme renews in 20 days"]
    assert list(Reminder.objects.order_by("id").values_list("threshold", flat=True)) == [90, 30]
    assert run(before(14)) == 1


def test_the_next_period_is_reminded_of_anew(marek: Actor) -> None:
    account = acme(marek)
    run(before(14))

    account.subscriptions.update(current_period_end=ENDS + timedelta(days=365))

    assert run(before(0)) == 0
    assert run(ENDS + timedelta(days=365 - 90)) == 1


def test_several_renewals_are_one_mail_and_a_line_each(marek: Actor) -> None:
    acme(marek)
    birch = AccountFactory.create(name="Birch", csm_id=marek.membership_id)
    SubscriptionFactory.create(account=birch, current_period_end=before(80), status=Status.PAST_DUE)

    assert run(before(90)) == 2

    assert told(marek) == ["Birch renews in 10 days", "Acme renews in 90 days"]
    mail = OutgoingMail.objects.get()
    assert mail.subject == "2 renewals ahead, 1 within 14 days"
    assert "At risk: Payment past due" in mail.text


def test_a_flood_is_one_line(marek: Actor) -> None:
    for _ in range(12):
        SubscriptionFactory.create(
            account=AccountFactory.create(csm_id=marek.membership_id), current_period_end=ENDS
        )

    assert run(before(30)) == 12

    assert told(marek) == ["12 renewals ahead"]
    assert OutgoingMail.objects.count() == 1
    assert run(before(30)) == 0


def test_what_is_cancelled_or_churned_is_not_reminded_of(marek: Actor) -> None:
    acme(marek, status=Status.CANCELLED)
    SubscriptionFactory.create(
        account=AccountFactory.create(stage=Stage.CHURNED), current_period_end=ENDS
    )

    assert run(before(30)) == 0


def test_what_cancels_at_period_end_is_told_as_ending(marek: Actor) -> None:
    acme(marek, cancel_at_period_end=True)

    run(before(30))

    assert told(marek) == ["Acme ends in 30 days"]


def test_a_date_set_by_hand_is_reminded_of_once(marek: Actor) -> None:
    AccountFactory.create(name="Cedar", csm_id=marek.membership_id, renewal_date=ENDS)

    assert [run(before(30)), run(before(30)), run(before(14))] == [1, 0, 1]
    assert told(marek) == ["Cedar renews in 30 days", "Cedar renews in 14 days"]


def test_the_ae_is_told_where_there_is_no_csm(at_work: Cast) -> None:
    Account.objects.all().delete()
    account = AccountFactory.create(name="Elm", ae_id=at_work.admin.membership_id)
    SubscriptionFactory.create(account=account, current_period_end=ENDS)

    run(before(30))

    assert told(at_work.admin) == ["Elm renews in 30 days"]


def test_admins_hear_of_what_nobody_looks_after(at_work: Cast) -> None:
    Account.objects.all().delete()
    SubscriptionFactory.create(account=AccountFactory.create(name="Elm"), current_period_end=ENDS)

    run(before(30))

    for admin in (at_work.owner, at_work.admin):
        assert told(admin) == ["1 renewal ahead of accounts without a CSM"]
    assert told(at_work.manager) == []


def test_a_csm_who_has_left_is_not_told(at_work: Cast) -> None:
    Account.objects.all().delete()
    acme(at_work.manager)
    Membership.objects.filter(id=at_work.manager.membership_id).update(
        deactivated_at=datetime(2026, 1, 1, tzinfo=UTC)
    )

    run(before(30))

    assert told(at_work.manager) == []
    assert told(at_work.owner) == ["1 renewal ahead of accounts without a CSM"]


def test_preferences_are_obeyed_channel_by_channel(marek: Actor) -> None:
    acme(marek)
    Preference.objects.create(
        member_id=marek.membership_id, kind=RENEWAL_REMINDER.slug, in_app=True, mail=Pace.OFF
    )

    run(before(30))
    Preference.objects.update(in_app=False, mail=Pace.NOW)
    run(before(14))

    assert told(marek) == ["Acme renews in 30 days"]
    assert OutgoingMail.objects.get().subject == "Urgent: Acme renews in 14 days"


def test_the_business_sets_its_own_days(marek: Actor) -> None:
    acme(marek)
    Setting.objects.create(key="renewal_reminder_days", value=[45, 7])

    assert [run(before(days)) for days in (60, 45, 30, 7)] == [0, 1, 0, 1]


def test_a_run_that_dies_is_continued_and_repeats_nothing(
    marek: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(7):
        acme(marek)
    monkeypatch.setattr(actions, "CHUNK", 3)
    tell, calls = actions.notify_many, []

    def dies_in_the_second_chunk(**facts: Any) -> int:
        calls.append(facts)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return tell(**facts)

    monkeypatch.setattr(actions, "notify_many", dies_in_the_second_chunk)
    with pytest.raises(KeyboardInterrupt):
        run(before(30))
    assert (Reminder.objects.count(), OutgoingMail.objects.count()) == (3, 1)

    # The next worker takes the job over.
    assert run(before(30)) == 4
    assert run(before(30)) == 0
    assert Reminder.objects.count() == Event.objects.filter(kind=actions.REMINDED).count() == 7
    assert len(told(marek)) == 7
