"""Mails are kept until the mail server took them; against a real SMTP server that can refuse."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from email import message_from_bytes
from email.message import Message as Received
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.core.exceptions import PermissionDenied

from afterclose.businesses import actions, actors
from afterclose.businesses.models import AuditEntry
from afterclose.config import machine
from afterclose.notifications import delivery, queries, tidying
from afterclose.notifications.models import MailTimes, OutgoingMail
from tests.cast import Cast
from tests.factories import MORNING


@dataclass
class Server:
    """A mail server: what it took, and what it answers instead of taking."""

    taken: list[Received] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    busy: bool = False

    async def handle_RCPT(  # aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.busy:
            return "451 Try again later"
        self.taken.append(message_from_bytes(envelope.content))
        return "250 OK"


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def port(settings: Any) -> int:
    """Where the product looks for its mail server; nobody listens there yet."""
    found = free_port()
    settings.MAILERS = {"default": machine.mail(f"smtp://127.0.0.1:{found}")}
    return found


@pytest.fixture
def server(port: int) -> Iterator[Server]:
    """The mail server, up."""
    behind = Server()
    controller = Controller(behind, hostname="127.0.0.1", port=port)
    controller.start()
    yield behind
    controller.stop()


def waiting(**values: Any) -> OutgoingMail:
    facts = {
        "to": "marek@northwind.example",
        "subject": "Acme renews in 30 days",
        "text": "It does.\n",
        "html": "<p>It does.</p>",
        "created_at": MORNING,
        "next_try_at": MORNING,
    }
    return OutgoingMail.objects.create(**(facts | values))


def send(cast: Cast, minutes: float = 0) -> int:
    at = MORNING + timedelta(minutes=minutes)
    return delivery.send_due(actor=actors.system(cast.business.id), at=at)


def test_a_mail_is_sent_once_with_both_parts(at_work: Cast, server: Server) -> None:
    mail = waiting(stop_url="https://northwind.example/mail/stop/x/")

    assert [send(at_work), send(at_work), send(at_work, 500)] == [1, 0, 0]

    [sent] = server.taken
    assert (sent["To"], sent["Subject"]) == (mail.to, mail.subject)
    assert [part.get_content_type() for part in sent.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    assert f"mail-{at_work.business.id}-{mail.id}@" in sent["Message-ID"]
    assert sent["List-Unsubscribe"] == "<https://northwind.example/mail/stop/x/>"
    assert sent["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_while_nobody_listens_nothing_is_lost_and_all_go_when_it_is_back(
    at_work: Cast, port: int
) -> None:
    mails = [waiting(to=f"m{n}@northwind.example") for n in range(3)]

    assert [send(at_work, minute) for minute in (0, 1, 2, 3)] == [0, 0, 0, 0]
    tried = [mail.attempts for mail in OutgoingMail.objects.order_by("id")]
    assert sum(tried) == 4  # one knock at the door a minute, not one for each mail
    queue = queries.mail_queue(at_work.owner)
    assert (queue.waiting, queue.given_up) == (3, [])
    assert "refused" in queue.problem

    behind = Server()
    controller = Controller(behind, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        assert send(at_work, 20) == 3
        assert send(at_work, 40) == 0
    finally:
        controller.stop()
    assert sorted(mail["To"] for mail in behind.taken) == [mail.to for mail in mails]
    assert not OutgoingMail.objects.exclude(last_error="").exists()


def test_a_server_that_refuses_for_now_gets_it_later(at_work: Cast, server: Server) -> None:
    mail = waiting()
    server.busy = True

    # Tried at once, after 1, 2 and 4 minutes; not in between.
    assert [send(at_work, minute) for minute in (0, 0, 1, 2, 3, 6, 7)] == [0] * 7
    mail.refresh_from_db()
    assert (mail.attempts, mail.sent_at) == (4, None)
    assert "Try again later" in mail.last_error

    server.busy = False
    assert [send(at_work, 10), send(at_work, 15)] == [0, 1]
    mail.refresh_from_db()
    assert (mail.last_error, len(server.taken)) == ("", 1)


def test_one_bad_address_does_not_stop_the_others_and_is_given_up_at_once(
    at_work: Cast, server: Server
) -> None:
    server.refuses["nobody@nowhere.example"] = "550 No such user"
    bad = waiting(to="nobody@nowhere.example")
    waiting()

    assert send(at_work) == 1

    bad.refresh_from_db()
    assert (bad.failed_at, bad.attempts) == (MORNING, 1)
    assert "No such user" in bad.last_error


def test_an_address_that_is_refused_for_now_is_tried_again(at_work: Cast, server: Server) -> None:
    server.refuses["marek@northwind.example"] = "450 Mailbox busy"
    mail = waiting()

    assert send(at_work) == 0
    mail.refresh_from_db()
    assert mail.failed_at is None
    server.refuses.clear()
    assert send(at_work, 1) == 1


def test_after_four_days_it_is_given_up_shown_and_can_be_tried_again(
    at_work: Cast, port: int
) -> None:
    mail = waiting()
    days = 24 * 60

    tries = [hours * 60 for hours in range(0, 5 * 24, 7)]
    for minute in tries:
        send(at_work, minute)

    mail.refresh_from_db()
    assert mail.failed_at is not None
    assert 3.5 * days < (mail.failed_at - MORNING) / timedelta(minutes=1) <= 4 * days
    attempts = mail.attempts
    assert queries.mail_queue(at_work.owner).given_up == [mail]
    with pytest.raises(PermissionDenied):
        delivery.try_again(actor=at_work.manager, at=MORNING, mail_id=mail.pk)

    later = MORNING + timedelta(days=6)
    delivery.try_again(actor=at_work.owner, at=later, mail_id=mail.pk)
    assert AuditEntry.objects.filter(verb="mail.retried").count() == 1
    send(at_work, 6 * days)
    mail.refresh_from_db()
    assert (mail.attempts, mail.failed_at) == (1, None)  # it has four days again
    assert attempts > 10


class Killed(BaseException):
    """Stands for the process going away: nothing in the product catches it."""


def test_a_worker_killed_after_sending_repeats_that_one_with_the_same_message_id(
    at_work: Cast, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit of SMTP: nobody can ask the server whether it took a mail."""
    waiting()
    waiting(to="ines@northwind.example")
    sending = delivery._send

    def die(connection: Any, mail: OutgoingMail, at: datetime) -> bool:
        connection.send_messages([delivery._message(mail)])
        raise Killed

    monkeypatch.setattr(delivery, "_send", die)
    with pytest.raises(Killed):
        send(at_work)
    monkeypatch.setattr(delivery, "_send", sending)

    assert send(at_work, 1) == 1  # the other one; the first is still leased
    assert send(at_work, 9) == 0
    assert send(at_work, 10) == 1
    ids = [mail["Message-ID"] for mail in server.taken]
    assert (len(ids), len(set(ids))) == (3, 2)


def test_a_pass_ends_before_another_worker_may_take_what_it_claimed(
    at_work: Cast, server: Server
) -> None:
    mails = [waiting(to=f"m{n}@northwind.example") for n in range(2)]
    system = actors.system(at_work.business.id)

    assert delivery.send_due(actor=system, at=MORNING, seconds=0) == 0
    assert {mail.attempts for mail in OutgoingMail.objects.all()} == {0}
    assert timedelta(seconds=delivery.PASS_SECONDS) <= delivery.LEASE / 2
    assert send(at_work, 1) == len(mails)


def test_two_workers_at_once_send_each_mail_once(at_work: Cast, server: Server) -> None:
    for n in range(3):
        waiting(to=f"m{n}@northwind.example")
    system = actors.system(at_work.business.id)
    first = delivery._claim(system, MORNING)
    assert first is not None

    assert send(at_work) == 2
    assert delivery._claim(system, MORNING) is None


def test_a_mail_that_was_tried_in_vain_waits_through_the_night(
    at_work: Cast, server: Server
) -> None:
    """Written at 21:59 in Berlin, quiet from 22:00 to 07:00."""
    person = at_work.manager.person
    assert person is not None
    person.time_zone = "Europe/Berlin"
    person.save()
    MailTimes.objects.create(
        member_id=at_work.manager.membership_id, quiet_from=time(22), quiet_to=time(7)
    )
    evening = datetime(2026, 3, 2, 20, 59, tzinfo=UTC)
    mail = waiting(member_id=at_work.manager.membership_id, created_at=evening, next_try_at=evening)
    system = actors.system(at_work.business.id)
    server.busy = True
    assert delivery.send_due(actor=system, at=evening) == 0
    server.busy = False

    assert delivery.send_due(actor=system, at=evening + timedelta(minutes=2)) == 0
    mail.refresh_from_db()
    assert mail.next_try_at == datetime(2026, 3, 3, 6, 0, tzinfo=UTC)
    assert mail.attempts == 1
    assert delivery.send_due(actor=system, at=mail.next_try_at) == 1


@pytest.mark.parametrize(
    ("error", "for_good"),
    [
        (smtplib.SMTPRecipientsRefused({"a@b.example": (550, b"No such user")}), True),
        (smtplib.SMTPRecipientsRefused({"a@b.example": (450, b"Busy")}), False),
        (smtplib.SMTPSenderRefused(550, b"Not from here", "x@y.example"), False),
        (smtplib.SMTPAuthenticationError(535, b"Wrong password"), False),
        (ConnectionRefusedError(), False),
    ],
)
def test_only_a_refused_address_is_given_up_at_once(error: Exception, for_good: bool) -> None:
    assert delivery.is_for_good(error) is for_good


def test_pauses_double_up_to_six_hours() -> None:
    minutes = [delivery.pause_after(n) // timedelta(minutes=1) for n in (1, 2, 3, 9, 10, 16, 99)]

    assert minutes == [1, 2, 4, 256, 360, 360, 360]


def test_mails_of_another_business_are_not_sent(cast: Cast, server: Server) -> None:
    with cast.elsewhere():
        waiting()
    with cast.at_work():
        assert send(cast) == 0
    assert server.taken == []


def test_sent_mails_are_deleted_after_as_many_days_as_the_business_keeps_them(
    at_work: Cast,
) -> None:
    mine = actors.system(at_work.business.id)
    sent = waiting(sent_at=MORNING, key="1:sent")
    waits = waiting(key="1:waits")
    lost = waiting(failed_at=MORNING, key="1:lost")

    def left(days: float) -> list[OutgoingMail]:
        tidying.tidy(actor=mine, at=MORNING + timedelta(days=days))
        return list(OutgoingMail.objects.order_by("id"))

    assert left(90) == [sent, waits, lost]
    assert left(90.1) == [waits, lost]

    actions.change_settings(actor=at_work.admin, at=MORNING, changes={"sent_mail_days": 7})
    another = waiting(sent_at=MORNING, key="1:another")
    assert left(7) == [waits, lost, another]
    assert left(8) == [waits, lost]
    assert left(4000) == [waits, lost], "what was given up stays until somebody acts"


def test_many_are_deleted_in_several_goes(at_work: Cast, monkeypatch: Any) -> None:
    monkeypatch.setattr(tidying, "BATCH", 2)
    for number in range(5):
        waiting(sent_at=MORNING, key=f"1:{number}")
    later = MORNING + timedelta(days=91)
    assert tidying.tidy(actor=actors.system(at_work.business.id), at=later) == 5
    assert not OutgoingMail.objects.exists()


def test_a_mail_that_was_given_up_is_deleted_by_whoever_may_and_nobody_else(
    at_work: Cast,
) -> None:
    lost = waiting(failed_at=MORNING, last_error="550 No such user")
    waits = waiting()
    with pytest.raises(PermissionDenied):
        delivery.discard(actor=at_work.manager, at=MORNING, mail_id=lost.pk)
    with pytest.raises(delivery.NoFailedMailError):
        delivery.discard(actor=at_work.owner, at=MORNING, mail_id=waits.pk)
    delivery.discard(actor=at_work.owner, at=MORNING, mail_id=lost.pk)
    assert list(OutgoingMail.objects.all()) == [waits]
    entry = AuditEntry.objects.get(verb="mail.discarded")
    assert entry.changes == {"to": lost.to, "error": "550 No such user"}


def test_whoever_has_left_gets_nothing_that_still_waited(at_work: Cast, server: Server) -> None:
    member_id = at_work.member.membership_id or 0
    waiting(member_id=member_id, to="mia@northwind.example")
    other = waiting(member_id=at_work.manager.membership_id)
    actions.deactivate(actor=at_work.owner, at=MORNING, membership_id=member_id)

    assert send(at_work) == 1

    assert [each["To"] for each in server.taken] == [other.to]
    assert OutgoingMail.objects.get() == other


def test_what_waits_goes_to_the_address_that_holds_by_then(at_work: Cast, server: Server) -> None:
    person = at_work.manager.person
    assert person is not None
    waiting(member_id=at_work.manager.membership_id)
    person.email = "marek.novak@northwind.example"
    person.save(update_fields=["email"])

    assert send(at_work) == 1

    assert [each["To"] for each in server.taken] == ["marek.novak@northwind.example"]
    assert OutgoingMail.objects.get().to == "marek.novak@northwind.example"
