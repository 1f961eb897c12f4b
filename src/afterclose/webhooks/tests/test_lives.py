"""Lives of webhooks, told by date: a receiver comes, goes, is busy, moves away, comes back."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
import standardwebhooks
from django.db import IntegrityError, transaction

from afterclose.accounts import timeline
from afterclose.accounts.models import Event
from afterclose.kit import outbound
from afterclose.webhooks import actions, delivery, queries, reactions, rules, tidying
from afterclose.webhooks.models import Attempt, Delivery, Endpoint, SigningSecret, Standing, Status
from tests.receiver import Receiver, names

THREE = ("stage.changed", "contact.added", "activity.note")


def kinds(receiver: Receiver) -> list[str]:
    return [json.loads(each.body)["type"] for each in receiver.received]


def titles(receiver: Receiver) -> list[str]:
    return [json.loads(each.body)["data"]["title"] for each in receiver.received]


def statuses() -> dict[str, int]:
    found: dict[str, int] = {}
    for status in Delivery.objects.values_list("status", flat=True):
        found[status] = found.get(status, 0) + 1
    return found


def answering(status: int, headers: dict[str, str] | None = None, body: bytes = b""):
    return lambda _: (status, headers or {}, body)


def test_a_fact_arrives_once_and_the_independent_library_verifies_it(life, receiver):
    endpoint = life.endpoint(receiver.url)
    [fact] = life.tell("stage.changed", payload={"from": "trial", "to": "active"})
    [got] = receiver.received
    [secret] = endpoint.secrets.all()
    body = standardwebhooks.Webhook(secret.plain).verify(got.body, got.headers)
    assert body == {
        "type": "stage.changed",
        "timestamp": life.at.strftime("%Y-%m-%dT%H:%M:%S.000000Z"),
        "data": {
            "version": 1,
            "id": fact.id,
            "title": "stage.changed 0",
            "body": "",
            "account": {"id": life.cast.acme.id, "external_id": "acme", "name": "Acme"},
            "actor": {"name": "Marek Novak", "member_id": life.cast.manager.membership_id},
            "subject": None,
            "details": {"from": "trial", "to": "active"},
            "recorded_at": life.at.strftime("%Y-%m-%dT%H:%M:%S.000000Z"),
        },
    }
    assert got.headers["webhook-id"] == f"msg_{life.cast.business.id}_{fact.id}"
    assert got.headers["content-type"] == "application/json"
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(secret.plain).verify(got.body + b" ", got.headers)
    life.wait(hours=2)
    assert len(receiver.received) == 1
    assert statuses() == {"delivered": 1}


def test_an_endpoint_gets_the_facts_that_it_chose_and_those_since_it_is_there(life, receiver):
    life.tell("account.created")
    life.wait(minutes=1)
    some = life.endpoint(receiver.url + "/some", all_kinds=False, kinds=["stage.changed"])
    life.endpoint(receiver.url + "/all")
    life.tell("stage.changed", "contact.added")
    life.tell("stage.changed", is_sample=True)
    paths = sorted((each.path, json.loads(each.body)["type"]) for each in receiver.received)
    assert paths == [
        ("/hook/all", "contact.added"),
        ("/hook/all", "stage.changed"),
        ("/hook/some", "stage.changed"),
    ]
    assert queries.wanted({"a.b"}) == {"a.b"}
    Endpoint.objects.exclude(pk=some.pk).delete()
    assert queries.wanted({"a.b", "stage.changed"}) == {"stage.changed"}


def test_one_delivery_per_fact_and_endpoint_however_often_the_reaction_runs(life, receiver):
    life.endpoint(receiver.url)
    [fact] = life.tell("stage.changed")
    for _ in range(3):
        reactions.make_deliveries([fact.id])
        life.sweep()
    assert len(receiver.received) == Delivery.objects.count() == 1
    again = Delivery.objects.get()
    again.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        again.save(force_insert=True)


@pytest.mark.parametrize("way", ["gone", 500, 503, 429, 404])
def test_a_receiver_that_is_down_for_an_hour_gets_everything_once_it_is_back(life, receiver, way):
    life.endpoint(receiver.url)
    life.tell("account.created")
    if way == "gone":
        receiver.stop()
    else:
        receiver.answer = answering(way)
    receiver.received.clear()
    for _ in range(6):  # every ten minutes three facts
        life.tell(*THREE)
        life.wait(minutes=10)
    expected = [f"{kind} {n}" for _ in range(6) for n, kind in enumerate(THREE)]
    if way == "gone":
        receiver.start()
    else:
        receiver.answer = answering(200)
        # One knock in five minutes, whatever happens; who answers is asked about each.
        assert len(receiver.received) < (20 if way in (503, 429) else 90)
        receiver.received.clear()
    # Who refused by 404 is not knocked at; the next one due finds it back.
    life.wait(minutes=7 if way != 404 else 30)
    assert sorted(titles(receiver)) == sorted(expected)
    ids = [int(each.headers["webhook-id"].split("_")[-1]) for each in receiver.received]
    assert ids[1:] == sorted(ids[1:]), "in order, but for the one that knocked"
    assert statuses() == {"delivered": 19}
    assert Endpoint.objects.get().standing == Standing.ACTIVE


def test_a_receiver_that_is_back_has_what_failed_early_without_waiting_for_its_schedule(
    life, receiver
):
    """After an hour the schedule's next try would be in an hour and a half."""
    life.endpoint(receiver.url)
    receiver.answer = answering(503)
    life.tell("stage.changed")
    life.wait(minutes=62)
    [stored] = Delivery.objects.all()
    assert stored.due_at > life.at + timedelta(hours=1)
    receiver.answer = answering(200)
    life.wait(minutes=5)
    assert statuses() == {"delivered": 1}


def test_knocking_does_not_use_up_the_tries_of_the_schedule(life, receiver):
    life.endpoint(receiver.url)
    receiver.answer = answering(503)
    life.tell("stage.changed")
    life.wait(hours=10)
    [stored] = Delivery.objects.all()
    assert stored.tries == 6  # at once, 5 s, 5 min, 30 min, 2 h, 5 h
    assert 100 < stored.attempts.count() < 130


def test_one_unlucky_delivery_does_not_hold_up_the_others(life, receiver):
    life.endpoint(receiver.url)
    receiver.answer = lambda got: (500 if b"contact.added" in got.body else 204, {}, b"")
    for _ in range(10):
        life.tell("stage.changed", "contact.added", "activity.note")
        life.wait(minutes=2)
    settled = set(Delivery.objects.filter(status=Status.DELIVERED).values_list("kind", flat=True))
    assert settled == {"stage.changed", "activity.note"}
    assert statuses() == {"delivered": 20, "waiting": 10}


def test_after_ten_tries_over_three_days_a_refused_delivery_has_failed(life, receiver):
    life.endpoint(receiver.url)
    receiver.answer = answering(400, body=b"no such field")
    life.tell("stage.changed")
    life.wait(days=4)
    [stored] = Delivery.objects.all()
    assert (stored.status, stored.tries, stored.last_status) == (Status.FAILED, 10, 400)
    assert len(receiver.received) == stored.attempts.count() == 10
    assert stored.attempts.first().answer == "no such field"
    assert len({each.headers["webhook-id"] for each in receiver.received}) == 1
    assert len({each.headers["webhook-timestamp"] for each in receiver.received}) == 10

    receiver.answer = answering(200)
    assert actions.replay(actor=life.cast.admin, at=life.at, delivery_ids=[stored.id]) == 1
    life.sweep()
    stored.refresh_from_db()
    assert (stored.status, len(receiver.received)) == (Status.DELIVERED, 11)


def test_retry_after_is_honoured(life, receiver):
    life.endpoint(receiver.url)
    receiver.answer = answering(429, {"Retry-After": "1800"})
    life.tell("stage.changed", "contact.added")
    life.wait(minutes=29)
    assert len(receiver.received) == 1, "neither the one that was refused nor another"
    receiver.answer = answering(200)
    life.wait(minutes=3)
    assert statuses() == {"delivered": 2}


def test_gone_switches_off_and_tells_the_admins_and_keeps_what_happens(life, receiver):
    from afterclose.notifications.models import Notification, OutgoingMail
    from afterclose.notifications.reactions import tell_of_disabled_webhook

    endpoint = life.endpoint(receiver.url, description="Data warehouse")
    receiver.answer = answering(410)
    life.tell("stage.changed")
    life.wait(hours=3)
    life.tell("contact.added")
    life.wait(hours=3)
    assert len(receiver.received) == 1
    endpoint.refresh_from_db()
    assert (endpoint.standing, endpoint.disabled_why) == (Standing.DISABLED, "gone")
    fact = Event.objects.get(kind="webhook.disabled")
    assert fact.title == "Webhook disabled: Data warehouse, because it answered 410 Gone"
    for _ in range(2):
        tell_of_disabled_webhook(fact.id)
    told = set(Notification.objects.values_list("member__person__name", flat=True))
    assert told == {"Dana Reyes", "Ines Duarte"}
    assert OutgoingMail.objects.count() == 2

    receiver.answer = answering(200)
    actions.resume(actor=life.cast.admin, at=life.at, endpoint_id=endpoint.id)
    life.sweep()
    assert kinds(receiver)[1:] == ["stage.changed", "contact.added"]


def test_five_days_without_a_success_switch_it_off_and_nothing_is_lost(life, receiver):
    endpoint = life.endpoint(receiver.url)
    receiver.stop()
    for _ in range(4):
        life.tell("stage.changed")
        life.at += timedelta(days=1, hours=6, minutes=1)
        life.sweep()
    life.at += timedelta(hours=2)
    life.sweep()
    endpoint.refresh_from_db()
    assert (endpoint.standing, endpoint.disabled_why) == (Standing.DISABLED, "failing")
    assert Event.objects.filter(kind="webhook.disabled").count() == 1
    life.tell("contact.added")
    receiver.start()
    life.wait(hours=1)
    assert receiver.received == []
    actions.resume(actor=life.cast.admin, at=life.at, endpoint_id=endpoint.id)
    life.sweep()
    assert len(receiver.received) == 5


@pytest.mark.parametrize("skip", [False, True])
def test_a_pause_keeps_the_facts_that_arrive_and_continues_with_them(life, receiver, skip):
    endpoint = life.endpoint(receiver.url)
    actions.pause(actor=life.cast.admin, at=life.at, endpoint_id=endpoint.id)
    life.tell("stage.changed", "contact.added")
    life.wait(hours=5)
    assert receiver.received == []
    actions.resume(actor=life.cast.admin, at=life.at, endpoint_id=endpoint.id, skip_waiting=skip)
    life.sweep()
    life.tell("activity.note")
    if skip:
        assert kinds(receiver) == ["activity.note"]
        assert statuses() == {"skipped": 2, "delivered": 1}
        skipped = Delivery.objects.filter(status=Status.SKIPPED).values_list("id", flat=True)
        actions.replay(actor=life.cast.admin, at=life.at, delivery_ids=list(skipped))
        life.sweep()
    assert sorted(kinds(receiver)) == ["activity.note", "contact.added", "stage.changed"]


def test_what_failed_since_a_day_is_sent_again_and_nothing_else(life, receiver):
    endpoint = life.endpoint(receiver.url)
    for days, status in ((9, "failed"), (3, "failed"), (2, "delivered"), (1, "failed")):
        Delivery.objects.create(
            endpoint=endpoint,
            kind=f"day.{days}",
            status=status,
            tries=10,
            created_at=life.at - timedelta(days=days),
            ready_at=life.at - timedelta(days=days),
            due_at=life.at - timedelta(days=days),
        )
    count = actions.replay_failed(
        actor=life.cast.admin,
        at=life.at,
        endpoint_id=endpoint.id,
        since=life.at - timedelta(days=4),
    )
    life.sweep()
    assert count == len(receiver.received) == 2
    left = Delivery.objects.filter(status=Status.FAILED).values_list("kind", flat=True)
    assert list(left) == ["day.9"]


def test_for_a_day_after_a_rotation_both_secrets_verify(life, receiver):
    endpoint = life.endpoint(receiver.url)
    old = endpoint.secrets.get().plain
    new = actions.rotate_secret(actor=life.cast.admin, at=life.at, endpoint_id=endpoint.id).plain
    assert new != old
    life.wait(hours=23)

    def verified_by(secret: str) -> bool:
        got = receiver.received[-1]
        now, at = datetime.now(UTC), life.at
        headers = dict(got.headers)
        signed = f"{got.headers['webhook-id']}.{int(at.timestamp())}.".encode() + got.body
        assert signed
        hook = standardwebhooks.Webhook(secret)
        ours = hook.sign(got.headers["webhook-id"], at, got.body.decode())
        assert now
        return ours in headers["webhook-signature"].split()

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
        )  # fmt: skip
        Attempt.objects.create(delivery=made, at=life.at, milliseconds=1)
    assert tidying.tidy(actor=life.cast.owner, at=life.at) == 2
    left = sorted(Delivery.objects.values_list("kind", flat=True))
    assert left == ["delivered.29", "failed.31", "waiting.400"]
    assert Attempt.objects.count() == 3


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
