"""What a file may do to rows that are there already; mappings that come back by themselves."""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from afterclose.accounts.imports.command import Wishes, import_files
from afterclose.accounts.imports.guessing import shape_of
from afterclose.accounts.imports.problems import ImportProblem
from afterclose.accounts.models import Account, Contact, ImportProfile, ImportRow, ImportRun
from afterclose.kit.tabular import Dialect
from afterclose.kit.tabular.reading import read_table

FIRST = "account_id,name,seats,industry,stage\nX,Xenon,5,,active\n"
SECOND = "account_id,name,seats,industry,stage\nX,Xenon Ltd,9,Gas,churned\nY,Ytter,1,,active\n"


@pytest.fixture
def bring(at_work, tmp_path):
    """Import a text; gives the run."""

    def bring(text, **wishes):
        path = tmp_path / "file.csv"
        path.write_text(text)
        [run] = import_files([path], actor=at_work.owner, wishes=Wishes(**wishes))
        return run

    return bring


@pytest.mark.parametrize(
    ("policy", "counts", "stored"),
    [
        ("", {"created": 1, "updated": 1}, ("Xenon Ltd", 9, "Gas", "churned")),
        ("overwrite", {"created": 1, "updated": 1}, ("Xenon Ltd", 9, "Gas", "churned")),
        ("fill", {"created": 1, "updated": 1}, ("Xenon", 5, "Gas", "active")),
        ("skip", {"created": 1, "unchanged": 1}, ("Xenon", 5, "", "active")),
    ],
)
def test_a_policy_says_what_happens_to_rows_that_are_there(bring, policy, counts, stored):
    bring(FIRST)
    run = bring(SECOND, policy=policy)
    assert run.counts == counts
    account = Account.objects.get(external_id="X")
    assert (account.name, account.seats, account.industry, account.stage) == stored
    assert Account.objects.get(external_id="Y").name == "Ytter"


def test_filling_does_not_date_the_leaving_of_who_stays(bring):
    bring("account_id,name,stage\nX,Xenon,active\n")
    run = bring("account_id,name,stage,churned_on\nX,Xenon,churned,2026-01-05\n", policy="fill")
    assert run.counts == {"unchanged": 1}
    assert Account.objects.get(external_id="X").churned_on is None


def test_contacts_are_filled_too_and_their_tags_added(bring):
    bring("account_id,name,email,title,tags\nacme,Cy,cy@acme.example,,\n")
    run = bring(
        "account_id,name,email,title,tags\nacme,Cyrus,cy@acme.example,CFO,Speaker\n", policy="fill"
    )
    assert run.counts == {"updated": 1}
    cy = Contact.objects.get(email="cy@acme.example")
    assert (cy.name, cy.title) == ("Cy", "CFO")


def test_only_kinds_that_can_be_filled_offer_it(bring):
    with pytest.raises(ImportProblem, match="what happens to rows"):
        bring("ticket_id,account_id,created_at\nT-1,acme,2026-01-05\n", policy="fill")


def test_what_changes_is_kept_side_by_side(bring, at_work):
    bring(FIRST)
    Account.objects.filter(external_id="X").update(csm=at_work.acme.csm)
    run = bring(
        "account_id,name,seats,csm\nX,Xenon Ltd,9,ines@northwind.example\n", preview_only=True
    )
    [row] = ImportRow.objects.filter(run=run)
    assert sorted(row.changes) == [
        ["csm_id", str(at_work.manager.membership_id), str(at_work.admin.membership_id)],
        ["name", "Xenon", "Xenon Ltd"],
        ["seats", "5", "9"],
    ]
    assert Account.objects.get(external_id="X").name == "Xenon"


def test_the_preview_shows_them_with_names_and_labels(bring, at_work, sign_in):
    bring(FIRST)
    run = bring("account_id,name,csm\nX,Xenon Ltd,ines@northwind.example\n", preview_only=True)
    html = sign_in(at_work.manager).get(reverse("imports:run", args=[run.id])).content.decode()
    table = html.split("What would change")[1].split("</table>")[0]
    for words in ("Xenon", "Xenon Ltd", "Ines Duarte", "CSM&#x27;s e-mail"):
        assert words in table


def test_a_file_with_the_same_headings_gets_the_saved_mapping_by_itself(at_work, sign_in):
    client = sign_in(at_work.manager)

    def upload(text, **data):
        sent = SimpleUploadedFile("odd.csv", text.encode())
        client.post(reverse("imports:start"), {"uploads": [sent], "shift": "none", **data})
        return ImportRun.objects.latest("id")

    run = upload("Kürzel,Firma\nX,Xenon\n", kind="accounts")
    client.post(
        reverse("imports:run", args=[run.id]),
        {"map_external_id": "Kürzel", "map_name": "Firma", "policy": "fill", "profile_name": "Odd"},
    )
    assert ImportProfile.objects.get().options["policy"] == "fill"
    again = upload("firma,KÜRZEL\nYtter,Y\n")
    assert (again.kind, again.profile_name) == ("accounts", "Odd")
    assert again.mapping == {"external_id": "KÜRZEL", "name": "firma"}
    page = client.get(reverse("imports:columns", args=[again.id])).content.decode()
    assert "as in the saved mapping “Odd”" in page
    assert '<option value="fill" selected>' in page


def test_the_fingerprint_knows_headings_in_any_order_and_no_others():
    assert shape_of(["Name", "E-Mail"]) == shape_of(["e mail", "NAME"])
    assert shape_of(["Name"]) != shape_of(["Name", "E-Mail"])


def test_a_reader_that_is_left_half_way_does_not_mind_that_its_file_is_closed():
    stream = io.BytesIO(b"a,b\n1,2\n3,4\n")
    rows = read_table(stream, Dialect()).rows
    assert next(rows).cells == ["1", "2"]
    stream.close()
    rows.close()
