"""From lives to rows in the database: ids for a chunk, then one COPY per table.

PostgreSQL takes no COPY into a table under row-level security, so rows go into a temporary
table and from there by one INSERT, which the policy binds like any other.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate
from typing import Any

from psycopg import sql

from afterclose.ops.sample import tables
from afterclose.ops.sample.frame import Row
from afterclose.ops.sample.life import Life
from afterclose.ops.sample.tables import Table


def write(cursor: Any, business_id: int, first: int, lives: list[Life], page: str) -> list[int]:
    """Write a chunk of lives whose first has the number ``first``; returns the account ids.

    ``cursor`` is a psycopg cursor in a transaction with the business in context; ``page`` the
    address of an account with ``{}`` for its id.
    """
    accounts = _reserve(cursor, tables.ACCOUNTS, len(lives))
    contacts = _reserve(cursor, tables.CONTACTS, sum(len(life.contacts) for life in lives))
    tickets = _reserve(cursor, tables.TICKETS, sum(len(life.tickets) for life in lives))
    events = _reserve(cursor, tables.EVENTS, sum(len(life.events) for life in lives))
    pairs = list(zip(accounts, lives, strict=True))
    # Where each life's contacts, tickets and events begin among the chunk's.
    contact_from = [0, *accumulate(len(life.contacts) for life in lives)]
    ticket_from = [0, *accumulate(len(life.tickets) for life in lives)]
    event_from = [0, *accumulate(len(life.events) for life in lives)]

    def parent(life: Life) -> int | None:
        inside = life.parent is not None and 0 <= life.parent - first < len(accounts)
        return accounts[life.parent - first] if inside and life.parent is not None else None

    rows: dict[Table, Iterable[Row]] = {
        tables.ACCOUNTS: ((a, parent(life), *life.account) for a, life in pairs),
        tables.CONTACTS: (
            (contacts[begin + i], a, *row)
            for (a, life), begin in zip(pairs, contact_from, strict=False)
            for i, row in enumerate(life.contacts)
        ),
        tables.SUBSCRIPTIONS: ((a, *row) for a, life in pairs for row in life.subscriptions),
        tables.DAILY_USAGE: ((a, *row) for a, life in pairs for row in life.usage),
        tables.LAST_USE: ((a, *life.last_use) for a, life in pairs if life.last_use),
        tables.TICKETS: (
            (tickets[begin + i], a, *row)
            for (a, life), begin in zip(pairs, ticket_from, strict=False)
            for i, row in enumerate(life.tickets)
        ),
        tables.REOPENINGS: (
            (tickets[begin + index], a, at)
            for (a, life), begin in zip(pairs, ticket_from, strict=False)
            for index, at in life.reopenings
        ),
        tables.ANSWERS: (
            (a, None if who is None else contacts[begin + who], *row)
            for (a, life), begin in zip(pairs, contact_from, strict=False)
            for who, *row in life.answers
        ),
        tables.CHURN_EVENTS: ((a, *row) for a, life in pairs for row in life.churn_events),
        tables.FLAGS: ((a, *row) for a, life in pairs for row in life.flags),
        tables.EVENTS: (
            (events[begin + i], a, None if who is None else contacts[people + who], *row)
            for (a, life), begin, people in zip(pairs, event_from, contact_from, strict=False)
            for i, (who, *row) in enumerate(life.events)
        ),
        tables.MENTIONS: (
            (events[begin + index], member)
            for (a, life), begin in zip(pairs, event_from, strict=False)
            for index, member in life.mentions
        ),
        tables.NOTIFICATIONS: (
            (a, *row[:4], page.format(a), *row[5:])
            for a, life in pairs
            for row in life.notifications
        ),
    }
    for table in tables.ALL:
        copy_rows(cursor, business_id, table, rows[table])
    return accounts


def write_unmatched(cursor: Any, business_id: int, rows: list[Row]) -> None:
    """Write the tickets that belong to no account."""
    ids = _reserve(cursor, tables.TICKETS, len(rows))
    whole = ((id_, None, *row) for id_, row in zip(ids, rows, strict=True))
    copy_rows(cursor, business_id, tables.TICKETS, whole)


def copy_rows(cursor: Any, business_id: int, table: Table, rows: Iterable[Row]) -> None:
    """COPY rows into a temporary table, then INSERT them; foreign keys are checked then."""
    names = {
        "stage": sql.Identifier(f"sample_{table.name}"),
        "table": sql.Identifier(table.name),
        "columns": sql.SQL(", ").join(map(sql.Identifier, table.columns)),
        "business": sql.Literal(business_id),
    }
    cursor.execute(
        sql.SQL(
            "CREATE TEMPORARY TABLE {stage} ON COMMIT DROP AS"
            " SELECT {columns} FROM {table} WITH NO DATA"
        ).format(**names)
    )
    with cursor.copy(sql.SQL("COPY {stage} FROM STDIN").format(**names)) as copy:
        for row in rows:
            copy.write_row(row)
    cursor.execute(
        sql.SQL(
            "INSERT INTO {table} (business_id, {columns}) SELECT {business}, {columns} FROM {stage}"
        ).format(**names)
    )
    cursor.execute(sql.SQL("DROP TABLE {stage}").format(**names))


def _reserve(cursor: Any, table: Table, count: int) -> list[int]:
    found = cursor.execute(
        "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
        [table.name, count],
    )
    return [value for (value,) in found]
