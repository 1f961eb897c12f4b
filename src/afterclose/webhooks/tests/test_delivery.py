"""Secrets, private networks, a worker that dies, masses of facts, the end of a pass."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta

import pytest
import standardwebhooks

from afterclose.accounts import timeline
from afterclose.accounts.models import Event
from afterclose.kit import outbound
from afterclose.webhooks import actions, delivery, reactions, rules, tidying
from afterclose.webhooks.models import Attempt, Delivery, Endpoint, SigningSecret, Status
from tests.receiver import Receiver, names


def statuses() -> dict[str, int]:
    return dict(Counter(Delivery.objects.values_list("status", flat=True)))


def answering(status: int, headers: dict[str, str] | None = None, body: bytes = b""):
    return lambda _: (status, headers or {}, body)


def test_for_a_day_after_a_rotation_both_secrets_verify(life, receiver):
    endpoint = life.endpoint(receiver.url)
    old = endpoint.secrets.get().plain
    new = actions.rotate_secret(actor=life.cast.admin, at=life.at, endpoint_id=endpoint.id).plain
    assert new != old
    life.wait(hours=23)

    def verified_by(secret: str) -> bool:
        """The library checks the time of its own clock, so its signature is compared."""
        got = receiver.received[-1]
        hook = standardwebhooks.Webhook(secret)
        ours = hook.sign(got.headers["webhook-id"], life.at, got.body.decode())
        return ours in got.headers["webhook-signature"].split()

    life.tell("stage.changed")
    assert (verified_by(old), verified_by(new)) == (True, True)
    life.wait(hours=2)
    life.tell("stage.changed")
    assert (verified_by(old), verified_by(new)) == (False, True)
    tidying.tidy(actor=life.cast.admin, at=life.at)
    assert SigningSecret.objects.count() == 1


def test_a_redirect_is_a_failure_and_nobody_follows_it(life, receiver):
    life.endpoint(receiver.url)
    with Receiver() as inner:
        receiver.answer = answering(302, {"Location": inner.url})
        life.tell("stage.changed")
        assert inner.received == []
    [stored] = Delivery.objects.all()
    assert stored.status == Status.WAITING
    assert "Redirects are not followed" in stored.last_error


def test_a_name_that_comes_to_mean_a_private_address_is_refused_when_sending(
    life, receiver, settings, monkeypatch
):
    """Saved while it was public; at the next look it leads to this machine."""
    names(monkeypatch, {"turns.example": [["93.184.215.14"], ["127.0.0.1"]]})
    settings.WEBHOOKS_ALLOW = ()
    life.endpoint(f"http://turns.example:{receiver.port}/")
    life.tell("stage.changed")
    assert receiver.received == []
    [stored] = Delivery.objects.all()
    assert (stored.status, stored.last_status) == (Status.WAITING, None)
    assert "127.0.0.1, which is not a public address" in stored.last_error
    settings.WEBHOOKS_ALLOW = outbound.networks(["127.0.0.0/8"])
    life.wait(minutes=1)
    assert len(receiver.received) == 1


def test_the_secret_is_not_in_the_database_in_clear(life, receiver):
    endpoint = life.endpoint(receiver.url)
    secret = endpoint.secrets.get()
    assert secret.plain.startswith("whsec_")
    assert secret.plain[6:20] not in secret.encrypted


def test_without_the_sites_key_nothing_is_sent_unsigned(life, receiver, settings):
    endpoint = life.endpoint(receiver.url)
    settings.SECRET_KEY = "another " * 8
    life.tell("stage.changed")
    assert receiver.received == []
    assert Delivery.objects.get().last_error == "The signing secret cannot be read. Rotate it."
    actions.rotate_secret(actor=life.cast.admin, at=life.at, endpoint_id=endpoint.id)
    SigningSecret.objects.filter(ends_at__isnull=False).delete()
    life.wait(minutes=1)
    assert len(receiver.received) == 1


def test_a_lost_old_secret_does_not_stop_the_new_one(life, receiver, settings):
    endpoint = life.endpoint(receiver.url)
    settings.SECRET_KEY = "another " * 8
    actions.rotate_secret(actor=life.cast.admin, at=life.at, endpoint_id=endpoint.id)
    life.tell("stage.changed")
    assert len(receiver.received) == 1


def test_a_worker_that_dies_after_sending_sends_again_under_the_same_id(
    life, receiver, monkeypatch
):
    class Killed(BaseException):
        """Nothing catches it."""

    life.endpoint(receiver.url)
    real = delivery._note
    monkeypatch.setattr(delivery, "_note", lambda *_: (_ for _ in ()).throw(Killed))
    with pytest.raises(Killed):
        life.tell("stage.changed")
    monkeypatch.setattr(delivery, "_note", real)
    assert len(receiver.received) == 1
    life.sweep()
    assert len(receiver.received) == 1, "somebody may still be sending it"
    life.wait(minutes=2)
    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert statuses() == {"delivered": 1}


def test_mass_facts_are_made_into_deliveries_in_one_statement(
    life, receiver, django_assert_max_num_queries
):
    life.endpoint(receiver.url)
    life.endpoint(receiver.url + "/two")
    timeline.record_set(
        "at_risk.flagged",
        actor=life.cast.owner,
        at=life.at,
        subject_type="accounts.account",
        facts=[timeline.Fact(life.cast.acme.id, n, f"Fact {n}", {}) for n in range(3000)],
    )
    ids = list(Event.objects.filter(kind="at_risk.flagged").values_list("id", flat=True))
    assert not Event.objects.filter(id__in=ids, reacted_at__isnull=False).exists()
    with django_assert_max_num_queries(12):
        reactions.make_deliveries(ids)
    assert Delivery.objects.count() == 6000
    reactions.make_deliveries(ids)
    assert Delivery.objects.count() == 6000


def test_facts_that_nobody_wants_cost_no_job(life, receiver):
    life.endpoint(receiver.url, all_kinds=False, kinds=["stage.changed"])
    quiet = timeline.record(
        "contact.added", actor=life.cast.owner, at=life.at, title="Quiet",
        account_id=life.cast.acme.id,
    )  # fmt: skip
    loud = timeline.record(
        "stage.changed", actor=life.cast.owner, at=life.at, title="Loud",
        account_id=life.cast.acme.id,
    )  # fmt: skip
    assert (quiet.reacted_at is None, loud.reacted_at is None) == (False, True)


def test_old_deliveries_go_and_what_waits_stays(life, receiver):
    endpoint = life.endpoint(receiver.url)
    for status, days in (
        ("delivered", 31), ("delivered", 29), ("failed", 91), ("failed", 31), ("waiting", 400),
    ):  # fmt: skip
        made = Delivery.objects.create(
            endpoint=endpoint, kind=f"{status}.{days}", status=status,
            created_at=life.at - timedelta(days=days), ready_at=life.at, due_at=life.at,
            settled_at=None if status == "waiting" else life.at - timedelta(days=days),
        )  # fmt: skip
        Attempt.objects.create(delivery=made, at=life.at, milliseconds=1)
    assert tidying.tidy(actor=life.cast.owner, at=life.at) == 2
    left = sorted(Delivery.objects.values_list("kind", flat=True))
    assert left == ["delivered.29", "failed.31", "waiting.400"]
    assert Attempt.objects.count() == 3


def test_what_was_settled_late_is_kept_as_long_as_anything_else(life, receiver):
    endpoint = life.endpoint(receiver.url)
    actions.pause(actor=life.cast.admin, at=life.at, endpoint_id=endpoint.id)
    life.tell("stage.changed")
    life.at += timedelta(days=120)
    actions.resume(actor=life.cast.admin, at=life.at, endpoint_id=endpoint.id, skip_waiting=True)
    life.at += timedelta(days=1)
    assert tidying.tidy(actor=life.cast.owner, at=life.at) == 0
    life.at += timedelta(days=90)
    assert tidying.tidy(actor=life.cast.owner, at=life.at) == 1


def test_a_pass_ends_after_its_time_and_says_that_there_is_more(life, receiver):
    life.endpoint(receiver.url)
    receiver.answer = lambda _: (time.sleep(0.02), (204, {}, b""))[1]
    endpoint = Endpoint.objects.get()
    for n in range(30):
        Delivery.objects.create(
            endpoint=endpoint, kind=f"n.{n}", created_at=life.at, ready_at=life.at, due_at=life.at
        )
    left = delivery.send_pass(endpoint_id=endpoint.id, now=lambda: life.at, seconds=0.1)
    assert left.more
    assert 1 <= left.sent == len(receiver.received) < 30
    left = delivery.send_pass(endpoint_id=endpoint.id, now=lambda: life.at)
    assert (left.more, left.next_at) == (False, None)
    assert len(receiver.received) == 30


def test_what_has_to_wait_says_until_when(life, receiver):
    endpoint = life.endpoint(receiver.url)
    receiver.answer = answering(400)
    life.tell("stage.changed")
    left = delivery.send_pass(endpoint_id=endpoint.id, now=lambda: life.at)
    assert left.next_at == Delivery.objects.get().ready_at
    assert timedelta(seconds=5) <= left.next_at - life.at <= timedelta(seconds=5.5)
    assert rules.TRIES == 10
