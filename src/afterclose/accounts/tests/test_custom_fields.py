"""Custom fields: definitions, values, and that nothing is lost by renaming or deleting (CS-6)."""

from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from hypothesis import given, strategies as st

from afterclose.accounts.custom_fields import actions, queries, rules, writing
from afterclose.accounts.custom_fields.models import (
    AccountValue,
    CustomChoice,
    CustomField,
    Kind,
    Subject,
)
from afterclose.accounts.custom_fields.rules import Choice, Definition
from afterclose.accounts.models import Account
from afterclose.businesses.models import AuditEntry
from afterclose.businesses.settings import remember_settings
from afterclose.kit.money import Money
from tests.factories import MORNING, ContactFactory

SAMPLES = {
    Kind.TEXT: "Straße 7, Ångström & Sons",
    Kind.NUMBER: Decimal("-1234567.000001"),
    Kind.MONEY: Money(-1250, "KWD"),
    Kind.DATE: date(2024, 2, 29),
    Kind.BOOLEAN: False,
    Kind.CHOICE: "gold",
    Kind.CHOICES: ("silver", "gold"),
    Kind.URL: "https://example.com/a?b=c#d",
}


def define(cast, kind=Kind.TEXT, label="Partner", subject=Subject.ACCOUNT, **more):
    if Kind(kind).has_choices:
        more.setdefault("choices", ["Silver", "Gold", "Platinum"])
    return actions.define_field(
        actor=cast.admin, at=MORNING, subject=subject, label=label, kind=kind, **more
    )


def put(cast, values, subject=Subject.ACCOUNT, **more):
    return writing.set_values(
        actor=cast.manager, at=MORNING, subject=subject, values=values, **more
    )


def read(cast, account, subject=Subject.ACCOUNT):
    return queries.values(cast.manager, subject, [account.id])[account.id]


@pytest.mark.parametrize("kind", Kind)
def test_a_value_of_each_type_comes_back_as_it_was_set(at_work, kind):
    field = define(at_work, kind)
    put(at_work, {at_work.acme.id: {field.key: SAMPLES[kind]}})
    assert read(at_work, at_work.acme)[field.key] == SAMPLES[kind]
    assert read(at_work, at_work.birch)[field.key] is None
    put(at_work, {at_work.acme.id: {field.key: None}})
    assert read(at_work, at_work.acme)[field.key] is None
    assert not AccountValue.objects.exists()


def definition(kind):
    return Definition(
        1,
        Subject.ACCOUNT,
        "x",
        "X",
        kind,
        choices=(Choice(7, "silver", "Silver", 0), Choice(9, "gold", "Gold", 1)),
    )


numbers = st.decimals(min_value=-rules.LARGEST, max_value=rules.LARGEST, places=6, allow_nan=False)
any_value = st.one_of(
    st.tuples(st.just(Kind.TEXT), st.text(max_size=1000).filter(lambda t: "\x00" not in t)),
    st.tuples(st.just(Kind.NUMBER), numbers),
    st.tuples(
        st.just(Kind.MONEY),
        st.builds(
            Money,
            st.integers(-rules.LARGEST_MINOR, rules.LARGEST_MINOR),
            st.sampled_from(["USD", "JPY", "KWD"]),
        ),
    ),
    st.tuples(st.just(Kind.DATE), st.dates(date(1900, 1, 1), date(2999, 12, 31))),
    st.tuples(st.just(Kind.BOOLEAN), st.booleans()),
    st.tuples(st.just(Kind.CHOICE), st.sampled_from(["silver", "gold"])),
    st.tuples(st.just(Kind.CHOICES), st.sets(st.sampled_from(["silver", "gold"]))),
)


@given(any_value)
def test_columns_and_json_give_back_the_checked_value(pair):
    kind, given_value = pair
    field = definition(kind)
    value = rules.check(field, given_value)
    blank = dict.fromkeys(rules.COLUMNS)
    rows = [SimpleNamespace(**{**blank, **row}) for row in rules.columns_of(field, value)]
    assert rules.value_of(field, rows) == value
    assert rules.from_json(field, rules.to_json(field, value)) == value


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        (Kind.TEXT, "x" * 1001, "at most 1,000 characters"),
        (Kind.TEXT, "a\x00b", "cannot be stored"),
        (Kind.TEXT, "\ud800", "cannot be stored"),
        (Kind.NUMBER, "1.0000001", "at most 6 decimals"),
        (Kind.NUMBER, "NaN", "enter a number"),
        (Kind.NUMBER, "1e13", "enter a number"),
        (Kind.NUMBER, 10**13, "at most"),
        (Kind.MONEY, {"amount": "1_000", "currency": "USD"}, "not a number"),
        (Kind.MONEY, {"amount": 1e300, "currency": "USD"}, "too large"),
        (Kind.MONEY, {"amount": 1e-300, "currency": "USD"}, "USD has 2 decimals"),
        (Kind.NUMBER, True, "enter a number"),
        (Kind.NUMBER, "twelve", "enter a number"),
        (Kind.MONEY, {"amount": "1.005", "currency": "USD"}, "USD has 2 decimals"),
        (Kind.MONEY, {"amount": "1", "currency": "XXQ"}, "currency code"),
        (Kind.MONEY, "12", "amount and currency"),
        (Kind.DATE, "2026-02-30", "enter a date"),
        (Kind.DATE, "20260228", "enter a date"),
        (Kind.DATE, "2026-W05-6", "enter a date"),
        (Kind.DATE, "0024-02-03", "1900"),
        (Kind.BOOLEAN, "yes", "yes or no"),
        (Kind.CHOICE, "bronze", "none of its choices"),
        (Kind.CHOICES, "gold", "list of choices"),
        (Kind.CHOICES, ["gold", ["x"]], "none of its choices"),
        (Kind.URL, "javascript:alert(1)", "https://"),
        (Kind.URL, "https://", "https://"),
        (Kind.URL, "http://[bad", "https://"),
        (Kind.URL, "ftp://example.com", "https://"),
    ],
)
def test_what_a_field_cannot_hold_is_refused_in_words(kind, value, said):
    with pytest.raises(rules.WrongValueError, match=said):
        rules.from_json(definition(kind), value)


def test_a_fault_names_its_field_and_nothing_is_written(at_work):
    seats = define(at_work, Kind.NUMBER, "Seats sold")
    define(at_work, Kind.DATE, "Sponsor since", is_required=True)
    with pytest.raises(ValidationError) as caught:
        put(at_work, {at_work.acme.id: {seats.key: "many"}}, complete=True)
    assert caught.value.message_dict == {
        "cf_seats_sold": ["Seats sold: enter a number."],
        "cf_sponsor_since": ["Sponsor since is required."],
    }
    with pytest.raises(ValidationError, match="no field “nonsense”"):
        put(at_work, {at_work.acme.id: {"nonsense": 1}})
    assert not AccountValue.objects.exists()


def test_renaming_a_field_and_a_choice_keeps_every_value(at_work):
    field = define(at_work, Kind.CHOICE, "Tier")
    put(at_work, {at_work.acme.id: {"tier": "gold"}})
    actions.change_field(actor=at_work.admin, at=MORNING, field_id=field.id, label="Level")
    gold = CustomChoice.objects.get(key="gold")
    actions.rename_choice(actor=at_work.admin, at=MORNING, choice_id=gold.id, label="Gold plus")
    [after] = queries.fields(at_work.manager, Subject.ACCOUNT)
    assert (after.key, after.label) == ("tier", "Level")
    assert rules.words(after, read(at_work, at_work.acme)["tier"]) == "Gold plus"


def test_deleting_a_field_hides_its_values_and_restoring_brings_them_back(at_work):
    field = define(at_work, Kind.CHOICES, "Products")
    put(at_work, {at_work.acme.id: {"products": ["gold", "silver"]}})
    assert queries.count_values(at_work.admin, field.id) == 1
    actions.delete_field(actor=at_work.admin, at=MORNING, field_id=field.id)
    assert queries.fields(at_work.manager, Subject.ACCOUNT) == ()
    actions.purge(actor=at_work.admin, at=MORNING + timedelta(days=29))
    actions.restore_field(actor=at_work.admin, at=MORNING + timedelta(days=29), field_id=field.id)
    assert read(at_work, at_work.acme) == {"products": ("silver", "gold")}


def test_after_thirty_days_a_deleted_field_is_gone_with_its_values(at_work):
    field = define(at_work, Kind.TEXT)
    kept = define(at_work, Kind.TEXT, "Kept")
    put(at_work, {at_work.acme.id: {field.key: "Contoso", kept.key: "stays"}})
    actions.delete_field(actor=at_work.admin, at=MORNING, field_id=field.id)
    late = MORNING + timedelta(days=31)
    with pytest.raises(ValidationError, match="30 days"):
        actions.restore_field(actor=at_work.admin, at=late, field_id=field.id)
    assert actions.purge(actor=at_work.admin, at=late) == 1
    assert list(CustomField.objects.all()) == [kept]
    assert read(at_work, at_work.acme) == {"kept": "stays"}


def test_a_deleted_choice_hides_where_it_was_chosen_until_it_is_restored(at_work):
    define(at_work, Kind.CHOICE, "Tier")
    define(at_work, Kind.CHOICES, "Products")
    put(at_work, {at_work.acme.id: {"tier": "gold", "products": ["gold", "silver"]}})
    put(at_work, {at_work.birch.id: {"tier": "gold"}})
    golds = list(CustomChoice.objects.filter(key="gold"))
    for gold in golds:
        actions.delete_choice(actor=at_work.admin, at=MORNING, choice_id=gold.id)
    assert read(at_work, at_work.acme) == {"tier": None, "products": ("silver",)}
    # A form that is saved as it stands loses nothing; a new choice takes the place of the old.
    put(at_work, {at_work.acme.id: {"tier": None, "products": ["silver"]}})
    put(at_work, {at_work.birch.id: {"tier": "silver"}})
    for gold in golds:
        actions.restore_choice(actor=at_work.admin, at=MORNING, choice_id=gold.id)
    assert read(at_work, at_work.acme) == {"tier": "gold", "products": ("silver", "gold")}
    assert read(at_work, at_work.birch)["tier"] == "silver"


def test_the_last_choice_stays(at_work):
    field = define(at_work, Kind.CHOICE, "Tier", choices=["Only"])
    with pytest.raises(ValidationError, match="Delete the field instead"):
        actions.delete_choice(actor=at_work.admin, at=MORNING, choice_id=field.choices.get().id)


def test_reordering_choices_moves_what_lists_sort_by(at_work):
    field = define(at_work, Kind.CHOICE, "Tier")
    put(at_work, {at_work.acme.id: {"tier": "platinum"}, at_work.birch.id: {"tier": "silver"}})
    wanted = [field.choices.get(key=key).id for key in ("platinum", "gold", "silver")]
    actions.order_choices(actor=at_work.admin, at=MORNING, field_id=field.id, choice_ids=wanted)
    in_order = AccountValue.objects.order_by("place").values_list("subject_id", flat=True)
    assert list(in_order) == [at_work.acme.id, at_work.birch.id]


def test_fields_are_in_the_order_that_the_admin_gave(at_work):
    first, second, third = (define(at_work, label=label) for label in ("One", "Two", "Three"))
    actions.order_fields(
        actor=at_work.admin,
        at=MORNING,
        subject=Subject.ACCOUNT,
        field_ids=[third.id, first.id, second.id],
    )
    labels = [each.label for each in queries.fields(at_work.manager, Subject.ACCOUNT)]
    assert labels == ["Three", "One", "Two"]


def test_keys_are_given_once_and_never_collide_in_an_address(at_work):
    labels = ["Valid", "Valid from", "Größe (m²)", "東京", "2nd contact"]
    keys = [define(at_work, label=label).key for label in labels]
    assert keys == ["valid", "valid_from_2", "groe_m2", "field", "field_2nd_contact"]
    with pytest.raises(ValidationError, match="in the list already"):
        define(at_work, label=" valid ")


def test_only_admins_define_and_only_editors_set(at_work):
    with pytest.raises(PermissionDenied, match=r"settings\.edit"):
        actions.define_field(
            actor=at_work.manager,
            at=MORNING,
            subject=Subject.ACCOUNT,
            label="X",
            kind=Kind.TEXT,
        )
    with pytest.raises(PermissionDenied, match=r"accounts\.edit"):
        writing.set_values(actor=at_work.member, at=MORNING, subject=Subject.ACCOUNT, values={})


def test_setting_is_audited_in_words_and_only_where_something_changed(at_work):
    define(at_work, Kind.CHOICE, "Tier")
    before = Account.objects.get(id=at_work.acme.id).updated_at
    for _ in range(2):
        put(at_work, {at_work.acme.id: {"tier": "gold"}, at_work.birch.id: {"tier": None}})
    [entry] = AuditEntry.objects.filter(verb="account.changed")
    assert (entry.subject_id, entry.changes) == (at_work.acme.id, {"Tier": ["", "Gold"]})
    assert Account.objects.get(id=at_work.acme.id).updated_at != before


def test_many_subjects_are_written_and_read_by_a_constant_number_of_queries(
    at_work, django_assert_max_num_queries
):
    for kind in Kind:
        define(at_work, kind, kind.label)
    known = queries.fields(at_work.manager, Subject.ACCOUNT)
    given = {each.key: SAMPLES[each.kind] for each in known}
    values = {account.id: given for account in at_work.accounts}
    with remember_settings(), django_assert_max_num_queries(4):  # settings in a savepoint, values
        queries.values(at_work.manager, Subject.ACCOUNT, list(values), known)
    with django_assert_max_num_queries(2):  # what is there, what is new
        writing.write(subject=Subject.ACCOUNT, known=known, values=values, at=MORNING)
    assert queries.values(at_work.manager, Subject.ACCOUNT, list(values)) == values


def test_contacts_have_fields_of_their_own(at_work):
    contact = ContactFactory.create(account=at_work.acme)
    define(at_work, Kind.TEXT, "Partner")
    define(at_work, Kind.DATE, "Birthday", Subject.CONTACT)
    put(at_work, {contact.id: {"birthday": date(1990, 5, 1)}}, Subject.CONTACT)
    assert read(at_work, contact, Subject.CONTACT) == {"birthday": date(1990, 5, 1)}
    contact.delete()


def test_another_business_sees_neither_fields_nor_values(cast):
    with cast.at_work():
        field = define(cast, Kind.TEXT)
        put(cast, {cast.acme.id: {field.key: "secret"}})
    with cast.elsewhere():
        assert queries.fields(cast.stranger, Subject.ACCOUNT) == ()
        assert queries.values(cast.stranger, Subject.ACCOUNT, [cast.acme.id]) == {cast.acme.id: {}}


def test_joined_values_are_within_reach_of_filters_and_sorts(at_work):
    define(at_work, Kind.NUMBER, "Seats sold")
    define(at_work, Kind.CHOICES, "Products")
    put(at_work, {at_work.acme.id: {"seats_sold": 5, "products": ["gold"]}})
    put(at_work, {at_work.birch.id: {"seats_sold": 7}})
    seats, products = queries.fields(at_work.manager, Subject.ACCOUNT)
    rows = queries.joined(Account.objects.all(), [seats, products])
    above = rows.filter(**{f"{seats.relation}__number__gt": 6 * rules.SCALE})
    assert list(above) == [at_work.birch]
    chosen = rows.filter(queries.having(products)).values_list("id", products.relation)
    assert list(chosen) == [(at_work.acme.id, [products.choices[1].id])]
