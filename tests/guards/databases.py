"""The test database as the application's role sees it, beside Django's own connection."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg
from django.db import connection, connections
from django.test.utils import setup_databases
from psycopg import sql

from afterclose.kit.postgres import database_settings


def make_sure_of_database() -> None:
    """pytest-django makes none where only tests without its mark are chosen; the root conftest
    drops it at the end."""
    if not connection.settings_dict["NAME"].startswith("test_"):
        setup_databases(verbosity=0, interactive=False, aliases=["default"])


@contextlib.contextmanager
def as_app() -> Iterator[psycopg.Connection[Any]]:
    """A connection of the role that the product runs as; rolled back at the end."""
    to = database_settings(role="app")
    with psycopg.connect(
        host=to["HOST"],
        port=to["PORT"],
        user=to["USER"],
        password=to["PASSWORD"],
        dbname=connection.settings_dict["NAME"],
    ) as app:
        yield app
        app.rollback()


@contextlib.contextmanager
def django_as_app(**pool: Any) -> Iterator[None]:
    """Django itself as the application's role, with its connection pool, in every thread."""
    now = connections.settings["default"]
    to = database_settings(role="app")
    before = {key: now[key] for key in ("USER", "PASSWORD", "OPTIONS")}
    owners = connections["default"]
    _forget()
    now.update(USER=to["USER"], PASSWORD=to["PASSWORD"])
    now["OPTIONS"] = {**before["OPTIONS"], "pool": {"min_size": 1, "timeout": 20, **pool}}
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"].close_pool()
        _forget()
        now.update(before)
        # What was there before comes back: the end of the run closes that one, and no other.
        connections["default"] = owners


def _forget() -> None:
    if hasattr(connections._connections, "default"):
        connections["default"].close()
        del connections["default"]


def enter(app: psycopg.Connection[Any], business_id: int | None) -> None:
    """Set the context of the open transaction, as the product's backend does."""
    app.execute(
        "SELECT set_config('app.business_id', %s, true)",
        ["" if business_id is None else str(business_id)],
    )


def rows(statement: str, *parameters: Any) -> list[Any]:
    """The catalogue, over Django's connection."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()


def tenant_tables(kinds: str = "rp") -> list[str]:
    """Every table (or view, kind v) that has a business_id, from the catalogue."""
    return [
        name
        for (name,) in rows(
            "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
            " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind::text = ANY(%s)"
            " AND a.attname = 'business_id' AND NOT a.attisdropped ORDER BY 1",
            list(kinds),
        )
    ]


def empty() -> None:
    """Remove every business and person, and with them every tenant row."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE businesses_business, businesses_person CASCADE")


def name(table: str) -> sql.Identifier:
    """A table or column in a statement."""
    return sql.Identifier(table)
