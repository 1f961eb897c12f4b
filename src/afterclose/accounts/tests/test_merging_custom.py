"""Custom fields of two that become one: chosen side by side, and back again."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from hypothesis import given, settings, strategies as st

from afterclose.accounts.custom_fields.actions import (
    define_field,
    delete_choice,
    delete_field,
    restore_choice,
    restore_field,
)
from afterclose.accounts.custom_fields.models import CustomChoice
from afterclose.accounts.custom_fields.queries import values as values_of
from afterclose.accounts.custom_fields.writing import set_values
from afterclose.accounts.merging import queries
from afterclose.accounts.merging.actions import undo_merge
from afterclose.accounts.merging.kinds import ACCOUNTS, CONTACTS
from afterclose.accounts.models import Contact
from afterclose.businesses.models import AuditEntry
from afterclose.kit.money import Money
from tests.contents import contents
from tests.factories import MORNING, AccountFactory, ContactFactory

COLOURS = ("red", "green", "blue")
#: A field of every kind, and values that it can hold.
KINDS = {
    "text": st.sampled_from(["One", "Two", "x" * 300]),
    "number": st.sampled_from([Decimal("1.5"), Decimal(-2), Decimal(0)]),
    "money": st.sampled_from([Money(1250, "USD"), Money(1250, "EUR"), Money(1250, "JPY")]),
    "date": st.sampled_from([date(2026, 1, 31), date(1999, 12, 31)]),
    "boolean": st.booleans(),
    "choice": st.sampled_from(COLOURS),
    "choices": st.sampled_from([("red",), ("red", "green"), ("green", "blue"), COLOURS]),
    "url": st.sampled_from(["https://one.example/a", "http://two.example"]),
}
SIDES = st.sampled_from(["winner", "loser"])


def define(cast, kind, label, *, subject="contact", required=False):
    return define_field(
        actor=cast.owner, at=MORNING, subject=subject, label=label, kind=kind,
        choices=COLOURS if kind.startswith("choice") else (), is_required=required,
    )  # fmt: skip


def write(cast, row, subject="contact", **values):
    set_values(actor=cast.owner, at=MORNING, subject=subject, values={row.id: values})


def read(cast, row, subject="contact"):
    return values_of(cast.owner, subject, [row.id])[row.id]


def merge(cast, winner, loser, kind=CONTACTS, **sides):
    return kind.merge(
        actor=cast.manager, at=MORNING, winner_id=winner.id, loser_id=loser.id, sides=sides
    )


def undo(cast, merged):
    undo_merge(actor=cast.manager, at=MORNING, merge_id=merged.id)


@pytest.fixture
def pair(at_work):
    return [ContactFactory.create(account=at_work.acme, name=name) for name in ("Ada", "A. Lind")]


@settings(max_examples=30)
@given(
    ours=st.fixed_dictionaries({}, optional=KINDS),
    theirs=st.fixed_dictionaries({}, optional=KINDS),
    sides=st.dictionaries(st.sampled_from(sorted(KINDS)), SIDES),
    subject=st.sampled_from(["account", "contact"]),
)
def test_each_field_has_what_was_chosen_and_an_undo_gives_back_every_byte(
    at_work, ours, theirs, sides, subject
):
    kind = ACCOUNTS if subject == "account" else CONTACTS
    factory = AccountFactory if subject == "account" else ContactFactory
    with transaction.atomic():
        for each in KINDS:
            define(at_work, each, each, subject=subject)
        winner, loser = factory.create(), factory.create()
        write(at_work, winner, subject, **ours)
        write(at_work, loser, subject, **theirs)
        before = contents()
        chosen = {f"cf_{key}": side for key, side in sides.items()}
        merged = merge(at_work, winner, loser, kind, **chosen)
        assert read(at_work, winner, subject) == {
            key: {"winner": ours, "loser": theirs}[
                sides.get(key, "winner" if key in ours else "loser")
            ].get(key)
            for key in KINDS
        }
        undo(at_work, merged)
        after = contents()
        assert {label for label in before if before[label] != after[label]} == set()
        transaction.set_rollback(True)


def test_the_preview_shows_both_and_suggests_what_the_one_that_stays_has(at_work, pair):
    ada, twin = pair
    for label, kind in (("Tier", "text"), ("Seat", "number"), ("Colours", "choices")):
        define(at_work, kind, label)
    write(at_work, ada, tier="Gold", colours=["red"])
    write(at_work, twin, tier="Silver", seat=4, colours=["green", "blue"])
    shown = queries.preview(at_work.manager, CONTACTS, ada.id, twin.id)
    custom = {fact.name: fact for fact in shown.facts if fact.definition}
    assert [(name, fact.suggested, fact.said) for name, fact in custom.items()] == [
        ("cf_tier", "winner", ("Gold", "Silver")),
        ("cf_seat", "loser", ("", '<span class="figure">4</span>')),
        ("cf_colours", "winner", custom["cf_colours"].said),
    ]
    assert "green" in custom["cf_colours"].said[1]
    assert shown.follows == []


def test_what_is_chosen_is_in_the_audit_log_by_its_words(at_work, pair):
    define(at_work, "money", "Budget")
    write(at_work, pair[0], budget=Money(100, "USD"))
    write(at_work, pair[1], budget=Money(250, "EUR"))
    merge(at_work, *pair, cf_budget="loser")
    entry = AuditEntry.objects.get(verb="contact.merged")
    assert entry.changes["values"]["cf_budget"] == str(Money(250, "EUR"))


@pytest.mark.parametrize(
    ("kind", "ours", "theirs", "later"),
    [("text", "one", "two", "three"), ("choice", "red", "green", "blue"),
     ("choices", ["red"], ["green"], ["red", "blue"]), ("text", "one", None, "three")],
)  # fmt: skip
def test_what_somebody_wrote_since_stays_with_the_one_that_stayed(
    at_work, pair, kind, ours, theirs, later
):
    define(at_work, kind, "Tier")
    for row, value in zip(pair, (ours, theirs), strict=True):
        write(at_work, row, tier=value)
    merged = merge(at_work, *pair, cf_tier="loser")
    write(at_work, pair[0], tier=later)
    undo(at_work, merged)
    mine, other = (read(at_work, row)["tier"] for row in pair)
    assert mine == (tuple(later) if kind == "choices" else later)
    assert other == (tuple(theirs) if kind == "choices" else theirs)


def test_a_required_field_does_not_become_empty(at_work, pair):
    define(at_work, "text", "Tier", required=True)
    write(at_work, pair[0], tier="Gold")
    with pytest.raises(ValidationError, match="Tier is required"):
        merge(at_work, *pair, cf_tier="loser")
    merge(at_work, *pair)
    assert read(at_work, pair[0]) == {"tier": "Gold"}


def test_values_of_deleted_choices_and_fields_go_along_until_they_are_restored(at_work, pair):
    colours, tier = define(at_work, "choices", "Colours"), define(at_work, "text", "Tier")
    write(at_work, pair[0], colours=["green"])
    write(at_work, pair[1], colours=["red", "blue"], tier="Gold")
    red = CustomChoice.objects.get(field=colours, key="red")
    delete_choice(actor=at_work.owner, at=MORNING, choice_id=red.id)
    delete_field(actor=at_work.owner, at=MORNING, field_id=tier.id)
    before = contents()
    merged = merge(at_work, *pair)
    assert read(at_work, pair[0]) == {"colours": ("green",)}
    undo(at_work, merged)
    now = contents()
    assert now["accounts.ContactValue"] == before["accounts.ContactValue"]
    merge(at_work, *pair)
    restore_choice(actor=at_work.owner, at=MORNING, choice_id=red.id)
    restore_field(actor=at_work.owner, at=MORNING, field_id=tier.id)
    assert read(at_work, pair[0]) == {"colours": ("red", "green"), "tier": "Gold"}


def test_from_the_page(cast, sign_in):
    client = sign_in(cast.manager)
    with cast.at_work():
        define(cast, "url", "Profile")
        ada, bo = (Contact.objects.get(name=name) for name in ("Ada Lind", "Bo Hart"))
        write(cast, ada, profile="https://a.example/")
        write(cast, bo, profile="https://b.example/")
    preview = reverse("accounts:contact_merge", args=[ada.id, bo.id])
    text = client.get(preview).content.decode()
    assert "https://b.example/" in text
    assert '<input class="form-check-input" type="radio" name="cf_profile" value="loser"' in text
    client.post(preview, {"cf_profile": "loser"})
    with cast.at_work():
        assert read(cast, ada) == {"profile": "https://b.example/"}
