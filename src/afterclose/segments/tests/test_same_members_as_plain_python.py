"""Members found by SQL are those that plain Python finds over the same rows (issue 3)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, settings, strategies as st

from afterclose.accounts.models import Account, Contact
from afterclose.businesses.models import Setting
from afterclose.segments import conditions, queries
from afterclose.segments.conditions import ConditionError
from afterclose.segments.fields import catalog
from afterclose.segments.models import Segment
from afterclose.segments.tests import asked, books
from afterclose.segments.tests.books import TODAY, ZONE
from afterclose.segments.tests.plain import Plain
from tests.cast import Cast

pytestmark = pytest.mark.django_db
RARELY = settings(max_examples=40)


def by_sql(condition: Any, subject: str, business_id: int) -> set[int]:
    node = conditions.read(condition, catalog(subject))
    query = queries.compiled(node, subject, business_id=business_id, today=TODAY)
    model = Account if subject == "account" else Contact
    return set(model.objects.filter(id__in=query.as_expression()).values_list("id", flat=True))


def fits(condition: Any, subject: str) -> bool:
    try:
        conditions.read(condition, catalog(subject))
    except ConditionError:
        return False
    return True


@RARELY
@given(
    lives=st.lists(books.lives(), min_size=1, max_size=4),
    conditions_=st.lists(asked.all_about_accounts, min_size=6, max_size=6),
)
def test_accounts(at_work: Cast, lives: Any, conditions_: Any) -> None:
    compare(at_work, lives, conditions_, "account")


@RARELY
@given(
    lives=st.lists(books.lives(), min_size=1, max_size=4),
    conditions_=st.lists(asked.all_about_contacts, min_size=6, max_size=6),
)
def test_contacts(at_work: Cast, lives: Any, conditions_: Any) -> None:
    compare(at_work, lives, conditions_, "contact")


@RARELY
@given(
    lives=st.lists(books.lives(), min_size=2, max_size=4),
    conditions_=st.lists(asked.own_leaves, min_size=15, max_size=15),
)
def test_tags_and_custom_fields_one_by_one(at_work: Cast, lives: Any, conditions_: Any) -> None:
    compare(at_work, lives, conditions_, "account")


def compare(cast: Cast, lives: Any, found: Any, subject: str) -> None:
    with transaction.atomic():
        Setting.objects.create(key="time_zone", value=ZONE)
        book = books.store(lives)
        plain = Plain(book, TODAY, ZONE)
        ours = {row["id"] for row in (book.accounts if subject == "account" else book.contacts)}
        for condition in found:
            if fits(condition, subject):
                members = by_sql(condition, subject, cast.business.id) & ours
                assert members == plain.members(condition, subject), condition
        transaction.set_rollback(True)


@RARELY
@given(
    lives=st.lists(books.lives(), min_size=1, max_size=3),
    inner=asked.about_accounts,
    other=asked.about_accounts,
)
def test_segments_of_segments(at_work: Cast, lives: Any, inner: Any, other: Any) -> None:
    if not (fits(inner, "account") and fits(other, "account")):
        return
    with transaction.atomic():
        Setting.objects.create(key="time_zone", value=ZONE)
        book = books.store(lives)
        plain = Plain(book, TODAY, ZONE)
        for name, condition in (("one", inner), ("two", other)):
            made = Segment.objects.create(name=name, condition=condition, text="")
            book.segments[made.id] = ("account", condition)
        ids = sorted(book.segments)
        ours = {row["id"] for row in book.accounts}
        for op in ("any", "all", "none"):
            outside = {"not": asked.leaf("segment", op, ids)}
            members = by_sql(outside, "account", at_work.business.id) & ours
            assert members == plain.members(outside, "account"), (op, inner, other)
        transaction.set_rollback(True)
