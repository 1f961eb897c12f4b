"""Reading, checking and bringing into order, and the text form."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import given, settings

from afterclose.segments import conditions, drafts, text
from afterclose.segments.conditions import ConditionError
from afterclose.segments.fields import catalog
from afterclose.segments.tests import asked
from tests.cast import Cast

pytestmark = pytest.mark.django_db
ALWAYS = settings(max_examples=60)


def read(data: Any, subject: str = "account") -> conditions.Node:
    return conditions.read(data, catalog(subject))


ACTIVE = {"field": "stage", "op": "is", "value": "active"}


@ALWAYS
@given(condition=asked.about_accounts)
def test_the_text_of_a_condition_reads_as_the_same_condition(at_work: Cast, condition: Any) -> None:
    try:
        node = read(condition)
    except ConditionError:
        return
    known = catalog("account")
    assert text.parse(text.print_text(node, known), known) == node


@ALWAYS
@given(condition=asked.about_contacts)
def test_the_form_of_a_condition_gives_the_same_condition(at_work: Cast, condition: Any) -> None:
    try:
        node = read(condition, "contact")
    except ConditionError:
        return
    known = catalog("contact")
    again = drafts.to_json(drafts.from_node(node, known), known)
    assert again is not None
    assert conditions.read(again, known) == node


@ALWAYS
@given(condition=asked.about_accounts)
def test_json_written_and_read_is_the_same(at_work: Cast, condition: Any) -> None:
    try:
        node = read(condition)
    except ConditionError:
        return
    assert read(conditions.write(node)) == node


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("stage is active", "stage is active"),
        ("stage is Active", "stage is active"),
        (
            "stage is active and not (arr < 10000 USD or open_tickets > 3)",
            "stage is active and not (arr < 10000 USD or open_tickets > 3)",
        ),
        ("((stage is active) and (seats > 5)) and seats < 9", "stage is active and seats > 5"
         " and seats < 9"),
        ("not not at_risk is yes", "at_risk is yes"),
        ('industry is "A \\"quoted\\" word"', 'industry is "A \\"quoted\\" word"'),
        ("customer_since before today - 30 days", "customer_since before today - 30 days"),
        ("customer_since after 2026-01-31", "customer_since after 2026-01-31"),
        ("renews_on within next 90 days", "renews_on within next 90 days"),
        ("customer_since anniversary within 1 day", "customer_since anniversary within 1 day"),
        ("arr between 10 and 20.5 EUR", "arr between 10 and 20.5 EUR"),
        ("stage in (active, renewal)", "stage in (active, renewal)"),
        ("csm is marek@northwind.example", None),
        ('csm is "marek@northwind.example"', 'csm is "marek@northwind.example"'),
        ('csm is "Marek Novak"', 'csm is "marek@northwind.example"'),
        (
            "usage_30_days changed by -20 % over 7 days from at least 20",
            "usage_30_days changed by -20 % over 7 days from at least 20",
        ),
        (
            "stage changed from onboarding to active within 30 days",
            "stage changed from onboarding to active within 30 days",
        ),
        (
            "count tickets within 90 days where (priority is urgent or open is yes) >= 2",
            "count tickets within 90 days where (priority is urgent or open is yes) >= 2",
        ),
        ("no contacts where (champion is yes)", "no contacts where (champion is yes)"),
        ("sum arr of subscriptions > 100 USD", "sum arr of subscriptions > 100 USD"),
        ("some usage where (count >= 10 or count empty)",
         "some usage where (count >= 10 or count empty)"),
        ("sum count of usage where (count < 8) > 5", "sum count of usage where (count < 8) > 5"),
    ],
)  # fmt: skip
def test_the_text_form_by_example(at_work: Cast, written: str, printed: str | None) -> None:
    known = catalog("account")
    if printed is None:
        with pytest.raises(ConditionError):
            text.parse(written, known)
    else:
        assert text.print_text(text.parse(written, known), known) == printed


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", "Line 1, column 1: Expected a field, but the text ends."),
        ("colour is red", "Line 1, column 1: There is no field “colour”."),
        ("stage is\n  purple", "Line 2, column 3: Stage has no value “purple”."),
        ("stage is active or", "Line 1, column 19: Expected a field, but the text ends."),
        ("(stage is active", "Line 1, column 17: Expected “)”, but the text ends."),
        ("seats < many", "Line 1, column 9: Expected a number, not “many”."),
        ("stage < 5", "Line 1, column 7: Stage can be asked by: is, in, known, empty, changed."),
        ("arr < 10", "Line 1, column 9: Expected a currency such as USD, but the text ends."),
        ("arr < 10.005 USD", "Line 1, column 1: ARR: USD has 2 decimals, “10.005” has more."),
        ("seats known; drop", "Line 1, column 12: “; drop” means nothing here."),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(
    at_work: Cast, written: str, said: str
) -> None:
    with pytest.raises(ConditionError) as error:
        text.parse(written, catalog("account"))
    assert str(error.value) == said


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (None, "A condition is an object with all, any, not or field."),
        ({"all": []}, "The group is empty. Add a condition, or remove the group."),
        ({"all": [ACTIVE, {"any": [ACTIVE, {}]}]}, "Condition 2.2: It has none of all, any, not,"
         " field and related."),
        ({"field": "id", "op": "is", "value": 1}, "There is no field “id”."),
        ({"field": "seats", "op": "=", "value": True}, "Seats: Write a number."),
        ({"field": "seats", "op": "=", "value": float("nan")}, "Seats: Write a number."),
        ({"field": "seats", "op": "between", "value": [3, 1]}, "Seats: The first number is larger"
         " than the second."),
        ({"field": "stage", "op": "is", "value": "x"}, "Stage: “x” is not one of its values."),
        ({"field": "stage", "op": "in", "value": []}, "Stage: Name at least one value."),
        ({"field": "name", "op": "is", "value": "a\x00"}, "Name: It contains a character that"
         " cannot be stored."),
        ({**ACTIVE, "else": 1}, "“else” means nothing here."),
        ({"related": "tickets", "op": "sum", "of": "subject", "compare": ">", "value": 1},
         "Tickets: Subject cannot be added up."),
        ({"related": "contacts", "op": "some", "days": 3}, "Contacts have no date to look back"
         " by."),
        ({"all": [ACTIVE] * 51}, "At most 50 conditions are possible."),
        ({"all": [{"any": [ACTIVE, ACTIVE]}] * 26}, "There are 52 conditions; at most 50 are"
         " possible."),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_place(at_work: Cast, data: Any, said: str) -> None:
    with pytest.raises(ConditionError) as error:
        read(data)
    assert str(error.value) == said


def test_groups_nest_five_deep_and_no_deeper(at_work: Cast) -> None:
    node: Any = ACTIVE
    for level in range(5):
        node = {("all", "any")[level % 2]: [ACTIVE, node]}
    assert conditions.depth(read(node)) == 5
    with pytest.raises(ConditionError, match="5 deep"):
        read({"any": [ACTIVE, node]})


def test_a_thousand_nots_are_refused_and_not_followed(at_work: Cast) -> None:
    node: Any = ACTIVE
    for _ in range(900):
        node = {"not": node}
    with pytest.raises(ConditionError):
        read(node)
    with pytest.raises(ConditionError):
        text.parse("not " * 900 + "stage is active", catalog("account"))
    with pytest.raises(ConditionError):
        text.parse("(" * 900 + "stage is active" + ")" * 900, catalog("account"))


def test_the_buttons_of_the_builder_change_the_draft() -> None:
    data = QueryDict(mutable=True)
    data.update({"n.mode": "all", "n.count": "2", "n-0.key": "field:stage", "n-0.op": "is"})
    data.update({"n-1.mode": "any", "n-1.count": "1", "n-1-0.key": "field:seats"})
    draft = drafts.apply(drafts.read(data), "add:n-1")
    inner = draft.items[1]
    assert isinstance(inner, drafts.Group)
    assert [each.path for each in inner.items] == ["n-1-0", "n-1-1"]
    draft = drafts.apply(draft, "remove:n-0")
    assert [each.path for each in draft.items] == ["n-0"]
    assert [each.path for each in inner.items] == ["n-0-0", "n-0-1"]
