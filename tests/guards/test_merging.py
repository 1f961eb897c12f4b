"""Merging finds every table that points at an account by itself, and loses nothing (CS-11).

A new table is covered unasked: its rows move. Only one whose rows can collide, because it is
unique by the account, has to say what becomes of two (``accounts.merging.rules.register``).
"""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction

from afterclose.accounts.merging import rules
from afterclose.accounts.merging.actions import merge_accounts, undo_merge
from afterclose.accounts.merging.references import references_to, uniques_with
from afterclose.accounts.models import Account, Contact, Event
from afterclose.businesses.postgres.schema import business_field
from tests.factories import MORNING
from tests.guards.databases import rows
from tests.guards.world import World, world

__all__ = ["world"]

pytestmark = pytest.mark.django_db

# Written by merging and its undo themselves, and kept on purpose.
OWN = {"businesses.AuditEntry", "accounts.Merge", "accounts.MergeStep", "businesses.AuditSeal"}


def contents() -> dict[str, list[Any]]:
    """Every tenant row but those that tell of the merge."""
    known = {}
    for model in apps.get_models():
        if business_field(model) is None or not model._meta.managed or model._meta.label in OWN:
            continue
        told = "WHERE kind NOT LIKE 'account.merge%'" if model is Event else ""
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT t::text FROM "{model._meta.db_table}" t {told} ORDER BY id')
            known[model._meta.label] = cursor.fetchall()
    return known


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


def test_after_a_merge_nothing_points_at_what_went_and_an_undo_restores_every_byte(
    world: World,
) -> None:
    cast, loser_id = world.cast, world.values["account_id"]
    with cast.at_work():
        before = contents()
        merge = merge_accounts(
            actor=cast.owner, at=MORNING, winner_id=cast.acme.id, loser_id=loser_id
        )
        left = {
            f"{each.table}.{each.column}": count
            for each in references_to(Account)
            if (
                count := each.model._default_manager.filter(  # type: ignore[attr-defined]
                    **{each.field.attname: loser_id}
                ).count()
            )
        }
        assert left == {}
        assert merge.rows >= 10
        assert contents() != before
        with transaction.atomic():
            undo_merge(actor=cast.owner, at=MORNING, merge_id=merge.id)
        after = contents()
        assert {label for label in before if before[label] != after[label]} == set()
