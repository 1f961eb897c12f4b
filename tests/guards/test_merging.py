"""Merging finds every table that points at an account or a contact by itself, and loses nothing.

A new table is covered unasked: its rows move. Only one whose rows can collide, because it is
unique by the account, has to say what becomes of two (``accounts.merging.rules.register``).
"""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import transaction

from afterclose.accounts.merging import rules
from afterclose.accounts.merging.actions import merge_accounts, undo_merge
from afterclose.accounts.merging.contacts import merge_contacts
from afterclose.accounts.merging.references import references_to, uniques_with
from afterclose.accounts.models import Account, Contact, Event
from tests.contents import contents
from tests.factories import MORNING
from tests.guards.databases import rows
from tests.guards.world import World, world

__all__ = ["world"]

pytestmark = pytest.mark.django_db


def test_every_foreign_key_of_the_database_to_an_account_is_known() -> None:
    for target in (Account, Contact):
        known = {(each.table, each.column) for each in references_to(target)}
        there = {
            (table, column)
            for table, columns in rows(
                "SELECT c.relname,"
                " ARRAY(SELECT a.attname::text FROM unnest(k.conkey) n(i) JOIN pg_attribute a"
                "        ON a.attrelid = k.conrelid AND a.attnum = n.i)"
                " FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid"
                " JOIN pg_class t ON t.oid = k.confrelid"
                " WHERE k.contype = 'f' AND t.relname = %s",
                target._meta.db_table,
            )
            for column in columns
            if column != "business_id"
        }
        assert there - known == set()


def test_every_column_called_account_id_of_a_table_is_known() -> None:
    known = {each.table for each in references_to(Account)}
    there = {
        table
        for (table,) in rows(
            "SELECT c.relname FROM pg_class c"
            " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'account_id'"
            " JOIN pg_attribute b ON b.attrelid = c.oid AND b.attname = 'business_id'"
            " WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace"
        )
    }
    assert there - known == set()


def test_a_table_whose_rows_can_collide_says_what_becomes_of_them() -> None:
    silent = [
        reference.model._meta.label
        for target in (Account, Contact)
        for reference in references_to(target)
        if uniques_with(reference) and rules.rule_of(reference.model) is None
    ]
    assert silent == [], "call accounts.merging.rules.register in the ready() of its app"


def test_nothing_points_at_derived_rows() -> None:
    derived = [m for m in apps.get_models() if isinstance(rules.rule_of(m), rules.Derived)]
    assert [model for model in derived if references_to(model)] == []


def test_a_table_that_names_rows_without_a_key_is_known() -> None:
    """Facts follow by a ``rules.Naming``; what is written for good (audit) names who it was."""
    there = {
        table
        for (table,) in rows(
            "SELECT c.relname FROM pg_class c"
            " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'subject_type'"
            " WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace"
        )
    }
    assert there == {"accounts_event", "businesses_auditentry"}
    assert [naming.label for naming in rules.namings_of(Contact)] == ["Timeline entries"]


def pointing_at(target: type[Any], key: int) -> dict[str, int]:
    """How many rows of which columns point at a row."""
    found = {}
    for each in references_to(target):
        rows_of: Any = each.model._default_manager
        if count := rows_of.filter(**{each.field.attname: key}).count():
            found[f"{each.table}.{each.column}"] = count
    return found


def test_after_a_merge_nothing_points_at_what_went_and_an_undo_restores_every_byte(
    world: World,
) -> None:
    cast, loser_id = world.cast, world.values["account_id"]
    with cast.at_work():
        before = contents()
        merge = merge_accounts(
            actor=cast.owner, at=MORNING, winner_id=cast.acme.id, loser_id=loser_id
        )
        assert pointing_at(Account, loser_id) == {}
        assert merge.rows >= 10
        assert contents() != before
        with transaction.atomic():
            undo_merge(actor=cast.owner, at=MORNING, merge_id=merge.id)
        after = contents()
        assert {label for label in before if before[label] != after[label]} == set()


def test_after_a_merge_of_contacts_nothing_points_at_what_went_and_an_undo_restores_every_byte(
    world: World,
) -> None:
    cast, loser_id = world.cast, world.values["contact_id"]
    with cast.at_work():
        [winner] = Contact.objects.filter(account=cast.acme)
        about = {"occurred_at": MORNING, "actor_name": "-", "title": "-"}
        of = {"account_id": Contact.objects.get(id=loser_id).account_id, **about}
        Event.objects.create(
            **of, kind="activity.call", subject_type="accounts.contact", subject_id=loser_id
        )
        Event.objects.create(**of, kind="segment.entered", payload={"contact": loser_id, "n": 0.10})
        before = contents()
        points = set(pointing_at(Contact, loser_id))
        assert {f"{each.table}.{each.column}" for each in references_to(Contact)} == points
        merge = merge_contacts(actor=cast.owner, at=MORNING, winner_id=winner.id, loser_id=loser_id)
        assert pointing_at(Contact, loser_id) == {}
        assert rules.namings_of(Contact)[0].count([loser_id]) == 0
        assert contents() != before
        with transaction.atomic():
            undo_merge(actor=cast.owner, at=MORNING, merge_id=merge.id)
        after = contents()
        assert {label for label in before if before[label] != after[label]} == set()
