"""Lives of webhooks, told by date: a receiver comes, goes, is busy, moves away, comes back."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import standardwebhooks
from django.db import IntegrityError, transaction

from afterclose.accounts.models import Event
from afterclose.webhooks import actions, queries, reactions
from afterclose.webhooks.models import Delivery, Endpoint, Standing, Status
from tests.receiver import Receiver

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
        # One knock a minute, whatever happens; who answers is asked about each.
        assert len(receiver.received) < (70 if way in (503, 429) else 140)
        receiver.received.clear()
    # Who refused by 404 is not knocked at; the next one due finds it back.
    life.wait(minutes=2 if way != 404 else 30)
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
    life.wait(minutes=6)
    assert statuses() == {"delivered": 1}


def test_knocking_does_not_use_up_the_tries_of_the_schedule(life, receiver):
    life.endpoint(receiver.url)
    receiver.answer = answering(503)
    life.tell("stage.changed")
    life.wait(hours=1)
    [stored] = Delivery.objects.all()
    assert stored.tries == 4  # at once, after 5 s, 5 min, 30 min
    assert 40 < stored.attempts.count() < 70


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
