"""The import as a person meets it: files in, columns, preview, import, rejected rows."""

import io
import re
from datetime import datetime
from html import unescape

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.urls import reverse

from afterclose.accounts.imports import jobs
from afterclose.accounts.models import (
    Account,
    Event,
    ImportProfile,
    ImportRun,
    ImportSet,
)
from afterclose.businesses.models import AuditEntry
from afterclose.kit.tabular import detect
from afterclose.notifications.reactions import tell_importer

pytestmark = pytest.mark.django_db

GOOD = "Account ID;Name;Country;Seats;Joined\nN-1;Novum;UK;5;31.01.2026\nN-2;Olmo;DE;7;01.02.2026\n"


def upload(client, *files, **data):
    sent = [SimpleUploadedFile(name, content) for name, content in files]
    return client.post(reverse("imports:start"), {"uploads": sent, "shift": "none", **data})


def words(answer):
    """What a person reads on a page."""
    return re.sub(r"\s+", " ", unescape(re.sub("<[^>]*>", " ", answer.content.decode())))


def the_run(cast):
    with cast.at_work():
        return ImportRun.objects.select_related("created_by__person").latest("id")


def choices(run, **changes):
    return {f"map_{name}": header for name, header in {**run.mapping, **changes}.items()}


def test_a_file_goes_from_upload_to_accounts(cast, sign_in):
    client = sign_in(cast.manager)
    answer = upload(client, ("customers.csv", GOOD.encode("cp1252")))
    run = the_run(cast)
    assert answer.url == reverse("imports:columns", args=[run.id])
    assert (run.kind, run.dialect["delimiter"], run.dialect["date_order"]) == (
        "accounts",
        ";",
        "dmy",
    )

    page = client.get(answer.url)
    assert page.status_code == 200
    text = words(page)
    assert "Columns that are not used: Joined." in text
    assert "Semicolon" in text

    answer = client.post(
        reverse("imports:run", args=[run.id]),
        choices(run, customer_since="Joined") | {"profile_name": "Our CRM"},
    )
    assert answer.status_code == 302
    preview = words(client.get(answer.url))
    assert "Import 2 rows" in preview
    with cast.at_work():
        assert not Account.objects.filter(external_id="N-1").exists(), "nothing before the commit"
        assert ImportProfile.objects.get().mapping["customer_since"] == "joined"

    client.post(reverse("imports:commit", args=[run.id]))
    assert "Importing" in words(client.get(reverse("imports:run", args=[run.id])))
    assert client.get(reverse("imports:progress", args=[run.id])).status_code == 200
    with cast.at_work():
        jobs.run_to_end(run.id)
        novum = Account.objects.get(external_id="N-1")
        assert (novum.country, novum.seats, str(novum.customer_since)) == ("GB", 5, "2026-01-31")
        fact = Event.objects.get(kind="import.finished")
        assert AuditEntry.objects.filter(verb="import.finished").count() == 1
        tell_importer(fact.id)
        assert cast.manager.membership.notifications.get().url == reverse(
            "imports:run", args=[run.id]
        )
    done = client.get(reverse("imports:progress", args=[run.id]), headers={"HX-Request": "true"})
    assert done.headers["HX-Redirect"] == reverse("imports:run", args=[run.id])
    assert "Imported" in words(client.get(reverse("imports:run", args=[run.id])))
    assert "customers.csv" in words(client.get(reverse("imports:list")))


def test_rejected_rows_come_back_with_line_and_reason(cast, sign_in):
    client = sign_in(cast.manager)
    text = "id,name,seats\n1,A,-5\n2,=cmd(),3\n2,B,4\n3,,1\n"
    upload(client, ("bad.csv", text.encode()))
    run = the_run(cast)
    client.post(reverse("imports:run", args=[run.id]), choices(run))
    page = client.get(reverse("imports:run", args=[run.id]), {"outcome": ["error", "repeated"]})
    shown = words(page)
    assert "Seats: -5 is negative." in shown
    assert "stands already on line 3" in shown
    assert "Name is missing." in shown
    file = client.get(reverse("imports:rejected", args=[run.id]))
    assert "bad-rejected.csv" in file["Content-Disposition"]
    assert file.streaming, "as long as the file that came in, it is never whole in memory"
    lines = b"".join(file.streaming_content).decode("utf-8-sig").splitlines()
    assert lines[0] == "Line,Outcome,Reason,id,name,seats"
    assert lines[1] == "2,Error,Seats: -5 is negative.,1,A,-5"
    assert len(lines) == 4


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.csv", b"", "The file is empty"),
        ("report.pdf", b"%PDF-1.7 \x00\x00", "looks like a PDF document"),
        ("login.csv", b"<!doctype html><html></html>", "looks like a web page"),
        ("blob.csv", bytes(range(256)) * 50, "looks like a binary file"),
        ("broken.xlsx", b"PK\x03\x04rubbish", "looks like a damaged or unknown workbook"),
        ("other.csv", b"colour,taste\nred,sweet\n", "fits none of accounts"),
    ],
)
def test_what_is_no_table_of_ours_is_refused_at_the_field(cast, sign_in, name, content, reason):
    answer = upload(sign_in(cast.manager), (name, content))
    assert answer.status_code == 422
    assert reason in words(answer)
    with cast.at_work():
        assert not ImportRun.objects.exists()
        assert not ImportSet.objects.exists()


def test_a_file_over_the_limit_is_refused_with_its_size(cast, sign_in, monkeypatch):
    monkeypatch.setitem(detect.__kwdefaults__, "limit", 10)
    answer = upload(sign_in(cast.manager), ("big.csv", GOOD.encode()))
    assert answer.status_code == 422
    assert "the limit is" in words(answer)


def test_several_files_form_a_set_in_the_order_in_which_they_refer(cast, sign_in):
    client = sign_in(cast.manager)
    answer = upload(
        client,
        ("subs.csv", b"subscription_id,account_id,start_date,mrr\nS-1,N-1,2025-01-05,10\n"),
        ("customers.csv", b"account_id,name,signup_date\nN-1,Novum,2025-01-01\n"),
        ("notes.pdf", b"%PDF-1.7"),
        shift="newest",
    )
    with cast.at_work():
        whole = ImportSet.objects.get()
    assert answer.url == reverse("imports:set", args=[whole.id])
    page = words(client.get(answer.url))
    assert page.index("customers.csv") < page.index("subs.csv")
    assert "Continue with customers.csv" in page
    assert "notes.pdf: This looks like a PDF document" in page


def test_the_reading_can_be_corrected(cast, sign_in):
    client = sign_in(cast.manager)
    upload(client, ("customers.csv", b"id,name,signup_date\n1,A,03/04/2026\n"))
    run = the_run(cast)
    page = words(client.get(reverse("imports:columns", args=[run.id])))
    assert "could be read in two ways" in page
    answer = client.post(
        reverse("imports:reading", args=[run.id]),
        {
            "kind": "accounts",
            "encoding": "utf-8",
            "delimiter": "Comma",
            "date_order": "mdy",
            "decimal_comma": "point",
        },
    )
    assert answer.status_code == 302
    assert the_run(cast).dialect["date_order"] == "mdy"


def test_a_required_column_must_be_chosen_and_the_rest_stays_chosen(cast, sign_in):
    client = sign_in(cast.manager)
    upload(client, ("customers.csv", GOOD.encode()))
    run = the_run(cast)
    answer = client.post(reverse("imports:run", args=[run.id]), choices(run, name=""))
    assert answer.status_code == 422
    assert "Choose a column; no row can do without it." in words(answer)
    assert the_run(cast).state == "mapping"


@pytest.mark.parametrize("kind", ["", "accounts"])
def test_of_a_workbook_the_sheet_that_fits_is_taken(cast, sign_in, kind):
    target = io.BytesIO()
    workbook = xlsxwriter.Workbook(target, {"in_memory": True})
    workbook.add_worksheet("Cover").write(0, 0, "Report of May")
    workbook.add_worksheet("Blank")
    data = workbook.add_worksheet("Customers")
    data.write_row(0, 0, ["account_id", "account_name"])
    data.write_row(1, 0, ["X-1", "Xenon"])
    workbook.close()
    answer = upload(sign_in(cast.manager), ("book.xlsx", target.getvalue()), kind=kind)
    assert answer.status_code == 302
    run = the_run(cast)
    assert run.dialect["sheet"] == "Customers"
    assert run.mapping == {"external_id": "account_id", "name": "account_name"}


def test_a_workbook_comes_in_with_its_own_types_and_once_more_without_any_change(cast, sign_in):
    target = io.BytesIO()
    workbook = xlsxwriter.Workbook(target, {"in_memory": True})
    sheet = workbook.add_worksheet("Customers")
    sheet.write_row(0, 0, ["account_id", "account_name", "seats", "signup_date"])
    day = workbook.add_format({"num_format": "dd/mm/yyyy"})
    sheet.write_row(1, 0, ["X-1", "Xenon", 12])
    sheet.write_datetime(1, 3, datetime(2026, 1, 31), day)
    workbook.close()
    client = sign_in(cast.manager)
    for counts in ({"created": 1}, {"unchanged": 1}):
        upload(client, ("customers.xlsx", target.getvalue()))
        run = the_run(cast)
        client.post(reverse("imports:run", args=[run.id]), choices(run))
        client.post(reverse("imports:commit", args=[run.id]))
        with cast.at_work():
            jobs.run_to_end(run.id)
            run.refresh_from_db()
            assert run.counts == counts
            xenon = Account.objects.get(external_id="X-1")
            assert (xenon.seats, str(xenon.customer_since)) == (12, "2026-01-31")


@pytest.mark.parametrize("name", ["run", "columns", "progress", "rejected"])
def test_a_stranger_finds_no_import_of_ours_and_a_member_may_not(cast, sign_in, name):
    upload(sign_in(cast.manager), ("customers.csv", GOOD.encode()))
    url = reverse(f"imports:{name}", args=[the_run(cast).id])
    assert sign_in(cast.stranger).get(url).status_code == 404
    assert sign_in(cast.member).get(url).status_code == 403
    assert sign_in(None).get(url).status_code == 302


def test_a_cancelled_import_stays_cancelled(cast, sign_in):
    client = sign_in(cast.manager)
    upload(client, ("customers.csv", GOOD.encode()))
    run = the_run(cast)
    client.post(reverse("imports:run", args=[run.id]), choices(run))
    client.post(reverse("imports:commit", args=[run.id]))
    client.post(reverse("imports:cancel", args=[run.id]))
    with cast.at_work():
        jobs.run_to_end(run.id)
        assert not Account.objects.filter(external_id="N-1").exists()
    assert the_run(cast).state == "cancelled"
    assert "Cancelled" in words(client.get(reverse("imports:run", args=[run.id])))


def finish(client, cast, run, **changes):
    client.post(reverse("imports:run", args=[run.id]), choices(run, **changes))
    client.post(reverse("imports:commit", args=[run.id]))
    with cast.at_work():
        jobs.run_to_end(run.id)
    return the_run(cast)


def test_the_next_import_offers_to_move_dates_as_the_last_one_did(cast, sign_in):
    client = sign_in(cast.manager)
    text = b"account_id,name,signup_date\nN-1,Novum,2024-01-01\nN-2,Olmo,2024-06-30\n"
    upload(client, ("a.csv", text), shift="newest")
    first = finish(client, cast, the_run(cast))
    assert first.counts == {"created": 2}
    assert first.shift_days > 0
    page = words(client.get(reverse("imports:start")))
    assert f"Move as in the last import, by +{first.shift_days:,} days" in page
    upload(client, ("a.csv", text), shift="same")
    assert finish(client, cast, the_run(cast)).counts == {"unchanged": 2}


def test_a_saved_mapping_serves_the_next_file_of_its_sort(cast, sign_in):
    client = sign_in(cast.manager)
    text = "Kürzel;Firma\nN-1;Novum\n".encode()
    upload(client, ("a.csv", text), kind="accounts")
    run = the_run(cast)
    client.post(
        reverse("imports:run", args=[run.id]),
        {"map_external_id": "Kürzel", "map_name": "Firma", "profile_name": "Lexware"},
    )
    with cast.at_work():
        profile = ImportProfile.objects.get()
    upload(client, ("b.csv", text), profile=profile.id)
    assert the_run(cast).mapping == {"external_id": "Kürzel", "name": "Firma"}
    assert "Lexware" in words(client.get(reverse("imports:list")))
    client.post(reverse("imports:delete_profile", args=[profile.id]))
    with cast.at_work():
        assert not ImportProfile.objects.exists()


def test_the_command_imports_previews_and_says_what_is_wrong(cast, tmp_path):
    good = tmp_path / "customers.csv"
    good.write_text("account_id,name,seats\nN-1,Novum,5\nN-2,Olmo,-5\n")
    said = io.StringIO()
    slug = cast.business.slug
    call_command("import", "auto", str(good), "--business", slug, "--preview", stdout=said)
    assert "customers.csv: 2 accounts: 1 created, 1 error" in said.getvalue()
    assert "line 3: Seats: -5 is negative." in said.getvalue()
    with cast.at_work():
        assert not Account.objects.filter(external_id="N-1").exists()
    out = tmp_path / "rejected.csv"
    call_command(
        "import_set", str(tmp_path), "--business", slug, "--rejected", str(out), stdout=said
    )
    with cast.at_work():
        assert Account.objects.filter(external_id="N-1").exists()
    assert "Seats: -5 is negative." in out.read_text(encoding="utf-8-sig")
    for arguments, problem in (
        (["accounts", str(tmp_path / "none.csv"), "--business", slug], "There is no file"),
        (["accounts", str(good), "--business", "nobody"], "There is no business"),
        (["invoices", str(good), "--business", slug], "There is no import of “invoices”"),
        (["accounts", str(good), "--business", slug, "--map", "name=Nix"], "no column “Nix”"),
        (["accounts", str(good), "--business", slug, "--map", "name"], "write FIELD=COLUMN"),
    ):
        with pytest.raises(CommandError, match=problem):
            call_command("import", *arguments)


def test_words_of_the_file_are_taught_once_and_kept_with_the_mapping(cast, sign_in):
    client = sign_in(cast.manager)
    text = b"account_id,name,status\nN-1,Novum,Zahlend\nN-2,Olmo,zahlend\nN-3,Pico,Gone away\n"
    upload(client, ("a.csv", text))
    run = the_run(cast)
    client.post(
        reverse("imports:run", args=[run.id]), choices(run) | {"profile_name": "German CRM"}
    )
    page = words(client.get(reverse("imports:run", args=[run.id])))
    assert "Words that we do not know" in page
    assert "Stage “Gone away”" in page
    answer = client.post(
        reverse("imports:words", args=[run.id]),
        {"word_stage_zahlend": "active", "word_stage_gone_away": "churned"},
    )
    assert answer.status_code == 302
    run = the_run(cast)
    assert run.counts == {"created": 3}
    with cast.at_work():
        profile = ImportProfile.objects.get()
    assert profile.options["values"] == {"stage": {"zahlend": "active", "gone_away": "churned"}}
    upload(client, ("b.csv", text), profile=profile.id)
    run = finish(client, cast, the_run(cast))
    assert run.counts == {"created": 3}


def test_a_saved_mapping_is_not_replaced_unasked(cast, sign_in):
    text = "Kürzel;Firma;Stadt\nN-1;Novum;Ulm\n".encode()
    both = {"map_external_id": "Kürzel", "map_name": "Firma", "profile_name": "Lexware"}
    first, second = sign_in(cast.owner), sign_in(cast.manager)

    def check(client, **sent):
        upload(client, ("a.csv", text), kind="accounts")
        run = the_run(cast)
        return words(client.post(reverse("imports:run", args=[run.id]), {**both, **sent}))

    def saved():
        with cast.at_work():
            return {each.name: each.mapping["name"] for each in ImportProfile.objects.all()}

    check(first)
    assert saved() == {"Lexware": "firma"}
    check(second)  # says the same: nobody is asked
    page = check(second, map_name="Stadt")
    assert f"“Lexware” was saved by {cast.owner.name} and says something else." in page
    assert "Replace “Lexware” by this one" in page
    assert "Columns that are not used: Firma." in page
    assert saved() == {"Lexware": "firma"}
    check(second, map_name="Stadt", replaces="Another")
    assert saved() == {"Lexware": "firma"}
    check(second, map_name="Stadt", profile_name="Lexware of Ulm", replaces="Lexware")
    assert saved() == {"Lexware": "firma", "Lexware of Ulm": "stadt"}
    with cast.at_work():
        ImportProfile.objects.filter(name="Lexware of Ulm").delete()
    check(second, map_name="Stadt", replaces="Lexware")
    assert saved() == {"Lexware": "stadt"}
    with cast.at_work():
        entry = AuditEntry.objects.get(verb="import_profile.replaced")
    assert entry.changes["mapping"][0]["name"] == "firma"


def test_words_that_a_saved_mapping_knows_stay_known(cast, sign_in):
    client = sign_in(cast.manager)
    text = b"account_id,name,status\nN-1,Novum,Zahlend\n"
    upload(client, ("a.csv", text))
    run = the_run(cast)
    page = reverse("imports:run", args=[run.id])
    client.post(page, choices(run) | {"profile_name": "CRM"})
    client.post(reverse("imports:words", args=[run.id]), {"word_stage_zahlend": "active"})
    with cast.at_work():
        profile = ImportProfile.objects.get()
        profile.options["values"]["stage"]["gone"] = "churned"
        profile.save()
    assert "says something else" not in words(
        client.post(page, choices(run) | {"profile_name": "CRM"})
    )
    with cast.at_work():
        known = ImportProfile.objects.get().options["values"]["stage"]
    assert known == {"zahlend": "active", "gone": "churned"}
