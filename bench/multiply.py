"""A million accounts in minutes: copies of a smaller book, row by row in SQL.

Only what the nightly run reads or writes is copied: accounts, subscriptions, last use, tickets
and reopenings, survey answers, contacts with a part to play, current scores.
"""

from __future__ import annotations

from typing import Any

from bench.owner import as_owner, owner_connection

# Table, the references in it that move with the copy, and which rows.
_TABLES: tuple[tuple[str, dict[str, str], str], ...] = (
    ("accounts_account", {"id": "account", "parent_id": "account"}, ""),
    ("accounts_contact", {"account_id": "account"}, "WHERE is_champion OR is_detractor"),
    ("billing_subscription", {"account_id": "account"}, ""),
    ("usage_lastuse", {"account_id": "account"}, ""),
    ("support_ticket", {"id": "ticket", "account_id": "account"}, "WHERE account_id IS NOT NULL"),
    ("support_reopening", {"ticket_id": "ticket", "account_id": "account"}, ""),
    ("feedback_surveyanswer", {"account_id": "account"}, ""),
    ("health_score", {"account_id": "account"}, ""),
)
# Of another business, or of rows that are not copied.
_EMPTIED = {"csm_id", "ae_id", "contact_id"}


def multiply(source_id: int, target_id: int, copies: int) -> None:
    """Fill the target business with so many copies of the source's book."""
    with owner_connection(autocommit=False) as connection:
        shifts = {
            "account": _span(connection, source_id, "accounts_account"),
            "ticket": _span(connection, source_id, "support_ticket"),
        }
        connection.commit()
        for table, references, where in _TABLES:
            _copy(connection, table, references, where, source_id, target_id, copies, shifts)
            print(f"   {table}", flush=True)
        for table in ("accounts_account", "support_ticket"):
            _enter(connection, target_id)
            connection.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'),"
                f" (SELECT max(id) FROM {table}))"
            )
            connection.commit()
    as_owner("VACUUM (ANALYZE)")


def _span(connection: Any, business_id: int, table: str) -> tuple[int, int]:
    """How far the first copy's ids lie from the source's, and each further one from the last."""
    _enter(connection, business_id)
    low, high = connection.execute(f"SELECT min(id), max(id) FROM {table}").fetchone()
    (last,) = connection.execute(
        "SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [table]
    ).fetchone()
    return last - low + 1, high - low + 1


def _enter(connection: Any, business_id: int) -> None:
    connection.execute("SELECT set_config('app.business_id', %s, true)", [str(business_id)])


def _copy(
    connection: Any,
    table: str,
    references: dict[str, str],
    where: str,
    source_id: int,
    target_id: int,
    copies: int,
    shifts: dict[str, tuple[int, int]],
) -> None:
    columns = [
        name
        for (name,) in connection.execute(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position",
            [table],
        )
        if name != "business_id" and (name != "id" or "id" in references)
    ]
    _enter(connection, source_id)
    connection.execute(f"CREATE TEMPORARY TABLE source AS SELECT * FROM {table} {where}")
    connection.commit()
    for copy in range(copies):
        _enter(connection, target_id)
        values = [_value(column, references, copy, shifts) for column in columns]
        names = ", ".join(f'"{column}"' for column in columns)
        connection.execute(
            f"INSERT INTO {table} (business_id, {names})"
            f" SELECT {target_id}, {', '.join(values)} FROM source ORDER BY id"
        )
        connection.commit()
    connection.execute("DROP TABLE source")
    connection.commit()


def _value(
    column: str, references: dict[str, str], copy: int, shifts: dict[str, tuple[int, int]]
) -> str:
    if column in _EMPTIED:
        return "NULL"
    if column in references:
        first, each = shifts[references[column]]
        return f"{column} + {first + copy * each}"
    if column == "external_id":
        return f"external_id || '-{copy}'"
    return f'"{column}"'
