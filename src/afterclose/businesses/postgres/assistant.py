"""What the assistant's role may read: tenant tables that hold no secrets, and nothing else.

Tables that businesses share (people and their password hashes, sessions, second factors, jobs)
have no row-level security, so whoever may read them reads everybody's: that role may not.
Row-level security keeps the tenant tables apart; a model that holds keys or other people's
mail says ``assistant_may_read = False``.
"""

from __future__ import annotations

from django.apps import apps
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql

from afterclose.businesses.postgres.schema import business_field
from afterclose.kit.postgres.roles import ASSISTANT


def readable_tables() -> set[str]:
    """The tables that the assistant may read, from the models."""
    return {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed
        and business_field(model) is not None
        and getattr(model, "assistant_may_read", False)
    }


def permit(connection: BaseDatabaseWrapper) -> bool:
    """Make the rights of the assistant's role exactly these; says whether there is that role.

    Runs as the owner of the tables after every ``migrate``, so a table that a migration made or
    a dump brought back has the right rights at once. Idempotent.
    """
    role = sql.Identifier(ASSISTANT)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ASSISTANT])
        if cursor.fetchone() is None:  # A server where somebody else made the roles.
            return False
        # Before version 2 of kit.postgres.roles, later tables were readable by default.
        cursor.execute(
            sql.SQL(
                "ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM {}"
            ).format(role)
        )
        cursor.execute(
            "SELECT relname, has_table_privilege(%s, oid, 'SELECT') FROM pg_class"
            " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')"
            " AND relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)",
            [ASSISTANT],
        )
        wanted = readable_tables()
        for table, has in cursor.fetchall():
            statement = (
                "GRANT SELECT ON {} TO {}" if table in wanted else "REVOKE ALL ON {} FROM {}"
            )
            if has != (table in wanted):
                cursor.execute(sql.SQL(statement).format(sql.Identifier("public", table), role))
    return True
