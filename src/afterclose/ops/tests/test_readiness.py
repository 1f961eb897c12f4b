import pytest
from django.db import OperationalError, connection

from afterclose.ops import figures, readiness


def test_the_process_answers_without_asking_the_database(client):
    assert client.get("/healthz").content == b"ok\n"


@pytest.mark.django_db
def test_ready_without_a_worker_is_degraded_and_says_what_to_do(client):
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["state"] == "degraded"
    by_name = {check["name"]: check for check in answer.json()["checks"]}
    assert by_name["migrations"]["state"] == "ok"
    assert by_name["workers"]["advice"] == "Run afterclose serve."


@pytest.mark.django_db
def test_ready_with_a_worker_that_lives(client, monkeypatch):
    # Whatever the room on the machine that tests.
    monkeypatch.setattr(figures, "disk", lambda: figures.Disk(total=10**12, free=5 * 10**11))
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES")
    assert client.get("/readyz").json()["state"] == "ok"


@pytest.mark.django_db
def test_a_database_that_is_down_is_said_with_503(client, monkeypatch):
    def down():
        raise OperationalError("connection to db.internal refused for user admin")

    monkeypatch.setattr(readiness, "_database", down)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    [check] = answer.json()["checks"]
    assert check["state"] == "failed"
    assert b"internal" not in answer.content, "whoever asks learns no hosts and users"


@pytest.mark.django_db
def test_work_that_waits_long_is_told(client):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, scheduled_at)"
            " VALUES ('default', 'x', now() - interval '1 hour')"
        )
    [queue] = [c for c in client.get("/readyz").json()["checks"] if c["name"] == "queue"]
    assert queue["state"] == "degraded"
    assert queue["detail"].startswith("1 waiting")
