"""Everything that a business has, as the database writes it, to compare before and after."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import connection

from afterclose.accounts.models import Event
from afterclose.businesses.postgres.schema import business_field

# Written by merging and its undo themselves, and kept on purpose.
OWN = {"businesses.AuditEntry", "accounts.Merge", "accounts.MergeStep", "businesses.AuditSeal"}


def contents() -> dict[str, list[Any]]:
    """Every tenant row by model, but those that tell of a merge."""
    known = {}
    for model in apps.get_models():
        if business_field(model) is None or not model._meta.managed or model._meta.label in OWN:
            continue
        told = "WHERE kind NOT LIKE '%.merge%'" if model is Event else ""
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT t::text FROM "{model._meta.db_table}" t {told} ORDER BY id')
            known[model._meta.label] = cursor.fetchall()
    return known
