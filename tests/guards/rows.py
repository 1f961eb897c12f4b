"""One row of every tenant model, made from the model itself.

A new model needs no entry here unless its constraints ask for values that cannot be guessed;
then the guards fail until ``SAMPLES`` has them.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from io import BytesIO
from typing import Any

from django.apps import apps
from django.db import models

from afterclose.businesses.models import Membership, Person
from afterclose.businesses.postgres.schema import business_field
from afterclose.businesses.tenancy import BusinessField
from afterclose.kit.tabular import detect
from tests.factories import MONDAY, MORNING

Model = type[models.Model]

FILE = b"name,domain\nAcme,acme.example\nBirch,birch.example\n"
FOUND = detect(BytesIO(FILE), size=len(FILE))

# Values where the first guess breaks a constraint of the table, or what a page relies on.
SAMPLES: dict[str, dict[str, Any]] = {
    "accounts.Export": {
        "list_path": "afterclose.accounts.lists.AccountList",
        "address": "/accounts/",
        "kind": "csv",
        "state": "ready",
        "finished_at": MORNING,
    },
    "accounts.ImportProfile": {"kind": "accounts"},
    "accounts.ImportRun": {
        "kind": "accounts",
        "dialect": asdict(FOUND.dialect),
        "detection": {
            "headers": FOUND.headers,
            "sample": FOUND.sample,
            "sheets": FOUND.sheets,
            "byte_order_mark": FOUND.byte_order_mark,
            "date_order_certain": FOUND.date_order_certain,
            "decimal_certain": FOUND.decimal_certain,
            "date_example": FOUND.date_example,
        },
        "mapping": {"name": "name"},
    },
    "webhooks.Endpoint": {
        "url": "http://127.0.0.1/hook",
        "disabled_at": MORNING,
        "disabled_why": "failing",
    },
    "webhooks.Attempt": {"error": "No connection"},
    "segments.Segment": {
        "condition": {"field": "stage", "op": "is", "value": "active"},
        "text": "stage is active",
    },
    "billing.Subscription": {"current_period_end": MONDAY + timedelta(days=30)},
}

# Optional keys that a row cannot be without, because its table asks for one value of several.
FILLED: dict[str, frozenset[str]] = {
    "accounts.AccountValue": frozenset({"choice"}),
    "accounts.ContactValue": frozenset({"choice"}),
    "accounts.RemovedLink": frozenset({"account"}),
}


def tenant_models() -> list[Model]:
    """Every model with a business and a table, targets of foreign keys first."""
    left = [
        model
        for model in apps.get_models()
        if business_field(model) is not None and model._meta.managed
    ]
    ordered: list[Model] = []
    while left:
        ready = [model for model in left if not _needs(model) & set(left) - {model}]
        assert ready, f"Required foreign keys go in a circle among {left}"
        ordered += ready
        left = [model for model in left if model not in ready]
    return ordered


def make_rows(business_id: int) -> dict[Model, models.Model]:
    """A row in every tenant table for the business in context, all pointing to each other."""
    made: dict[Model, models.Model] = {}
    for model in tenant_models():
        made[model] = _make(model, made, business_id)
    # Optional keys too, so that the guards can try to bend each of them across.
    for model, row in made.items():
        changed = [
            field.attname
            for field in foreign_keys(model)
            if field.null and field.remote_field.model in made
        ]
        for field in foreign_keys(model):
            if field.attname in changed and field.remote_field.model is not model:
                setattr(row, field.attname, made[field.remote_field.model].pk)
        if changed:
            row.save()
    return made


def _make(model: Model, made: dict[Model, models.Model], business_id: int) -> models.Model:
    values: dict[str, Any] = {"business_id": business_id}
    for field in model._meta.local_fields:
        if field.primary_key or isinstance(field, BusinessField | models.GeneratedField):
            continue
        if isinstance(field, models.ForeignKey):
            target = field.remote_field.model
            if target is Person:
                values[field.attname] = _person(business_id).pk
            elif not field.null or field.name in FILLED.get(model._meta.label, ()):
                values[field.attname] = made[target].pk
        elif not field.null:
            values[field.name] = _guess(field)
    values |= SAMPLES.get(model._meta.label, {})
    if model is Membership:
        values["role"] = "manager"
    row = model(**values)
    row.save()
    return row


def _guess(field: Any) -> Any:
    if field.choices:
        return field.choices[0][0]
    if field.has_default():
        return field.get_default()
    guesses: list[tuple[type[Any], Any]] = [
        (models.EmailField, "someone@example.com"),
        (models.UUIDField, "00000000-0000-0000-0000-000000000001"),
        (models.CharField, "USD"),
        (models.TextField, "text"),
        (models.DateTimeField, MORNING),
        (models.DateField, MONDAY),
        (models.BooleanField, False),
        (models.JSONField, {}),
        (models.BinaryField, b"x"),
        (models.FileField, "file.csv"),
        (models.FloatField, 50),
        (models.IntegerField, 1),
        (models.DecimalField, 1),
    ]
    for kind, value in guesses:
        if isinstance(field, kind):
            return value[: field.max_length] if isinstance(value, str) else value
    raise AssertionError(f"No sample value for {field}: add one to SAMPLES in {__file__}")


def _person(business_id: int) -> Person:
    email = f"row-{business_id}@example.com"
    return Person.objects.filter(email=email).first() or Person.objects.create_user(email)


def foreign_keys(model: Model) -> list[Any]:
    return [
        field
        for field in model._meta.local_fields
        if isinstance(field, models.ForeignKey)
        and not isinstance(field, BusinessField)
        and business_field(field.remote_field.model) is not None
    ]


def _needs(model: Model) -> set[Model]:
    filled = FILLED.get(model._meta.label, frozenset())
    return {
        field.remote_field.model
        for field in foreign_keys(model)
        if not field.null or field.name in filled
    }
