"""Long lists as files: written in the background, for who asked, for a week, with their rights."""

from __future__ import annotations

import csv
import io
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction
from procrastinate.contrib.django.models import ProcrastinateJob
from python_calamine import CalamineWorkbook

from afterclose.accounts.exports import actions
from afterclose.accounts.exports.jobs import sweep_exports_of_business, write_export
from afterclose.accounts.models import Account, Event, Export, ExportPiece
from afterclose.businesses.actions import create_business
from afterclose.businesses.models import AuditEntry, Membership
from afterclose.businesses.tenancy import business_context
from afterclose.notifications.models import Notification
from afterclose.notifications.reactions import tell_exporter
from afterclose.ui.lists import background
from afterclose.ui.lists.background import Wish

QUERY = "stage=active&sort=-name&cols=name,external_id"


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    """Three rows are a long list."""
    monkeypatch.setattr(background, "AT_ONCE", 2)


def ask(client, query=QUERY, kind="csv") -> Export:
    response = client.post("/accounts/", {"export": kind, "query": query})
    assert response.status_code == 302, response.content
    export = Export.objects.latest("id")
    assert response["Location"] == f"/exports/{export.id}/"
    return export


def content(response) -> bytes:
    return b"".join(response.streaming_content)


def test_a_short_list_is_sent_at_once_and_a_long_one_is_asked_for(at_work, sign_in):
    client = sign_in(at_work.manager)
    assert "attachment" in client.get("/accounts/?stage=churned&format=csv")["Content-Disposition"]
    asked = client.get("/accounts/?format=csv")
    assert b"Write CSV" in asked.content
    assert not Export.objects.exists()
    assert b"Write Excel" in client.get("/accounts/").content
    assert b"Write Excel" not in client.get("/accounts/?stage=churned").content


def test_the_file_mirrors_the_list_and_comes_back_as_a_notification(at_work, sign_in):
    Account.objects.filter(id=at_work.acme.id).update(external_id="=1+1")
    client = sign_in(at_work.manager)
    export = ask(client)
    [job] = ProcrastinateJob.objects.filter(task_name="accounts.write_export")
    assert job.args == {"business_id": at_work.business.id, "export_id": export.id}
    waiting = client.get(f"/exports/{export.id}/").content.decode()
    assert "about to be written" in waiting
    assert client.get(f"/exports/{export.id}/file/").status_code == 404

    write_export(**job.args)
    export.refresh_from_db()
    assert (export.state, export.rows_done) == ("ready", 2)
    progress = client.get(f"/exports/{export.id}/progress/", headers={"HX-Request": "true"})
    assert progress["HX-Redirect"] == f"/exports/{export.id}/"
    assert "Download" in client.get(f"/exports/{export.id}/").content.decode()
    response = client.get(f"/exports/{export.id}/file/")
    rows = list(csv.reader(io.StringIO(content(response).decode("utf-8-sig"))))
    assert rows == [["Name", "External id"], ["Birch", "birch"], ["Acme", "'=1+1"]]
    assert response["Content-Disposition"].startswith('attachment; filename="accounts-')

    tell_exporter(Event.objects.get(kind="export.finished").id)
    note = Notification.objects.get(member_id=at_work.manager.membership_id)
    assert note.url == f"/exports/{export.id}/"
    assert AuditEntry.objects.get(verb="list.exported").changes["rows"] == 2


def test_an_excel_file_too(at_work, sign_in):
    client = sign_in(at_work.manager)
    export = ask(client, kind="xlsx")
    actions.write_file(export.id)
    book = CalamineWorkbook.from_filelike(
        io.BytesIO(content(client.get(f"/exports/{export.id}/file/")))
    )
    assert book.get_sheet_by_index(0).to_python()[1:] == [["Birch", "birch"], ["Acme", "acme"]]


def test_only_who_asked_sees_and_downloads_it(at_work, sign_in):
    export = ask(sign_in(at_work.manager))
    actions.write_file(export.id)
    for actor in (at_work.owner, at_work.stranger):
        client = sign_in(actor)
        for path in ("", "progress/", "file/"):
            assert client.get(f"/exports/{export.id}/{path}").status_code == 404
        assert b"No files yet" in client.get("/exports/").content
    assert b"Accounts" in sign_in(at_work.manager).get("/exports/").content


def test_whose_right_is_gone_gets_no_file_neither_written_nor_kept(at_work, sign_in):
    client = sign_in(at_work.manager)
    first, second = ask(client), ask(client)
    actions.write_file(first.id)
    Membership.objects.filter(id=at_work.manager.membership_id).update(role="member")
    assert client.get(f"/exports/{first.id}/file/").status_code == 403
    actions.write_file(second.id)
    second.refresh_from_db()
    assert second.state == "failed"
    assert "does not include" in second.message
    assert not ExportPiece.objects.filter(export=second).exists()
    refused = client.post("/accounts/", {"export": "csv", "query": ""})
    assert refused.status_code == 403


def test_who_has_left_gets_no_file(at_work, sign_in):
    export = ask(sign_in(at_work.manager))
    Membership.objects.filter(id=at_work.manager.membership_id).update(
        deactivated_at=datetime.now(UTC)
    )
    actions.write_file(export.id)
    export.refresh_from_db()
    assert (export.state, export.message) == (
        "failed",
        "Whoever asked for the file has left the business.",
    )


def test_written_twice_it_is_there_once(at_work, sign_in):
    export = ask(sign_in(at_work.manager))
    actions.write_file(export.id)
    actions.write_file(export.id)
    assert ExportPiece.objects.filter(export=export).count() == 1
    assert Event.objects.filter(kind="export.finished").count() == 1


def test_files_are_removed_after_a_week_and_the_dead_are_begun_anew(at_work, sign_in):
    client = sign_in(at_work.manager)
    kept, old, dead = ask(client), ask(client), ask(client)
    actions.write_file(kept.id)
    actions.write_file(old.id)
    ago = datetime.now(UTC) - timedelta(days=8)
    Export.objects.filter(id=old.id).update(finished_at=ago)
    Export.objects.filter(id=dead.id).update(state="writing", touched_at=ago)
    ProcrastinateJob.objects.all()._raw_delete("default")
    sweep_exports_of_business(at_work.business.id)
    assert list(ProcrastinateJob.objects.values_list("args__export_id", flat=True)) == [dead.id]
    assert list(ExportPiece.objects.values_list("export_id", flat=True)) == [kept.id]
    page = client.get(f"/exports/{old.id}/").content.decode()
    assert "removed a week after" in page
    assert client.get(f"/exports/{old.id}/file/").status_code == 404


def test_what_cannot_be_read_or_is_asked_too_often_is_not_begun(at_work, sign_in):
    client = sign_in(at_work.manager)
    bad = client.post("/accounts/", {"export": "csv", "query": "stage=nope"})
    assert bad.status_code == 400
    assert client.post("/accounts/", {"export": "pdf", "query": ""}).status_code == 404
    for _ in range(actions.MOST_AT_ONCE):
        ask(client)
    assert client.post("/accounts/", {"export": "csv", "query": ""}).status_code == 403


KILLED = """
import sys, time
import django
django.setup()
from afterclose.accounts.exports import actions
from afterclose.businesses.tenancy import business_context
real = actions._Progress.tell
def slowly(self, rows):
    self.said = 0
    real(self, rows)
    time.sleep(0.3)
actions._Progress.tell = slowly
with business_context(int(sys.argv[1])):
    actions.write_file(int(sys.argv[2]))
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_a_worker_killed_while_it_writes_leaves_nothing_and_another_writes_it_all():
    at, count = datetime.now(UTC), 6_000
    made = create_business(name="Kill", owner_email="kill@export.test", at=at)
    with business_context(made.business_id), transaction.atomic():
        Account.objects.bulk_create(Account(name=f"Customer {n:05}") for n in range(count))
        export = actions.ask(
            actor=made,
            at=at,
            wish=Wish(
                list_path="afterclose.accounts.lists.AccountList",
                address="/accounts/",
                query="cols=name",
                kind="csv",
                today=at.date(),
                scope={},
                title="Accounts",
                rows=count,
            ),
        )
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "afterclose.config.settings",
        "PYTHONPATH": str(Path(settings.BASE_DIR) / "src"),
        "AFTERCLOSE_DB_ROLE": "owner",
        "AFTERCLOSE_DB_NAME": str(connection.settings_dict["NAME"]),
    }
    victim = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(made.business_id), str(export.id)], env=env
    )

    def state() -> Export:
        with business_context(made.business_id), transaction.atomic():
            return Export.objects.get(id=export.id)

    for _ in range(1200):
        if state().rows_done >= 1000:
            break
        assert victim.poll() is None, "it ended before it could be killed"
        time.sleep(0.05)
    os.kill(victim.pid, signal.SIGKILL)
    victim.wait()
    left = state()
    assert left.state == "writing"
    assert 1000 <= left.rows_done < count
    with business_context(made.business_id):
        with transaction.atomic():
            assert not ExportPiece.objects.exists()
        actions.write_file(export.id)
        with transaction.atomic():
            done = Export.objects.get(id=export.id)
            assert (done.state, done.rows_done) == ("ready", count)
            text = actions.open_file(made, done).read().decode("utf-8-sig")
    assert text.split() == ["Name", *(w for n in range(count) for w in ("Customer", f"{n:05}"))]
