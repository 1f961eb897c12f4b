"""Imports in the background: waiting, counting, being left by a worker that died."""

import io
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.urls import reverse
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from afterclose.accounts.custom_fields.actions import define_field
from afterclose.accounts.custom_fields.models import AccountValue
from afterclose.accounts.imports import actions, engine, jobs, passes, queries
from afterclose.accounts.imports.command import rejected_rows
from afterclose.accounts.models import ImportRun
from afterclose.businesses.actions import create_business
from afterclose.businesses.tenancy import business_context
from afterclose.kit import clock
from afterclose.kit.supervisor import importer, sender, worker

pytestmark = pytest.mark.django_db

LONG_AGO = timedelta(hours=1)


def taken(actor, text, *, whole=None, shift="none", name="accounts.csv"):
    """A file whose columns are confirmed and whose check has begun."""
    at = clock.now()
    whole = whole or actions.start_set(actor=actor, at=at, shift_mode=shift)
    content = text.encode()
    run = actions.take_in(
        actor=actor,
        at=at,
        import_set=whole,
        file_name=name,
        stream=io.BytesIO(content),
        size=len(content),
    )
    return passes.start_preview(actor=actor, at=at, run_id=run.id)


def lines(count):
    return "account_id,name\n" + "".join(f"X-{n},Name {n}\n" for n in range(count))


def waiting(run):
    found = ProcrastinateJob.objects.filter(task_name="accounts.import_pass")
    return [job for job in found.order_by("id") if job.args["run_id"] == run.id]


def test_a_file_that_waits_for_its_turn_is_not_started_by_the_sweeper(at_work):
    """Else contacts would be read while the accounts that they name still come in."""
    run = taken(at_work.owner, lines(3))
    jobs.defer_pass(run)
    ImportRun.objects.filter(id=run.id).update(touched_at=clock.now() - LONG_AGO)
    jobs.sweep_imports_of_business(at_work.business.id)
    assert len(waiting(run)) == 1


def test_a_file_that_nobody_works_on_gets_a_job_in_its_turn(at_work):
    run = taken(at_work.owner, lines(3))
    jobs.defer_pass(run)
    [lost] = waiting(run)
    app.job_manager.cancel_job_by_id(lost.id)
    ImportRun.objects.filter(id=run.id).update(touched_at=clock.now() - LONG_AGO)
    jobs.sweep_imports_of_business(at_work.business.id)
    _, fresh = waiting(run)
    assert (fresh.status, fresh.lock) == ("todo", f"import:{at_work.business.id}")
    jobs.sweep_imports_of_business(at_work.business.id)
    assert len(waiting(run)) == 2, "one is enough"


def test_a_file_in_the_queue_is_said_to_wait_and_not_to_be_counted(cast, sign_in):
    client = sign_in(cast.manager)
    with cast.at_work():
        run = taken(cast.manager, lines(3))
        jobs.defer_pass(run)
        [job] = waiting(run)
    url = reverse("imports:progress", args=[run.id])
    assert "waits for its turn" in client.get(url).content.decode()
    assert (
        "waits for its turn" in client.get(reverse("imports:run", args=[run.id])).content.decode()
    )
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing' WHERE id = %s", [job.id])
    assert "being counted" in client.get(url).content.decode()


def test_files_have_a_worker_of_their_own(at_work):
    """A million rows take a quarter of an hour; mails and reactions go on meanwhile."""
    run = taken(at_work.owner, lines(3))
    jobs.defer_pass(run)
    [job] = waiting(run)
    queues = [word for program in (worker(1), importer()) for word in program.command]
    assert (job.queue_name, queues.count("imports"), queues.count("default")) == ("imports", 1, 1)


def test_the_rescue_of_a_dead_worker_s_jobs_waits_for_nothing_long():
    """Seen: behind reminders for a million accounts an import stood still for a quarter hour."""
    queue = app.tasks["config.retry_stalled_jobs"].queue
    served = {
        program.name: program.command[list(program.command).index("--queues") + 1].split(",")
        for program in (worker(1), importer(), sender())
    }
    assert [name for name, queues in served.items() if queue in queues] == ["webhooks"]


def test_a_file_of_the_set_that_gives_out_does_not_stop_the_others(at_work):
    good = taken(at_work.owner, lines(3), shift="newest")
    quotes = "contact_id,email,first_name\n" + '1,"a"b,c\n' * 300
    with transaction.atomic():
        other = ImportRun.objects.get(id=good.id)
        other.pk, other.kind, other.file_name, other.rows_total = None, "contacts", "bad.csv", None
        other.dialect = {**other.dialect, "delimiter": ","}
        other.state = "mapping"
        other.save()
        other.pieces.create(number=0, content=quotes.encode())
    jobs.run_to_end(good.id)
    good.refresh_from_db()
    assert (good.state, good.counts) == ("previewed", {"created": 3})


@pytest.mark.django_db(transaction=True)
def test_a_long_file_can_be_cancelled_while_its_rows_are_counted(monkeypatch):
    """Nobody waits for the count to end: it holds no lock, and notices."""
    owner = create_business(name="Slow", owner_email="slow@slow.test", at=datetime.now(UTC))
    monkeypatch.setattr(engine, "ROWS_PER_SIGN_OF_LIFE", 10)
    with business_context(owner.business_id):
        with transaction.atomic():
            run = taken(owner, lines(100))
        real, counted = engine.scan, []

        def cancel():
            with business_context(owner.business_id):
                passes.cancel(actor=owner, at=clock.now(), run_id=run.id)
            connection.close()

        def scan(*args, **kwargs):
            other = threading.Thread(target=cancel, daemon=True)
            other.start()
            other.join(timeout=20)
            assert not other.is_alive(), "cancelling waits for the count"
            counted.append(real(*args, **kwargs))
            return counted[0]

        monkeypatch.setattr(engine, "scan", scan)
        jobs.run_to_end(run.id)
        with transaction.atomic():
            run.refresh_from_db()
    assert run.state == "cancelled"
    assert counted == [], "the count ended half way"


@pytest.mark.django_db(transaction=True)
def test_a_worker_reads_the_fields_of_the_business_too():
    """It works outside of a transaction, as no other test of these does: there nothing of a
    business is seen, and its columns were passed over without a word."""
    owner = create_business(name="Own", owner_email="own@own.test", at=datetime.now(UTC))
    with business_context(owner.business_id):
        with transaction.atomic():
            tier = define_field(
                actor=owner, at=clock.now(), subject="account", label="Tier", kind="number"
            )
            run = taken(owner, "account_id,name,tier\nX-1,Ash,3\nX-2,Birch,many\n")
        jobs.run_to_end(run.id)
        with transaction.atomic():
            run.refresh_from_db()
            assert (run.state, run.counts) == ("previewed", {"created": 1, "error": 1})
            [wrong] = rejected_rows(run)
            assert "Tier" in str(wrong)
            passes.start_commit(actor=owner, at=clock.now(), run_id=run.id)
        jobs.run_to_end(run.id)
        with transaction.atomic():
            [value] = AccountValue.objects.values_list("subject__name", "field_id", "number")
            assert value == ("Ash", tier.id, 3_000_000)


def stopped_after(run, chunks, *, state, monkeypatch):
    """Work on a run in chunks of two rows until it is cancelled between two of them."""
    real, left = engine._chunk, [chunks]

    def chunk(job, rows, *args, **kwargs):
        real(job, rows, *args, **kwargs)
        left[0] -= 1
        if not left[0]:
            passes.cancel(actor=job.context.actor, at=clock.now(), run_id=job.run_id)

    with monkeypatch.context() as patch:
        patch.setattr(engine, "_chunk", chunk)
        with pytest.raises(engine.SupersededError):
            engine.work(run.id, state=state, at=clock.now(), chunk=2)
    run.refresh_from_db()


def test_a_cancelled_import_shows_the_rows_that_came_in_and_not_what_the_check_had_found(
    at_work, monkeypatch
):
    run = taken(at_work.owner, lines(9) + ",Nameless\n")
    jobs.run_to_end(run.id)
    passes.start_commit(actor=at_work.owner, at=clock.now(), run_id=run.id)
    stopped_after(run, 2, state="committing", monkeypatch=monkeypatch)
    shown = queries.rows(at_work.owner, run)
    assert [row.line for row in shown.rows] == [2, 3, 4, 5]
    assert run.counts == {"created": 4}
    assert list(rejected_rows(run)) == [], "the nameless row was not reached"


def test_a_file_read_in_another_way_leaves_no_rows_of_the_first_time(at_work):
    run = taken(at_work.owner, lines(5))
    jobs.run_to_end(run.id)
    run.pieces.update(content=lines(2).encode())
    passes.start_preview(actor=at_work.owner, at=clock.now(), run_id=run.id)
    run.refresh_from_db()
    assert queries.rows(at_work.owner, run).rows == [], "nothing is checked again yet"
    jobs.run_to_end(run.id)
    run.refresh_from_db()
    assert (run.counts, run.rows.count()) == ({"created": 2}, 2)


def test_many_rejected_rows_are_read_in_one_go(at_work, django_assert_num_queries):
    """Page by page, a hundred thousand of them took a minute: each page sorted the rest."""
    run = taken(at_work.owner, "account_id,name\n" + "X-1,\n" * 2_500)
    jobs.run_to_end(run.id)
    run.refresh_from_db()
    with django_assert_num_queries(1):
        found = list(rejected_rows(run))
    assert len(found) == 2_500
    assert found[-1] == ["2501", "Error", "Name is missing.", "X-1", ""]
