"""Custom fields where people meet them: settings, forms, account page, imports (CS-6, CS-7)."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from afterclose.accounts.custom_fields import queries
from afterclose.accounts.custom_fields.models import CustomField, Kind, Subject
from afterclose.accounts.imports.command import Wishes, import_files, rejected_rows
from afterclose.accounts.models import Account, Contact
from afterclose.kit.money import Money

from .test_custom_fields import SAMPLES, define, put, read


def page(name, *args):
    return reverse(f"accounts:{name}", args=args)


def sent(**values):
    return {"stage": "active", **values}


@pytest.fixture
def fields(cast):
    with cast.at_work():
        for kind in Kind:
            define(cast, kind, kind.label)
    return cast


# ------------------------------------------------------------------------- settings


def test_an_admin_defines_renames_orders_deletes_and_restores(cast, sign_in):
    client = sign_in(cast.admin)
    for label, kind, choices in (
        ("Tier", "choice", "Silver\nGold\n"),
        ("Partner", "text", ""),
    ):
        made = client.post(
            page("custom_field_add"), {"label": label, "kind": kind, "choices": choices}
        )
        assert made.status_code == 302
    with cast.at_work():
        tier, partner = CustomField.objects.all()
        gold = tier.choices.get(key="gold")
    client.post(page("custom_field_move", partner.id), {"direction": "up"})
    client.post(page("custom_field", tier.id), {"label": "Level", "help": "Service"})
    client.post(page("custom_choice", gold.id), {"label": "Gold plus"})
    client.post(page("custom_choice_move", gold.id), {"direction": "up"})
    client.post(page("custom_choice_add", tier.id), {"new-label": "Platinum"})
    text = client.get(page("custom_fields")).content.decode()
    assert text.index("Partner") < text.index("Level")
    assert "Gold plus, Silver, Platinum" in text
    with cast.at_work():
        put(cast, {cast.acme.id: {"tier": "gold"}})
    asked = client.get(page("custom_field_delete", tier.id)).content.decode()
    assert "1 account has" in " ".join(asked.split()).replace('<span class="figure">1</span>', "1")
    client.post(page("custom_field_delete", tier.id))
    assert "Restore Level" in client.get(page("custom_fields")).content.decode()
    client.post(page("custom_field_restore", tier.id))
    with cast.at_work():
        assert read(cast, cast.acme) == {"partner": None, "tier": "gold"}


def test_what_cannot_be_defined_is_told_at_its_field(cast, sign_in):
    client = sign_in(cast.admin)
    answer = client.post(page("custom_field_add"), {"label": " ", "kind": "choice"})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"label", "choices"}
    with cast.at_work():
        define(cast, Kind.TEXT, "Partner")
    answer = client.post(page("custom_field_add"), {"label": "partner", "kind": "text"})
    assert "in the list already" in answer.context["form"].errors["label"][0]


def test_dragging_saves_the_order(fields, sign_in):
    with fields.at_work():
        ids = list(CustomField.objects.values_list("id", flat=True))
    sign_in(fields.admin).post(
        page("custom_field_order"), {"subject": "account", "ids": [*reversed(ids)]}
    )
    with fields.at_work():
        assert list(CustomField.objects.values_list("id", flat=True)) == ids[::-1]


# ---------------------------------------------------------------------------- forms

TYPED = {
    "cf_text": SAMPLES[Kind.TEXT],
    "cf_number": "-1234567.000001",
    "cf_money_0": "-1.250",
    "cf_money_1": "kwd",
    "cf_date": "2024-02-29",
    "cf_yes_or_no": "no",
    "cf_single_choice": "gold",
    "cf_multiple_choice": ["gold", "silver"],
    "cf_web_address": "example.com/a?b=c#d",
}


def test_a_new_account_has_what_the_form_said_and_its_page_shows_it(fields, sign_in):
    client = sign_in(fields.manager)
    made = client.post(page("create"), sent(name="Gale", **TYPED))
    assert made.status_code == 302
    with fields.at_work():
        gale = Account.objects.get(name="Gale")
        assert list(read(fields, gale).values()) == list(SAMPLES.values())
    text = client.get(page("detail", gale.id)).content.decode()
    for words in ("Straße 7", "−1,234,567.000001", "Gold", 'href="https://example.com/a?b=c#d"'):
        assert words in text


def test_saving_the_edit_form_as_it_stands_changes_nothing(fields, sign_in):
    with fields.at_work():
        known = queries.fields(fields.manager, Subject.ACCOUNT)
        put(fields, {fields.acme.id: {each.key: SAMPLES[each.kind] for each in known}})
        before = read(fields, fields.acme)
    client = sign_in(fields.manager)
    form = client.get(page("edit", fields.acme.id)).context["form"]
    data = {}
    for field in form:
        value = field.value()
        if isinstance(value, Money):
            data[f"{field.html_name}_0"] = value.plain()
            data[f"{field.html_name}_1"] = value.currency
        elif value not in (None, ""):
            data[field.html_name] = value
    assert client.post(page("edit", fields.acme.id), data).status_code == 302
    with fields.at_work():
        assert read(fields, fields.acme) == before


def test_what_a_program_wrote_does_not_stop_the_form(fields, sign_in):
    """A name without a dot is a web address to the rules, whoever writes it."""
    with fields.at_work():
        put(fields, {fields.acme.id: {"web_address": "https://intranet/wiki"}})
    client = sign_in(fields.manager)
    page_of_acme = page("edit", fields.acme.id)
    typed = {"cf_web_address": "https://intranet/wiki", "cf_text": "new"}
    assert client.post(page_of_acme, sent(name="Acme", **typed)).status_code == 302
    with fields.at_work():
        held = read(fields, fields.acme)
        assert (held["web_address"], held["text"]) == ("https://intranet/wiki", "new")


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"cf_number": "1.0000001"}, "cf_number", "6 decimal"),
        ({"cf_money_0": "12", "cf_money_1": "XXQ"}, "cf_money", "currency code"),
        ({"cf_money_0": "a lot"}, "cf_money", "amount"),
        ({"cf_date": "0024-02-29"}, "cf_date", "1900"),
        ({"cf_single_choice": "bronze"}, "cf_single_choice", "valid choice"),
        ({"cf_web_address": "javascript:alert(1)"}, "cf_web_address", "begins with https://"),
        ({}, "cf_sponsor", "Sponsor is required."),
    ],
)
def test_a_wrong_value_is_told_at_its_field_and_nothing_typed_is_lost(
    fields, sign_in, typed, field, said
):
    with fields.at_work():
        define(fields, Kind.TEXT, "Sponsor", is_required=True)
    more = {} if field == "cf_sponsor" else {"cf_sponsor": "Ada"}
    answer = sign_in(fields.manager).post(
        page("create"), sent(name="Gale", cf_text="kept", **typed, **more)
    )
    assert answer.status_code == 422
    assert said in answer.context["form"].errors[field][0]
    assert 'value="kept"' in answer.content.decode()
    with fields.at_work():
        assert not Account.objects.filter(name="Gale").exists()


def test_contacts_have_their_fields_in_their_form(cast, sign_in):
    with cast.at_work():
        define(cast, Kind.DATE, "Birthday", Subject.CONTACT)
    client = sign_in(cast.manager)
    client.post(page("contact_add", cast.acme.id), {"name": "Ada", "cf_birthday": "1990-05-01"})
    with cast.at_work():
        ada = Contact.objects.get(name="Ada")
        assert read(cast, ada, Subject.CONTACT) == {"birthday": date(1990, 5, 1)}
    shown = client.get(page("contact_edit", cast.acme.id, ada.id)).content.decode()
    assert 'value="1990-05-01"' in shown


# -------------------------------------------------------------------------- imports


@pytest.fixture
def bring(at_work, tmp_path):
    def bring(text, kind="accounts"):
        path = tmp_path / "file.csv"
        path.write_text(text)
        [run] = import_files([path], actor=at_work.owner, wishes=Wishes(kind=kind))
        return run.counts, [(int(row[0]), row[2]) for row in rejected_rows(run)]

    return bring


HEAD = "id,name,Tier,Products,Budget,Budget currency,Seats sold,NDA,Since,Notes,Link\n"


@pytest.fixture
def targets(at_work):
    define(at_work, Kind.CHOICE, "Tier")
    define(at_work, Kind.CHOICES, "Products", choices=["Core", "Mobile, small", "Maps"])
    define(at_work, Kind.MONEY, "Budget")
    define(at_work, Kind.NUMBER, "Seats sold")
    define(at_work, Kind.BOOLEAN, "NDA")
    define(at_work, Kind.DATE, "Since")
    define(at_work, Kind.TEXT, "Notes")
    define(at_work, Kind.URL, "Link")
    return at_work


def test_a_file_fills_custom_fields_and_a_second_time_changes_nothing(targets, bring):
    text = HEAD + (
        'g1,Gale,gold,"Maps; Mobile, small",12.50,EUR,1.5,yes,2024-02-29,Ärger,example.com\n'
        "g2,Hill,,,,,,,,,\n"
    )
    assert bring(text) == ({"created": 2}, [])
    gale = Account.objects.get(external_id="g1")
    assert read(targets, gale) == {
        "tier": "gold",
        "products": ("mobile_small", "maps"),
        "budget": Money(1250, "EUR"),
        "seats_sold": Decimal("1.5"),
        "nda": True,
        "since": date(2024, 2, 29),
        "notes": "Ärger",
        "link": "https://example.com",
    }
    assert bring(text)[0] == {"unchanged": 2}
    assert bring(text.replace("gold", "Platinum"))[0] == {"updated": 1, "unchanged": 1}
    assert read(targets, gale)["tier"] == "platinum"


def test_a_row_that_does_not_fit_is_kept_out_and_names_the_field(targets, bring):
    define(targets, Kind.TEXT, "Sponsor", is_required=True)
    counts, told = bring(
        HEAD.replace("\n", ",Sponsor\n")
        + "g1,Gale,bronze,,,,,,,,,Ada\n"
        + "g2,Hill,,Core;Cars,,,,,,,,Ada\n"
        + "g3,Ives,,,,,1.0000001,,,,,Ada\n"
        + "g4,Jura,,,,,,,,,,\n"
        + "acme,Acme,,,,,,,,note,,\n"
    )
    assert counts == {"error": 4, "updated": 1}
    reasons = [reason for _, reason in told]
    assert "Tier: “bronze” is not one of" in reasons[0]
    assert "Products: “Cars” is not one of Core, Mobile, small, Maps." in reasons[1]
    assert "Seats sold: use at most 6 decimals." in reasons[2]
    assert reasons[3] == "Sponsor is required."
