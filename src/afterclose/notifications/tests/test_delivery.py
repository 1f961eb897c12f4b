"""Mails are kept until the mail server took them."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail as outbox

from afterclose.businesses import actors
from afterclose.notifications import delivery
from afterclose.notifications.models import OutgoingMail
from tests.cast import Cast
from tests.factories import MORNING


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


def send(cast: Cast, minutes: int = 0) -> int:
    at = MORNING + timedelta(minutes=minutes)
    return delivery.send_due(actor=actors.system(cast.business.id), at=at)


@pytest.fixture
def server_down(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """While its one item is True the mail server cannot be reached."""
    down = [True]
    send_now = delivery.EmailMultiAlternatives.send

    def send(self: Any, *args: Any, **kwargs: Any) -> int:
        if down[0]:
            raise ConnectionRefusedError("Connection refused")
        return send_now(self, *args, **kwargs)

    monkeypatch.setattr(delivery.EmailMultiAlternatives, "send", send)
    return down


def test_a_mail_is_sent_once_with_both_parts(at_work: Cast) -> None:
    mail = waiting()

    assert [send(at_work), send(at_work), send(at_work, 500)] == [1, 0, 0]

    [sent] = outbox.outbox
    assert (sent.to, sent.subject, sent.body) == ([mail.to], mail.subject, mail.text)
    assert sent.alternatives[0][0] == mail.html
    assert f"mail-{at_work.business.id}-{mail.id}@" in sent.extra_headers["Message-ID"]


def test_while_the_server_is_down_nothing_is_lost(at_work: Cast, server_down: list[bool]) -> None:
    mail = waiting()

    # Tried at once, after 1, 2 and 4 minutes; not in between.
    assert [send(at_work, minute) for minute in (0, 0, 1, 2, 3, 6, 7)] == [0] * 7
    mail.refresh_from_db()
    assert (mail.attempts, mail.sent_at, mail.last_error) == (4, None, "Connection refused")

    server_down[0] = False
    assert [send(at_work, 10), send(at_work, 15)] == [0, 1]
    mail.refresh_from_db()
    assert mail.sent_at is not None
    assert mail.last_error == ""


def test_one_bad_mail_does_not_stop_the_others(
    at_work: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    send_now = delivery.EmailMultiAlternatives.send

    def refuse_one(self: Any, *args: Any, **kwargs: Any) -> int:
        if self.to == ["nobody@nowhere.example"]:
            raise ValueError("550 no such user")
        return send_now(self, *args, **kwargs)

    monkeypatch.setattr(delivery.EmailMultiAlternatives, "send", refuse_one)
    waiting(to="nobody@nowhere.example")
    waiting()

    assert send(at_work) == 1


def test_after_two_days_it_is_given_up_and_kept(at_work: Cast, server_down: list[bool]) -> None:
    mail = waiting(attempts=delivery.MOST_ATTEMPTS - 1)

    send(at_work)
    server_down[0] = False

    assert send(at_work, 10_000) == 0
    mail.refresh_from_db()
    assert mail.failed_at == MORNING


def test_pauses_double_up_to_six_hours() -> None:
    minutes = [delivery.pause_after(n) // timedelta(minutes=1) for n in (1, 2, 3, 9, 10, 16, 99)]

    assert minutes == [1, 2, 4, 256, 360, 360, 360]


def test_mails_of_another_business_are_not_sent(cast: Cast) -> None:
    with cast.elsewhere():
        waiting()
    with cast.at_work():
        assert send(cast) == 0
