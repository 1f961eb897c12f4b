"""Bad rows, second times, and a worker that is killed in the middle."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from afterclose.accounts.imports import actions, engine, jobs
from afterclose.accounts.imports.command import Wishes, import_files, rejected_rows, summary
from afterclose.accounts.imports.problems import ImportProblem
from afterclose.accounts.models import (
    Account,
    AccountTag,
    ChurnEvent,
    Contact,
    ContactTag,
    Event,
    ImportRow,
    ImportRun,
    ImportSet,
    Stage,
)
from afterclose.billing.models import AccountBilling, Status, Subscription
from afterclose.businesses.actions import create_business
from afterclose.businesses.tenancy import business_context
from afterclose.support.models import Ticket
from afterclose.usage.models import DailyUsage, LastUse

pytestmark = pytest.mark.django_db


@pytest.fixture
def bring(at_work, tmp_path):
    """Import a text as a file; gives the run and its rejected rows as (line, reason)."""

    def bring(text, kind="", *, encoding="utf-8", name="file.csv", **wishes):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding) if isinstance(text, str) else text)
        wanted = Wishes(kind=kind, **wishes)
        [run] = import_files([path], actor=at_work.owner, wishes=wanted)
        return run, [(int(row[0]), row[2]) for row in rejected_rows(run)]

    return bring


# ------------------------------------------------------------------------- bad rows


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (
            "X,Name,31-02-2024,5,US",
            "Customer since: “31-02-2024” is not a date: February 2024 has no day 31.",
        ),
        ("X,Name,15-01-2024,-5,US", "Seats: -5 is negative."),
        ("X,Name,15-01-2024,five,US", "Seats: “five” is not a number."),
        ("X,Name,15-01-2024,1.5,US", "Seats: “1.5” is not a whole number."),
        ("X,Name,15-01-2024,99999999999,US", "Seats: 99999999999 is too large."),
        ("X,Name,15-01-2024,5,Atlantis", "Country: “Atlantis” is not a country."),
        (",Name,15-01-2024,5,US", "Id is missing."),
        ("X,,15-01-2024,5,US", "Name is missing."),
        (
            "X,Name,15-01-0024,5,US",
            "Customer since: “15-01-0024” is not between the years 1900 and 2999.",
        ),
        (f"X,{'n' * 201},15-01-2024,5,US", "Name: it has 201 characters; at most 200 fit."),
        (
            'X,"Na"me,15-01-2024,5,US',
            "The quotes are broken: a quoted cell is not closed, or text follows it.",
        ),
        ("X,Name,15-01-2024,5,US,more", "The row has 6 cells, the header has 5."),
        (
            "X,Na\x00me,15-01-2024,5,US",
            "The row has bytes that do not fit the file's encoding.",
        ),
    ],
)
def test_a_bad_row_is_told_by_line_and_field_and_the_good_ones_come_in(bring, row, reason):
    header = "account_id,name,signup_date,seats,country\n"
    good = "G-1,Good,20-01-2024,3,UK\n"
    run, rejected = bring(f"{header}{good}{row}\nG-2,Better,21-01-2024,4,DE\n")
    assert rejected == [(3, reason)]
    assert run.counts == {"created": 2, "error": 1}
    assert set(
        Account.objects.filter(external_id__startswith="G-").values_list("country", flat=True)
    ) == {"GB", "DE"}


def test_all_faults_of_a_row_are_told_at_once(bring):
    _, rejected = bring("account_id,name,seats,country\nX,,-1,Atlantis\n")
    assert rejected == [
        (2, "Name is missing. Country: “Atlantis” is not a country. Seats: -1 is negative.")
    ]


def test_an_account_id_that_does_not_exist_is_a_row_error(bring):
    run, rejected = bring(
        "ticket_id,account_id,created_at\nT-1,acme,2026-01-05\nT-2,nobody,2026-01-06\n"
    )
    assert rejected == [(3, "There is no account with the id “nobody”.")]
    assert Ticket.objects.get(external_id="T-1").account.name == "Acme"
    assert run.counts == {"created": 1, "error": 1}


def test_what_the_database_refuses_costs_its_row_alone(bring, monkeypatch):
    from afterclose.accounts.importing import AccountImporter

    prepare = AccountImporter.prepare

    def careless(self, records, context):
        prepare(self, records, context)
        for record in records:
            if record.data["external_id"] == "X-7":
                record.data["stage"] = "nonsense"

    monkeypatch.setattr(AccountImporter, "prepare", careless)
    lines = "".join(f"X-{n},Name {n}\n" for n in range(20))
    run, rejected = bring(f"account_id,name\n{lines}")
    assert run.counts == {"created": 19, "error": 1}
    assert rejected == [(9, "The row contradicts what is stored (account stage known).")]


def test_the_first_row_with_an_id_wins_also_over_chunks(bring, monkeypatch):
    monkeypatch.setattr(engine.work, "__kwdefaults__", {"chunk": 3})
    lines = "".join(f"X-{n % 7},Name {n}\n" for n in range(20))
    run, rejected = bring(f"account_id,name\n{lines}")
    assert run.counts == {"created": 7, "repeated": 13}
    assert rejected[0] == (9, "The id “X-0” stands already on line 2; the first row counts.")
    assert Account.objects.get(external_id="X-0").name == "Name 0"


def test_an_id_whose_first_row_is_bad_is_still_free(bring):
    run, _ = bring("account_id,name,seats\nX,Bad,-1\nX,Good,1\n")
    assert run.counts == {"error": 1, "created": 1}
    assert Account.objects.get(external_id="X").name == "Good"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_every_encoding_brings_the_same_name(bring, encoding):
    bring("account_id;name\nX;Müßig & Çelik\n", encoding=encoding)
    assert Account.objects.get(external_id="X").name == "Müßig & Çelik"


# -------------------------------------------------------------------- second times


def test_the_same_file_twice_changes_nothing_and_a_changed_cell_changes_its_row(bring):
    text = "account_id,name,seats,signup_date\nX,Xenon,5,2026-01-05\nY,Ytter,,2026-01-06\n"
    bring(text)
    before = list(Account.objects.order_by("id").values())
    run, _ = bring(text)
    assert run.counts == {"unchanged": 2}
    assert list(Account.objects.order_by("id").values()) == before
    run, _ = bring(text.replace("Xenon,5", "Xenon,6"))
    assert run.counts == {"updated": 1, "unchanged": 1}
    assert Account.objects.get(external_id="X").seats == 6


def test_an_empty_cell_leaves_what_is_stored(bring):
    bring("account_id,name,seats,industry\nX,Xenon,5,Gas\n")
    run, _ = bring("account_id,name,seats,industry\nX,Xenon,,\n")
    assert run.counts == {"unchanged": 1}
    assert Account.objects.get(external_id="X").seats == 5


def test_a_stage_set_by_hand_that_says_more_than_the_file_stays(bring, at_work):
    text = "account_id,name,churn_flag\ncedar,Cedar,FALSE\nacme,Acme,TRUE\n"
    bring(text)
    at_work.cedar.refresh_from_db()
    assert at_work.cedar.stage == Stage.RENEWAL
    at_work.acme.refresh_from_db()
    assert at_work.acme.stage == Stage.CHURNED
    bring("account_id,name,churn_flag\ndune,Dune,FALSE\n")
    at_work.dune.refresh_from_db()
    assert (at_work.dune.stage, at_work.dune.churned_on) == (Stage.ACTIVE, None)


def test_a_contact_entered_by_hand_is_found_by_account_and_e_mail(bring, at_work):
    ada = Contact.objects.get(name="Ada Lind")
    Contact.objects.filter(id=ada.id).update(email="ada@acme.example", external_id=None)
    run, _ = bring(
        "account_id,first name,last name,email,champion\n"
        "acme,Ada,Lovelace,ADA@acme.example,yes\n"
        "acme,Bea,Best,bea@acme.example,no\n"
        "acme,Bea,Again,bea@acme.example,no\n"
    )
    assert run.counts == {"updated": 1, "created": 1, "repeated": 1}
    ada.refresh_from_db()
    assert (ada.name, ada.external_id) == ("Ada Lovelace", None)


# --------------------------------------------------------------------- derivations


def test_subscriptions_derive_status_value_and_period(bring, at_work):
    today = engine.clock.today_in("UTC")
    past, future = date(today.year - 1, 1, 15), date(today.year + 1, 6, 30)
    run, _ = bring(
        "subscription_id,account_id,start_date,end_date,seats,mrr,arr,is_trial,churn_flag,billing_frequency\n"
        f"S-1,acme,{past},,5,100,,FALSE,FALSE,monthly\n"
        f"S-2,acme,{past},{today},5,,1200,FALSE,FALSE,annual\n"
        f"S-3,acme,{past},,5,0,0,TRUE,FALSE,monthly\n"
        f"S-4,acme,{past},{future},5,10.50,,FALSE,FALSE,annual\n"
        f"S-5,acme,{past},,5,1,,FALSE,TRUE,annual\n"
    )
    assert run.counts == {"created": 5}
    found = {
        each.external_id: each for each in Subscription.objects.filter(external_id__startswith="S-")
    }
    assert [found[f"S-{n}"].status for n in range(1, 6)] == [
        Status.ACTIVE,
        Status.CANCELLED,
        Status.TRIALING,
        Status.ACTIVE,
        Status.CANCELLED,
    ]
    assert (found["S-1"].mrr, found["S-1"].arr, found["S-1"].quantity) == (10000, 120000, 5)
    assert (found["S-2"].mrr, found["S-2"].arr) == (10000, 120000)
    assert found["S-1"].current_period_start <= today < found["S-1"].current_period_end
    assert found["S-2"].current_period_end == today
    assert found["S-4"].cancel_at_period_end
    assert found["S-4"].mrr == 1050
    assert AccountBilling.objects.get(account=at_work.acme).live_subscriptions >= 3


def test_usage_finds_its_account_through_the_subscription_and_moves_with_its_day(bring, at_work):
    bring("subscription_id,account_id,start_date,mrr\nS-1,elm,2026-01-01,5\n")
    text = "usage_id,subscription_id,usage_date,feature_name,usage_count\nU-1,S-1,{},login,3\n"
    run, _ = bring(text.format("2026-01-05"))
    assert run.counts == {"created": 1}
    run, _ = bring(text.format("2026-01-07"))
    assert run.counts == {"updated": 1}
    assert list(DailyUsage.objects.filter(account=at_work.elm).values_list("used_on", "count")) == [
        (date(2026, 1, 7), 3)
    ]
    assert LastUse.objects.get(account=at_work.elm).last_used_on == date(2026, 1, 7)


def test_tickets_find_their_account_by_the_requester_s_domain(bring):
    bring(
        "ticket_id,requester,created_at,priority,satisfaction_score\n"
        "T-1,joe@birch.example,2026-01-05 09:30,medium,4\n"
        "T-2,joe@nowhere.example,2026-01-05,P1,\n"
    )
    first, second = Ticket.objects.filter(external_id__startswith="T-").order_by("external_id")
    assert (first.account.name, first.priority) == ("Birch", "normal")
    assert first.opened_at == datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
    assert (second.account, second.priority) == (None, "urgent")


def test_churn_events_date_only_those_who_are_gone(bring, at_work):
    run, _ = bring(
        "churn_event_id,account_id,churn_date,refund_amount_eur\n"
        "C-1,dune,2025-05-01,10.50\nC-2,dune,2025-07-01,0\nC-3,acme,2025-06-01,0\n"
    )
    assert run.counts == {"created": 3}
    event = ChurnEvent.objects.get(external_id="C-1")
    assert (event.refund, event.currency) == (1050, "EUR")
    at_work.dune.refresh_from_db()
    at_work.acme.refresh_from_db()
    latest = max(each.churned_on for each in ChurnEvent.objects.filter(account=at_work.dune))
    assert at_work.dune.churned_on == latest
    assert at_work.acme.churned_on is None


def test_dates_of_a_set_move_together(bring, at_work, tmp_path):
    (tmp_path / "a.csv").write_text("account_id,name,signup_date\nX,Xenon,2024-01-01\n")
    (tmp_path / "b.csv").write_text("ticket_id,account_id,created_at\nT,X,2024-12-31 08:00\n")
    runs = import_files(
        [tmp_path / "b.csv", tmp_path / "a.csv"],
        actor=at_work.owner,
        wishes=Wishes(shift_newest_to=date(2026, 3, 1)),
    )
    shift = (date(2026, 3, 1) - date(2024, 12, 31)).days
    assert [(run.kind, run.shift_days) for run in runs] == [("accounts", shift), ("tickets", shift)]
    assert Ticket.objects.get(external_id="T").opened_at == datetime(2026, 3, 1, 8, tzinfo=UTC)
    assert ImportSet.objects.get().shift_days == shift


def test_imported_history_tells_one_fact_and_no_reactions_per_row(bring):
    before = Event.objects.count()
    run, _ = bring("account_id,name,churn_flag\nX,Xenon,TRUE\nY,Ytter,FALSE\n")
    [fact] = Event.objects.order_by("-id")[: Event.objects.count() - before]
    assert fact.kind == "import.finished"
    assert fact.title == "Accounts imported from file.csv: 2 created, 0 updated, 0 unchanged"
    assert summary(run) == "file.csv: 2 accounts: 2 created"


def test_columns_of_other_names_come_by_mapping(bring):
    run, _ = bring(
        "Kürzel,Firma\nX,Xenon\n", "accounts", mapping={"external_id": "Kürzel", "name": "Firma"}
    )
    assert run.counts == {"created": 1}
    with pytest.raises(ImportProblem, match="Choose a column for: Id, Name"):
        bring("Kürzel,Firma\nX,Xenon\n", "accounts")
    with pytest.raises(ImportProblem, match="has no column “Nix”"):
        bring("a,name\nX,Xenon\n", "accounts", mapping={"external_id": "Nix"})


# ------------------------------------------------------------------- going on again


def test_a_pass_that_dies_between_chunks_goes_on_behind_the_last_one(
    bring, at_work, tmp_path, monkeypatch
):
    lines = "".join(f"X-{n},Name {n}\n" for n in range(50))
    path = tmp_path / "many.csv"
    path.write_text(f"account_id,name\n{lines}X-3,Again\n")
    monkeypatch.setattr(engine.work, "__kwdefaults__", {"chunk": 10})
    real, calls = engine._keep_outcomes, []

    def dying(*args, **kwargs):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*args, **kwargs)

    monkeypatch.setattr(engine, "_keep_outcomes", dying)
    with pytest.raises(KeyboardInterrupt):
        import_files([path], actor=at_work.owner, wishes=Wishes())
    run = ImportRun.objects.get()
    assert (run.state, run.rows_done, run.counts) == ("committing", 20, {"created": 20})
    assert Account.objects.filter(external_id__startswith="X-").count() == 20
    jobs.run_to_end(run.id)
    run.refresh_from_db()
    assert (run.state, run.counts) == ("done", {"created": 50, "repeated": 1})
    assert ImportRow.objects.filter(run=run).count() == 51
    assert Event.objects.filter(kind="import.finished").count() == 1
    jobs.run_to_end(run.id)
    assert Event.objects.filter(kind="import.finished").count() == 1


def test_two_workers_on_one_file_do_not_both_write(bring, at_work, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("account_id,name\nX,Xenon\n")
    whole = actions.start_set(actor=at_work.owner, at=datetime.now(UTC))
    with path.open("rb") as stream:
        run = actions.take_in(
            actor=at_work.owner,
            at=datetime.now(UTC),
            import_set=whole,
            file_name="a.csv",
            stream=stream,
            size=path.stat().st_size,
        )
    ImportRun.objects.filter(id=run.id).update(state="committing", lines_done=99)
    job = engine.job_of(run, at=datetime.now(UTC))
    with pytest.raises(engine.SupersededError):
        engine._claim(job, state="committing", checkpoint=0)


KILLED = """
import sys
import django
django.setup()
from pathlib import Path
from afterclose.accounts.imports import engine
from afterclose.accounts.imports.command import Wishes, import_files
from afterclose.businesses import actors
from afterclose.businesses.tenancy import business_context
engine.work.__kwdefaults__["chunk"] = 200
business = int(sys.argv[1])
with business_context(business):
    import_files([Path(sys.argv[2])], actor=actors.system(business), wishes=Wishes())
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_a_worker_killed_in_the_middle_loses_and_repeats_nothing(tmp_path):
    made = create_business(name="Kill", owner_email="kill@kill.test", at=datetime.now(UTC))
    count = 20_000
    path = tmp_path / "many.csv"
    path.write_text("account_id,name\n" + "".join(f"X-{n},Name {n}\n" for n in range(count)))
    to = connection.settings_dict
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "afterclose.config.settings",
        "PYTHONPATH": str(Path(settings.BASE_DIR) / "src"),
        "AFTERCLOSE_DB_ROLE": "owner",
        "AFTERCLOSE_DB_NAME": str(to["NAME"]),
    }
    victim = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(made.business_id), str(path)], env=env
    )
    from django.db import transaction

    def state():
        with business_context(made.business_id), transaction.atomic():
            return ImportRun.objects.values_list("id", "rows_done", "state").first()

    for _ in range(1200):
        found = state()
        if found and found[1] >= 600:
            break
        assert victim.poll() is None, "it ended before it could be killed"
        time.sleep(0.05)
    os.kill(victim.pid, signal.SIGKILL)
    victim.wait()
    run_id, done, status = state()
    assert status == "committing"
    assert 0 < done < count
    with business_context(made.business_id):
        with transaction.atomic():
            assert Account.objects.count() == done, "the checkpoint and the rows agree"
        jobs.run_to_end(run_id)
        with transaction.atomic():
            run = ImportRun.objects.get(id=run_id)
            assert (run.state, run.counts) == ("done", {"created": count})
            assert Account.objects.count() == count
            assert ImportRow.objects.filter(run=run).count() == count


def test_tags_of_a_file_are_added_and_none_is_taken_away(bring, at_work):
    first = 'id,name,tags\nacme,Acme,"VIP, EMEA"\ngale,Gale,vip;new\nelm,Elm,\n'
    run, _ = bring(first, "accounts")
    assert run.counts == {"updated": 1, "created": 1, "unchanged": 1}
    held = AccountTag.objects.order_by("account__name", "tag__key")
    names = [(link.account.name, link.tag.name) for link in held]
    assert names == [("Acme", "EMEA"), ("Acme", "VIP"), ("Gale", "new"), ("Gale", "VIP")]
    assert bring(first, "accounts")[0].counts == {"unchanged": 3}
    assert bring("id,name,tags\nacme,Acme,other\n", "accounts")[0].counts == {"updated": 1}
    assert AccountTag.objects.filter(account=at_work.acme).count() == 3


def test_a_tag_that_does_not_fit_is_a_row_error(bring):
    run, _ = bring(f"id,name,tags\ngale,Gale,{'x' * 61}\n", "accounts")
    assert run.counts == {"error": 1}


def test_contacts_get_tags_from_a_file(bring):
    text = "email,account_id,name,tags\nada@gale.example,acme,Ada,Speaker\n"
    assert bring(text, "contacts")[0].counts == {"created": 1}
    assert ContactTag.objects.get().tag.name == "Speaker"
    assert bring(text, "contacts")[0].counts == {"unchanged": 1}
