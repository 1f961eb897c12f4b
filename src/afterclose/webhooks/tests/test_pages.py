"""The pages of webhooks: what an admin does there, and what others may not."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from afterclose.businesses.models import AuditEntry
from afterclose.ui.lists.testing import assert_list_works
from afterclose.webhooks import delivery
from afterclose.webhooks.lists import DeliveryList, EndpointList
from afterclose.webhooks.models import Delivery, Endpoint, SigningSecret, Status
from tests.cast import Cast


@pytest.fixture
def admin(cast, sign_in):
    return sign_in(cast.admin)


def add(client, url: str, **values):
    given = {"url": url, "description": "", "all_kinds": "yes", "kinds": [], **values}
    return client.post(reverse("webhooks:add"), given)


def endpoint_of(cast: Cast) -> Endpoint:
    with cast.at_work():
        return Endpoint.objects.get()


def test_an_admin_adds_a_webhook_and_sees_its_secret_once(cast, admin, receiver):
    answer = add(admin, receiver.url, description="Data  warehouse")
    endpoint = endpoint_of(cast)
    page = reverse("webhooks:endpoint", args=[endpoint.pk])
    assert answer.status_code == 302
    assert answer["Location"] == page
    with cast.at_work():
        secret = endpoint.secrets.get().plain
    first, second = admin.get(page), admin.get(page)
    assert secret in first.text
    assert "whsec_" not in second.text
    assert endpoint.description == "Data warehouse"
    assert "Data warehouse" in admin.get(reverse("webhooks:endpoints")).text
    with cast.at_work():
        [entry] = AuditEntry.objects.filter(verb="webhook.added")
    assert entry.changes["url"] == receiver.url
    assert secret not in json.dumps(entry.changes)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:9000/", "is not a public address"),
        ("http://localhost:9000/", "leads to"),
        ("http://[::1]/", "is not a public address"),
        ("http://2130706433/", "four decimal numbers"),
        ("https://user:pass@example.com/", "user name or password"),
        ("ftp://example.com/", "has to begin with https://"),
        ("https://example.com:22/", "Port 22"),
    ],
)
def test_an_address_that_is_not_called_is_refused_at_the_field(cast, admin, url, said):
    answer = add(admin, url)
    assert answer.status_code == 422
    assert said in answer.text
    assert url in answer.text, "nothing typed is lost"
    with cast.at_work():
        assert not Endpoint.objects.exists()


def test_some_facts_have_to_be_chosen_when_not_all_are_wanted(cast, admin, receiver):
    refused = add(admin, receiver.url, all_kinds="no")
    assert refused.status_code == 422
    assert "Choose at least one fact" in refused.text
    assert add(admin, receiver.url, all_kinds="no", kinds=["made.up"]).status_code == 422
    assert add(admin, receiver.url, all_kinds="no", kinds=["stage.changed"]).status_code == 302
    endpoint = endpoint_of(cast)
    assert (endpoint.all_kinds, endpoint.kinds) == (False, ["stage.changed"])

    edit = reverse("webhooks:edit", args=[endpoint.pk])
    assert 'value="stage.changed" selected' in admin.get(edit).text
    answer = admin.post(edit, {"url": receiver.url + "/new", "all_kinds": "yes"})
    assert answer.status_code == 302
    assert endpoint_of(cast).url == receiver.url + "/new"


def test_a_test_goes_out_and_its_page_shows_what_came_back(cast, admin, receiver):
    receiver.answer = lambda _: (200, {}, b"<b>thanks</b>")
    add(admin, receiver.url)
    endpoint = endpoint_of(cast)
    answer = admin.post(reverse("webhooks:test", args=[endpoint.pk]))
    with cast.at_work():
        made = Delivery.objects.get()
    page = reverse("webhooks:delivery", args=[made.pk])
    assert answer["Location"] == page
    waiting = admin.get(page).text
    assert "It is being sent" in waiting
    assert 'hx-trigger="every 2s"' in waiting
    job = ProcrastinateJob.objects.get(task_name="webhooks.send")
    assert job.queue_name == "webhooks"
    with cast.at_work():
        delivery.send_pass(endpoint_id=endpoint.pk)
    [got] = receiver.received
    assert json.loads(got.body)["type"] == "webhook.test"
    done = admin.get(page).text
    assert "&lt;b&gt;thanks&lt;/b&gt;" in done
    assert 'hx-trigger="every 2s"' not in done
    part = admin.get(page, headers={"HX-Request": "true", "HX-Target": "delivery"})
    assert part.text.strip().startswith('<div id="delivery"')


def test_pause_resume_rotate_replay_and_remove_by_the_buttons(cast, admin, receiver):
    add(admin, receiver.url)
    endpoint = endpoint_of(cast)

    def press(name: str, **data):
        answer = admin.post(reverse(f"webhooks:{name}", args=[endpoint.pk]), data)
        assert answer.status_code == 302
        return admin.get(answer["Location"]).text

    assert "Paused since" in press("pause")
    assert "Resume it first" in press("test")
    now = timezone.now()
    with cast.at_work():
        for status in (Status.WAITING, Status.FAILED):
            Delivery.objects.create(
                endpoint=endpoint, kind="stage.changed", status=status, created_at=now,
                ready_at=now, due_at=now,
            )  # fmt: skip
    assert (
        "Resume and skip what waits"
        in admin.get(reverse("webhooks:endpoint", args=[endpoint.pk])).text
    )
    assert "What waited is skipped" in press("resume", skip="1")
    with cast.at_work():
        assert Delivery.objects.filter(status=Status.SKIPPED).count() == 1
    assert "enter the day" in press("replay_failed", since="soon")
    tomorrow = (now + timedelta(days=2)).date().isoformat()
    assert "Nothing failed since then" in press("replay_failed", since=tomorrow)
    yesterday = (now - timedelta(days=2)).date().isoformat()
    assert "1 will be sent again" in press("replay_failed", since=yesterday)
    assert "whsec_" in press("rotate")
    with cast.at_work():
        assert SigningSecret.objects.count() == 2
    assert "No webhooks yet" in press("remove")
    with cast.at_work():
        assert not Delivery.objects.exists()
        entries = AuditEntry.objects.filter(verb__startswith="webhook.")
        verbs = set(entries.values_list("verb", flat=True))
    assert verbs == {
        "webhook.added", "webhook.paused", "webhook.resumed", "webhook.replayed",
        "webhook.secret_rotated", "webhook.removed",
    }  # fmt: skip


def test_one_delivery_and_chosen_ones_are_sent_again(cast, admin, receiver):
    add(admin, receiver.url)
    endpoint, now = endpoint_of(cast), timezone.now()
    with cast.at_work():
        made = [
            Delivery.objects.create(
                endpoint=endpoint, kind=f"a.b{n}", status=Status.FAILED, tries=10,
                created_at=now, ready_at=now, due_at=now,
            )
            for n in range(3)
        ]  # fmt: skip
    admin.post(reverse("webhooks:replay", args=[made[0].pk]))
    page = reverse("webhooks:endpoint", args=[endpoint.pk])
    admin.post(page, {"bulk": "replay", "ids": [made[1].pk], "confirmed": "1", "count": "1"})
    with cast.at_work():
        waiting = dict(Delivery.objects.values_list("kind", "status"))
    assert waiting["a.b0"] == "waiting"
    assert waiting["a.b2"] == "failed"


def test_the_lists_work(at_work, receiver):
    for the_list, scope in ((EndpointList, {}), (DeliveryList, {"endpoint_id": 1})):
        assert_list_works(the_list, at_work.admin, today=timezone.localdate(), scope=scope)


def test_the_catalogue_shows_every_fact_with_an_example(admin):
    text = admin.get(reverse("webhooks:catalogue")).text
    assert "stage.changed" in text
    assert "&quot;from&quot;: &quot;onboarding&quot;" in text


def test_settings_lead_there_for_admins_only(cast, admin, sign_in):
    address = reverse("webhooks:endpoints")
    assert address in admin.get(reverse("businesses:settings")).text
    assert sign_in(cast.manager).get(address).status_code == 403


def test_a_secret_of_another_endpoint_is_not_revealed(cast, admin, receiver):
    add(admin, receiver.url)
    one = endpoint_of(cast)
    add(admin, receiver.url + "/two")
    assert "whsec_" not in admin.get(reverse("webhooks:endpoint", args=[one.pk])).text
