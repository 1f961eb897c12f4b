"""Summaries by mail, told by date (CS-92): once, at the member's hour, and only of what is new."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import pytest
from django.test import Client

from afterclose.businesses import actors
from afterclose.businesses.actors import Actor
from afterclose.businesses.models import Membership
from afterclose.notifications import inbox, kinds, queries, stopping, summaries
from afterclose.notifications.actions import Message, notify_many
from afterclose.notifications.kinds import Pace
from afterclose.notifications.models import MailTimes, Notification, OutgoingMail, SummaryLine
from tests.cast import Cast

SignIn = Callable[[Actor | None], Client]
HOUR = timedelta(hours=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


def tell(cast: Cast, when: str, key: str, kind: kinds.Kind = kinds.TASK_OVERDUE) -> None:
    message = Message(
        member_id=cast.manager.membership_id or 0, kind=kind, key=key,
        title=f"Told {key}", body="It was due yesterday.", url=f"/accounts/{cast.acme.id}/",
    )  # fmt: skip
    notify_many(actor=actors.system(cast.business.id), at=at(when), messages=[message])


def write(cast: Cast, when: str) -> int:
    return summaries.write_due(actor=actors.system(cast.business.id), at=at(when))


def mails() -> list[OutgoingMail]:
    return list(OutgoingMail.objects.order_by("id"))


def live_in(cast: Cast, zone: str) -> None:
    person = cast.manager.person
    assert person is not None
    person.time_zone = zone
    person.save()


def test_a_few_days_of_a_member_in_new_york(at_work: Cast) -> None:
    """Their summary comes at 08:00, which is 13:00 UTC, from 8 March on 12:00."""
    live_in(at_work, "America/New_York")

    tell(at_work, "03-05 08:40", "one")
    assert Notification.objects.count() == 1  # the inbox has it at once
    assert not mails()
    assert write(at_work, "03-05 12:45") == 0  # not yet eight there
    assert write(at_work, "03-05 13:00") == 1
    assert [write(at_work, "03-05 13:00"), write(at_work, "03-05 13:15")] == [0, 0]  # once

    tell(at_work, "03-05 13:05", "two")
    assert write(at_work, "03-05 20:00") == 0  # waits for tomorrow
    assert write(at_work, "03-06 13:00") == 1

    assert write(at_work, "03-07 13:00") == 0  # nothing to say, nothing sent
    tell(at_work, "03-07 15:00", "three")
    assert write(at_work, "03-08 11:59") == 0
    assert write(at_work, "03-08 12:00") == 1  # the clock has gone forward

    assert [mail.subject for mail in mails()] == ["Daily summary: 1 notification"] * 3
    assert "Told one" in mails()[0].text
    assert "Told two" not in mails()[0].text
    assert f'href="http://localhost:8000/accounts/{at_work.acme.id}/"' in mails()[0].html


def test_when_the_workers_were_down_it_comes_late_and_once(at_work: Cast) -> None:
    tell(at_work, "03-02 08:40", "one")
    tell(at_work, "03-03 08:40", "two")

    assert write(at_work, "03-04 11:00") == 1
    [mail] = mails()
    assert mail.subject == "Daily summary: 2 notifications"


def test_what_was_recorded_late_waits_for_the_next(at_work: Cast) -> None:
    tell(at_work, "03-02 07:00", "one")
    assert write(at_work, "03-02 08:00") == 1
    tell(at_work, "03-02 07:30", "late")  # true before eight, told after the summary had gone

    assert write(at_work, "03-02 09:00") == 0
    assert write(at_work, "03-03 08:00") == 1
    assert "Told late" in mails()[1].text


def test_what_was_read_in_the_inbox_is_left_out(at_work: Cast) -> None:
    tell(at_work, "03-02 08:40", "one")
    tell(at_work, "03-02 08:40", "two")
    [first] = Notification.objects.filter(key="one")
    inbox.mark_read(actor=at_work.manager, at=at("03-02 10:00"), notification_id=first.pk)

    assert write(at_work, "03-03 08:00") == 1
    assert "Told one" not in mails()[0].text

    tell(at_work, "03-03 08:40", "three")
    inbox.mark_read(actor=at_work.manager, at=at("03-03 10:00"))
    assert write(at_work, "03-04 08:00") == 0
    assert not SummaryLine.objects.filter(settled_at__isnull=True).exists()


def test_the_weekly_summary_comes_on_its_day(at_work: Cast) -> None:
    inbox.choose(actor=at_work.manager, wishes={kinds.TASK_OVERDUE: (True, Pace.WEEKLY)})
    inbox.choose_times(
        actor=at_work.manager, quiet_from=None, quiet_to=None, summary_at=time(17),
        summary_weekday=4,
    )  # fmt: skip
    for day in ("02", "03", "06"):
        tell(at_work, f"03-{day} 08:40", day)

    written = [write(at_work, f"03-{day:02d} 17:00") for day in range(2, 10)]

    assert written == [0, 0, 0, 0, 1, 0, 0, 0]  # Friday, 6 March
    assert mails()[0].subject == "Weekly summary: 3 notifications"


def test_a_kind_that_was_switched_off_meanwhile_says_nothing(at_work: Cast) -> None:
    tell(at_work, "03-02 08:40", "one")
    inbox.choose(actor=at_work.manager, wishes={kinds.TASK_OVERDUE: (True, Pace.OFF)})

    assert write(at_work, "03-03 08:00") == 0


def test_what_waits_for_a_day_waits_for_the_week_when_that_is_wanted(at_work: Cast) -> None:
    tell(at_work, "03-02 08:40", "one")
    inbox.choose(actor=at_work.manager, wishes={kinds.TASK_OVERDUE: (False, Pace.WEEKLY)})

    assert write(at_work, "03-03 08:00") == 0
    assert write(at_work, "03-09 08:00") == 1
    assert write(at_work, "03-10 08:00") == write(at_work, "03-16 08:00") == 0
    assert [mail.subject for mail in mails()] == ["Weekly summary: 1 notification"]


def test_what_waits_for_a_summary_is_in_it_though_the_next_ones_come_at_once(
    at_work: Cast,
) -> None:
    tell(at_work, "03-02 08:40", "one")
    inbox.choose(actor=at_work.manager, wishes={kinds.TASK_OVERDUE: (False, Pace.NOW)})

    assert [write(at_work, "03-03 08:00"), write(at_work, "03-04 08:00")] == [1, 0]


def test_who_has_left_gets_none(at_work: Cast) -> None:
    tell(at_work, "03-02 08:40", "one")
    Membership.objects.filter(pk=at_work.manager.membership_id).update(
        deactivated_at=at("03-02 12:00")
    )
    assert write(at_work, "03-03 08:00") == 0


def test_the_same_fact_waits_once_and_is_not_said_again_later(at_work: Cast) -> None:
    for when in ("03-02 08:40", "03-02 08:41"):
        tell(at_work, when, "one")
    assert write(at_work, "03-03 08:00") == 1
    tell(at_work, "03-03 08:40", "one")

    assert write(at_work, "03-04 08:00") == 0


def test_a_long_summary_is_cut_and_says_so(at_work: Cast) -> None:
    for n in range(summaries.LISTED + 5):
        tell(at_work, "03-02 08:40", f"k{n}")

    write(at_work, "03-03 08:00")
    [mail] = mails()
    assert mail.subject == "Daily summary: 65 notifications"
    assert "5 more in your inbox" in mail.text
    assert mail.text.count("Told k") == summaries.LISTED


def test_mails_at_once_wait_until_the_quiet_hours_are_over(at_work: Cast) -> None:
    live_in(at_work, "Europe/Berlin")
    inbox.choose_times(
        actor=at_work.manager, quiet_from=time(22), quiet_to=time(7), summary_at=time(6),
        summary_weekday=0,
    )  # fmt: skip

    tell(at_work, "03-28 22:30", "night", kinds.MENTION)  # 23:30; the clock changes at two
    tell(at_work, "03-29 06:00", "day", kinds.MENTION)
    tell(at_work, "03-29 06:00", "summed")
    write(at_work, "03-30 04:00")  # six o'clock: the summary too waits until seven

    assert Notification.objects.count() == 3
    assert [mail.next_try_at for mail in mails()] == [
        at("03-29 05:00"),
        at("03-29 06:00"),
        at("03-30 05:00"),
    ]


# -- the link that stops mails


def stop_path(mail: OutgoingMail) -> str:
    return "/" + mail.stop_url.split("/", 3)[3]


def test_one_click_stops_the_summary_without_signing_in(at_work: Cast) -> None:
    tell(at_work, "03-02 08:40", "one")
    write(at_work, "03-03 08:00")
    path = stop_path(mails()[0])

    asked = Client().get(path)
    assert "the daily summary from Northwind" in asked.content.decode()
    assert queries.wishes(at_work.manager)[kinds.TASK_OVERDUE] == (True, Pace.DAILY)

    strict = Client(enforce_csrf_checks=True)
    assert strict.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    wishes = queries.wishes(at_work.manager)
    assert Pace.DAILY not in {pace for _, pace in wishes.values()}
    assert wishes[kinds.TASK_OVERDUE] == (True, Pace.OFF)
    assert wishes[kinds.MENTION] == (True, Pace.NOW)


def test_the_link_of_a_mail_stops_its_kind_alone(at_work: Cast) -> None:
    tell(at_work, "03-02 08:40", "one", kinds.MENTION)
    Client().post(stop_path(mails()[0]))

    wishes = queries.wishes(at_work.manager)
    assert wishes[kinds.MENTION] == (True, Pace.OFF)
    assert wishes[kinds.TASK_OVERDUE] == (True, Pace.DAILY)


def test_a_link_that_was_changed_does_nothing(at_work: Cast) -> None:
    good = stopping.token_for(at_work.business.id, at_work.manager.membership_id or 0, "mention")
    for token in (good[:-1] + ("A" if good[-1] != "A" else "B"), "x", good + "x"):
        assert Client().post(f"/mail/stop/{token}/").status_code == 404
    assert queries.wishes(at_work.manager)[kinds.MENTION] == (True, Pace.NOW)


def test_the_page_of_preferences_keeps_paces_and_times(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.manager)
    chosen = {f"{kind.slug}-mail": "weekly" for kind in kinds.every()}
    good = {"quiet_from": "22:00", "quiet_to": "07:00", "summary_at": "09:30",
            "summary_weekday": "2"}  # fmt: skip

    assert client.post("/inbox/preferences/", chosen | good).status_code == 302
    with cast.at_work():
        assert set(queries.wishes(cast.manager).values()) == {(False, Pace.WEEKLY)}
        kept = MailTimes.objects.get()
        assert (kept.quiet_from, kept.summary_at, kept.summary_weekday) == (
            time(22),
            time(9, 30),
            2,
        )
    for wrong in ({"quiet_to": ""}, {"quiet_to": "22:00"}, {"summary_weekday": "9"},
                  {"summary_at": "noon"}, {"mention-mail": "hourly"}):  # fmt: skip
        assert client.post("/inbox/preferences/", chosen | good | wrong).status_code == 422


@pytest.mark.parametrize("kind", ["", "task_overdue"])
def test_the_inbox_leaves_one_kind_and_marks_it_read(
    cast: Cast, sign_in: SignIn, kind: str
) -> None:
    with cast.at_work():
        tell(cast, "03-02 08:40", "overdue")
        tell(cast, "03-02 08:40", "mention", kinds.MENTION)
    client = sign_in(cast.manager)

    shown = client.get(f"/inbox/?kind={kind}").content.decode()
    assert "Told overdue" in shown
    assert ("Told mention" in shown) is (kind == "")
    client.post("/inbox/read/", {"kind": kind})

    with cast.at_work():
        assert queries.unread(cast.manager).count() == (1 if kind else 0)


def test_what_was_read_can_be_unread_again(cast: Cast, sign_in: SignIn) -> None:
    with cast.at_work():
        tell(cast, "03-02 08:40", "one")
        line = Notification.objects.get()
    client = sign_in(cast.manager)

    for unread in (0, 1):
        back = "/inbox/?show=all"
        answer = client.post(f"/inbox/{line.pk}/toggle/", {"back": back})
        assert answer.headers["Location"] == back
        with cast.at_work():
            assert queries.unread(cast.manager).count() == unread
    answer = client.post(f"/inbox/{line.pk}/toggle/", {"back": "https://elsewhere.example/"})
    assert answer.headers["Location"] == "/inbox/"
    assert sign_in(cast.owner).post(f"/inbox/{line.pk}/toggle/").status_code == 404
