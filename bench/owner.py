"""Statements that only the tables' owner may give: maintenance, and tables to compare with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from afterclose.kit.postgres import database_settings


@contextmanager
def owner_connection(*, autocommit: bool = True) -> Iterator[psycopg.Connection[Any]]:
    """A connection of the owner's role; row-level security binds it too."""
    to = database_settings(role="owner")
    with psycopg.connect(
        host=to["HOST"],
        port=to["PORT"],
        user=to["USER"],
        password=to["PASSWORD"],
        dbname=to["NAME"],
        autocommit=autocommit,
    ) as connection:
        yield connection


def as_owner(*statements: str) -> None:
    """Run statements, each for itself."""
    with owner_connection() as connection:
        for statement in statements:
            connection.execute(statement)  # type: ignore[call-overload]  # our own text
