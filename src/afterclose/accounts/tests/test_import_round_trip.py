"""What a list wrote as a file comes in again without a change; rows without ids stay apart."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from afterclose.accounts.custom_fields.actions import define_field as define
from afterclose.accounts.custom_fields.models import Subject
from afterclose.accounts.custom_fields.writing import set_values
from afterclose.accounts.forms import AccountForm, ContactForm
from afterclose.accounts.hierarchy.models import AwaitedParent
from afterclose.accounts.imports.command import Wishes, import_files, rejected_rows
from afterclose.accounts.models import Account, Contact, ImportRun, Stage
from afterclose.businesses.models import Person
from tests.cast import Cast
from tests.factories import MONDAY, MORNING, AccountFactory, ContactFactory

Bring = Callable[[bytes | str, str], ImportRun]


@pytest.fixture
def bring(at_work: Cast, tmp_path: Path) -> Bring:
    """Import a file; gives the run."""

    def bring(content: bytes | str, kind: str) -> ImportRun:
        path = tmp_path / "file.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        [run] = import_files([path], actor=at_work.owner, wishes=Wishes(kind=kind))
        return run

    return bring


def exported(client, address: str) -> bytes:
    answer = client.get(address)
    assert answer.status_code == 200
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_exported_accounts_come_in_again_unchanged(at_work: Cast, sign_in, bring: Bring) -> None:
    for child in (at_work.birch, at_work.cedar):
        child.parent = at_work.acme
        child.save()
    columns = "name,external_id,stage,csm,ae,parent,domain,seats,plan,industry,country"
    run = bring(
        exported(sign_in(at_work.owner), f"/accounts/?cols={columns}&format=csv"), "accounts"
    )
    assert run.counts == {"unchanged": 5}
    assert run.mapping["csm"] == "CSM"
    assert run.mapping["parent"] == "Parent"
    assert not AwaitedParent.objects.exists()


@pytest.mark.parametrize(
    "columns",
    [
        "name,external_id,stage,csm,ae,parent,domain,seats,plan,churned_on",
        "external_id,name",
        "name,stage,at_risk,csm,tags,customer_since",  # as the list opens, without ids
        "name,parent",
    ],
)
def test_accounts_made_by_hand_come_in_again_unchanged(
    at_work: Cast, sign_in, bring: Bring, columns: str
) -> None:
    group = AccountFactory.create(name="Helio Group", external_id=None)
    AccountFactory.create(name="Helio", external_id=None, domain="helio.example", parent=group)
    AccountFactory.create(name="Helio two", external_id=None, domain="helio.example", parent=group)
    AccountFactory.create(name="Left", external_id=None, stage=Stage.CHURNED, churned_on=MONDAY)
    before = list(Account.objects.order_by("id").values())
    file = exported(sign_in(at_work.owner), f"/accounts/?cols={columns}&format=csv")
    assert bring(file, "accounts").counts == {"unchanged": len(before)}
    assert list(Account.objects.order_by("id").values()) == before
    assert not AwaitedParent.objects.exists()


def test_accounts_by_hand_that_share_their_name_come_in_again_unchanged(
    at_work: Cast, sign_in, bring: Bring
) -> None:
    for number, domain in enumerate(("", "helio.example", "", "helio.test")):
        AccountFactory.create(name="Helio", external_id=None, domain=domain, seats=number // 2)
    before = list(Account.objects.order_by("id").values())
    columns = "name,external_id,domain,seats"
    file = exported(sign_in(at_work.owner), f"/accounts/?cols={columns}&format=csv")
    assert bring(file, "accounts").counts == {"unchanged": len(before)}
    assert list(Account.objects.order_by("id").values()) == before
    text = "id,name,domain,seats\n,helio,helio.test,9\n,Helio,,9\n"
    run = bring(text, "accounts")
    assert run.counts == {"updated": 1, "error": 1}
    assert [row[2] for row in rejected_rows(run)] == ["4 accounts are called “Helio”; give the id."]
    assert Account.objects.get(domain="helio.test").seats == 9


def test_a_row_without_an_id_changes_the_account_of_its_name(at_work: Cast, bring: Bring) -> None:
    by_hand = AccountFactory.create(name="Helio", external_id=None, seats=1)
    run = bring("id,name,seats\n,HELIO,5\n,Helio,6\n,Nobody,7\n,Acme,8\nH-1,Helio,9\n", "accounts")
    assert [row[2] for row in rejected_rows(run)] == [
        "Name: line 2 is about the same account.",
        "Id is missing.",
        "Id is missing.",  # the one that is called Acme has an id
    ]
    by_hand.refresh_from_db()
    assert (by_hand.name, by_hand.seats, by_hand.external_id) == ("HELIO", 5, None)
    assert Account.objects.get(external_id="H-1").seats == 9
    at_work.acme.refresh_from_db()
    assert at_work.acme.seats != 8


def test_a_file_without_ids_goes_by_names(at_work: Cast, bring: Bring) -> None:
    text = "name,seats\nACME,77\nNova,3\n"
    assert bring(text, "accounts").counts == {"updated": 1, "created": 1}
    at_work.acme.refresh_from_db()
    assert (at_work.acme.seats, at_work.acme.external_id) == (77, "acme")
    assert bring(text, "accounts").counts == {"unchanged": 2}
    assert Account.objects.get(name="Nova").external_id == "Nova"


def test_a_parent_by_hand_is_found_by_its_name(at_work: Cast, bring: Bring) -> None:
    group = AccountFactory.create(name="Helio Group", external_id=None)
    bring("id,name,parent\nH-1,Helio,helio group\n", "accounts")
    assert Account.objects.get(external_id="H-1").parent == group
    AccountFactory.create(name="Twins", external_id=None)
    AccountFactory.create(name="Twins", external_id=None)
    bring("id,name,parent\nH-2,Helio 2,Twins\n", "accounts")
    assert Account.objects.get(external_id="H-2").parent is None
    assert AwaitedParent.objects.get().external_id == "Twins"


def test_exported_contacts_come_in_again_unchanged(at_work: Cast, sign_in, bring: Bring) -> None:
    ContactFactory.create(account=at_work.cedar, name="Nameless mail", email="")
    ContactFactory.create(account=at_work.dune, name="Has an id", external_id="C-1", email="")
    before = list(Contact.objects.order_by("id").values("id", "name", "email", "account_id"))
    columns = "name,external_id,account,email,title,phone"
    file = exported(sign_in(at_work.owner), f"/accounts/contacts/?cols={columns}&format=csv")
    assert bring(file, "contacts").counts == {"unchanged": len(before)}
    assert list(Contact.objects.order_by("id").values(*before[0])) == before


def test_a_contact_keeps_its_id_where_a_file_has_none(at_work: Cast, sign_in, bring: Bring) -> None:
    ContactFactory.create(account=at_work.dune, name="Has an id", external_id="C-1")
    ContactFactory.create(account=at_work.dune, name="By hand", external_id=None)
    before = dict(Contact.objects.values_list("id", "external_id"))
    columns = "name,account,email"
    file = exported(sign_in(at_work.owner), f"/accounts/contacts/?cols={columns}&format=csv")
    for _ in range(2):
        run = bring(file, "contacts")
        assert run.counts == {"unchanged": len(before)}
        assert dict(Contact.objects.values_list("id", "external_id")) == before
    # Without an id by an address that changes: still the same person, still without an id.
    run = bring(file.replace(b"By hand", b"By Hand"), "contacts")
    assert run.counts == {"unchanged": len(before) - 1, "updated": 1}
    assert dict(Contact.objects.values_list("id", "external_id")) == before


def test_contacts_whose_id_is_blank_are_not_taken_for_one_another(bring: Bring) -> None:
    text = (
        "id,account_id,name,email\n,acme,Ann,ann@acme.example\n,birch,Ben,ben@birch.example\n"
        ",acme,Cay,\n,birch,Cay,\n"
    )
    assert bring(text, "contacts").counts == {"created": 4}
    assert bring(text, "contacts").counts == {"unchanged": 4}
    assert bring(text.replace("Ben,", "Benjamin,"), "contacts").counts == {
        "unchanged": 3,
        "updated": 1,
    }
    assert Contact.objects.get(email="ann@acme.example").name == "Ann"


def test_a_name_that_several_have_names_nobody(at_work: Cast, bring: Bring) -> None:
    AccountFactory.create(name="Acme", external_id="acme-2")
    Person.objects.filter(email="ines@northwind.example").update(name="Marek Novak")
    run = bring(
        "id,name,csm\nN-1,New,marek novak\nN-2,Newer,Ines\nN-3,Newest,DANA REYES\n", "accounts"
    )
    assert [row[2] for row in rejected_rows(run)] == [
        "2 members are called “marek novak”; give the e-mail.",
        "No member of this business has the name Ines.",
    ]
    assert Account.objects.get(external_id="N-3").csm_id == at_work.owner.membership_id
    run = bring("account,name\nAcme,Ada\nbirch,Bo Two\nCEDAR,Ce\n", "contacts")
    assert [row[2] for row in rejected_rows(run)] == ["There is no account with the id “Acme”."]


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_custom_fields_with_odd_values_come_in_again_unchanged(
    at_work: Cast, sign_in, tmp_path: Path, ending: str
) -> None:
    owner = at_work.owner
    choices = ["Red, dark", "Red", "Green; light", "Blue"]
    define(actor=owner, at=MORNING, subject="account", label="Note", kind="text")
    define(actor=owner, at=MORNING, subject="account", label="Day", kind="date")
    for kind in ("choice", "choices"):
        define(actor=owner, at=MORNING, subject="account", label=kind, kind=kind, choices=choices)
    odd: dict[int, dict[str, object]] = {
        at_work.acme.id: {"note": "'=1", "day": date(2999, 12, 31), "choices": ["red_dark"]},
        at_work.birch.id: {
            "note": "''=1 '", "choice": "green_light", "choices": ["red", "green_light", "blue"],
        },
        at_work.cedar.id: {"note": "=1+1", "choices": ["red_dark", "red", "blue"]},
        at_work.dune.id: {"note": "'tis", "day": date(1900, 1, 1), "choice": "red_dark"},
    }  # fmt: skip
    set_values(actor=owner, at=MORNING, subject=Subject.ACCOUNT, values=odd)
    columns = "name,external_id,cf_note,cf_day,cf_choice,cf_choices"
    path = tmp_path / f"file.{ending}"
    path.write_bytes(exported(sign_in(owner), f"/accounts/?cols={columns}&format={ending}"))
    [run] = import_files([path], actor=owner, wishes=Wishes(kind="accounts"))
    assert run.counts == {"unchanged": 5}
    text = 'id,name,choice,choices\nacme,Acme,Purple,\nbirch,Birch,,"Blue,Green; light"\n'
    path = tmp_path / "more.csv"
    path.write_text(text)
    [run] = import_files([path], actor=owner, wishes=Wishes(kind="accounts"))
    [told] = [row[2] for row in rejected_rows(run)]
    assert told == "choice: “Purple” is not one of Red, dark, Red, Green; light, Blue."
    assert run.counts == {"updated": 1, "error": 1}


@pytest.mark.parametrize(
    ("address", "stored"),
    [
        ("example.test", "https://example.test"),
        ("example.test:8080/x", "https://example.test:8080/x"),
        ("HTTP://EXAMPLE.TEST", "HTTP://EXAMPLE.TEST"),
        ("https://intranet/wiki", ""),
        ("ftp://example.test", ""),
        ("javascript:alert(1)", ""),
        ("mailto:ann@example.test", ""),
    ],
)
def test_only_web_addresses_are_websites(bring: Bring, address: str, stored: str) -> None:
    run = bring(f"id,name,website\nW-1,Web,{address}\n", "accounts")
    assert [row.website for row in Account.objects.filter(external_id="W-1")] == [stored][
        : bool(stored)
    ]
    assert run.counts == ({"created": 1} if stored else {"error": 1})


@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-31", "3000-01-01", "9999-12-31"])
def test_forms_take_the_days_that_imports_take(at_work: Cast, sign_in, day: str) -> None:
    client = sign_in(at_work.owner)
    for form in (
        AccountForm(
            {"name": "Acme", "stage": "active", "customer_since": day}, viewer=at_work.owner
        ),
        ContactForm({"name": "Ann", "left_on": day}, viewer=at_work.owner),
    ):
        assert "Enter a date from 1900 to 2999." in str(form.errors)
    task = {"title": "Call", "priority": "normal", "due_on": day}
    answer = client.post("/tasks/add/", task)
    assert answer.status_code == 422
    assert "Enter a date from 1900 to 2999." in answer.content.decode()
