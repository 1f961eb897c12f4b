"""One field of many accounts or contacts, set at once after a look (CS-9)."""

from datetime import date

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from afterclose.accounts import many
from afterclose.accounts.custom_fields import queries as custom
from afterclose.accounts.custom_fields.actions import define_field
from afterclose.accounts.custom_fields.models import Subject
from afterclose.accounts.models import Account, Contact
from afterclose.businesses.models import AuditEntry
from tests.factories import MORNING, AccountFactory


def setting(at_work, accounts, field, value, **more):
    return many.set_own(
        actor=at_work.manager, at=MORNING, subject=Subject.ACCOUNT,
        ids=[each.id for each in accounts], field=field, value=value, **more,
    )  # fmt: skip


def test_those_who_have_another_value_get_it_and_an_entry_each(at_work):
    Account.objects.filter(id=at_work.elm.id).update(plan="Gold")
    Account.objects.filter(id=at_work.acme.id).update(plan="Silver")
    assert setting(at_work, [at_work.acme, at_work.elm], "plan", "Gold") == 1
    assert Account.objects.get(id=at_work.acme.id).plan == "Gold"
    [entry] = AuditEntry.objects.filter(verb="account.changed")
    assert (entry.subject_label, entry.changes) == ("Acme", {"plan": ["Silver", "Gold"]})
    assert setting(at_work, [at_work.acme], "seats", "12") == 1
    assert Account.objects.get(id=at_work.acme.id).seats == 12
    assert setting(at_work, [at_work.acme], "seats", None) == 1
    assert Account.objects.get(id=at_work.acme.id).seats is None


@pytest.mark.parametrize(
    ("field", "value"), [("seats", "-1"), ("plan", "x" * 101), ("name", "Same"), ("website", "::")]
)
def test_what_does_not_fit_is_refused_as_for_one(at_work, field, value):
    with pytest.raises(ValidationError):
        setting(at_work, [at_work.acme], field, value)


def test_neither_without_the_right_nor_over_there(at_work):
    with pytest.raises(PermissionDenied):
        many.set_own(
            actor=at_work.member,
            at=MORNING,
            subject=Subject.ACCOUNT,
            ids=[],
            field="plan",
            value="",
        )
    assert setting(at_work, [at_work.foreign], "plan", "Gold") == 0


def test_the_number_of_statements_does_not_grow_with_the_rows(at_work):
    accounts = AccountFactory.create_batch(40)

    def asked(rows, value):
        with CaptureQueriesContext(connection) as queries:
            setting(at_work, rows, "plan", value)
        return len(queries)

    asked(accounts[:1], "Warm")
    assert asked(accounts, "Gold") == asked(accounts[:2], "Silver")


def steps(client, path, rows, **values):
    """The bulk page with these values posted, as text."""
    answer = client.post(path, {"bulk": "field", "ids": rows, "confirmed": len(rows), **values})
    return answer, answer.content.decode()


def test_a_field_is_chosen_then_its_value_then_looked_at_then_set(at_work, sign_in):
    client = sign_in(at_work.manager)
    rows = [at_work.acme.id, at_work.elm.id]
    Account.objects.filter(id=at_work.elm.id).update(country="DE")
    page = client.post("/accounts/", {"bulk": "field", "ids": rows}).content.decode()
    assert "Choose a field" in page
    assert ">Next</button>" in page
    answer, page = steps(client, "/accounts/", rows, field="country")
    assert answer.status_code == 200
    assert 'name="value"' in page
    answer, page = steps(client, "/accounts/", rows, field="country", value_of="country", value="x")
    assert answer.status_code == 422
    assert "two-letter country code" in page
    said = {"field": "country", "value_of": "country", "value": "de"}
    answer, page = steps(client, "/accounts/", rows, **said)
    look = "1 account would change: “Country” becomes DE. The other 1 have it already."
    assert look in page
    assert not Account.objects.filter(id=at_work.acme.id, country="DE").exists()
    # Somebody else was quicker: what was looked at is not so any more, so it is shown again.
    Account.objects.filter(id=at_work.elm.id).update(country="FR")
    answer, page = steps(client, "/accounts/", rows, **said, looked=look)
    assert "2 accounts would change" in page
    now = "2 accounts would change: “Country” becomes DE."
    answer, _ = steps(client, "/accounts/", rows, **said, looked=now)
    assert answer.status_code == 302
    assert Account.objects.filter(id__in=rows, country="DE").count() == 2


def test_another_field_than_the_one_whose_value_was_asked_is_asked_for_anew(at_work, sign_in):
    client, rows = sign_in(at_work.manager), [at_work.acme.id]
    answer, page = steps(
        client, "/accounts/", rows, field="seats", value_of="plan", value="Gold", looked="?"
    )
    assert answer.status_code == 200
    assert 'name="value_of" value="seats"' in page
    answer, page = steps(client, "/accounts/", rows, field="name")
    assert answer.status_code == 422


def test_a_custom_field_of_all_that_match_is_set_and_cleared(at_work, sign_in):
    who = {"actor": at_work.admin, "at": MORNING, "subject": Subject.ACCOUNT}
    define_field(**who, label="Tier", kind="choice", choices=["One", "Two"])
    [tier] = custom.fields(at_work.admin, Subject.ACCOUNT)
    client = sign_in(at_work.manager)
    count = Account.objects.filter(stage="active").count()
    both = {"bulk": "field", "all": "1", "query": "stage=active", "confirmed": count}
    said = {**both, "field": tier.name, "value_of": tier.name, "value": tier.choices[0].key}
    page = client.post("/accounts/", said).content.decode()
    look = f"{count} accounts would change: “Tier” becomes One."
    assert look in page
    assert client.post("/accounts/", {**said, "looked": look}).status_code == 302
    held = custom.values(at_work.admin, Subject.ACCOUNT, [at_work.acme.id, at_work.dune.id])
    assert held[at_work.acme.id][tier.key] == tier.choices[0].key
    assert held[at_work.dune.id][tier.key] is None
    entry = AuditEntry.objects.filter(verb="account.changed", subject_id=at_work.acme.id).get()
    assert entry.changes == {"Tier": ["", "One"]}
    page = client.post("/accounts/", said).content.decode()
    assert "Nothing would change" in page
    clear = {**said, "value": ""}
    look = f"{count} accounts would change: “Tier” is cleared."
    assert look in client.post("/accounts/", clear).content.decode()
    client.post("/accounts/", {**clear, "looked": look})
    held = custom.values(at_work.admin, Subject.ACCOUNT, [at_work.acme.id])
    assert held[at_work.acme.id][tier.key] is None


def test_contacts_have_it_too(at_work, sign_in):
    ada = Contact.objects.get(name="Ada Lind")
    said = {"field": "left_on", "value_of": "left_on", "value": "2026-01-31"}
    client = sign_in(at_work.manager)
    _, page = steps(client, "/accounts/contacts/", [ada.id], **said)
    look = page.split('name="looked" value="')[1].split('"')[0]
    assert look.startswith("1 contact would change")
    steps(client, "/accounts/contacts/", [ada.id], **said, looked=look)
    ada.refresh_from_db()
    assert ada.left_on == date(2026, 1, 31)
