"""The assistant's database role reads tenant tables without secrets, and can do nothing else.

Other tables of PostgreSQL's catalogue are checked unasked: whoever adds one that businesses
share, or one with keys in it, need not remember the assistant.
"""

from __future__ import annotations

import psycopg
import pytest
from django.db import connection, transaction
from psycopg import sql

from afterclose.businesses.models import Person
from afterclose.businesses.postgres import assistant
from afterclose.kit.postgres import database_settings, roles
from tests.cast import Cast
from tests.guards.databases import rows, tenant_tables
from tests.guards.rows import tenant_models

pytestmark = pytest.mark.django_db

# Tenant tables that the assistant must not come to read again, and why; a model may hide more.
HIDDEN = {
    "businesses_apikey": "which programs may do what",
    "businesses_keptanswer": "answers to programs, whatever they asked",
    "businesses_auditchain": "proves the log; of no use for an answer",
    "businesses_auditseal": "proves the log; of no use for an answer",
    "notifications_outgoingmail": "mail to single people, with links that act for them",
}
# Parts of a column's name that smell of a secret; which of them are none, and why.
SMELLS = ("password", "secret", "token", "hash", "private", "credential", "signing")
HARMLESS: set[tuple[str, str]] = set()


@pytest.fixture(autouse=True)
def _needs_the_role() -> None:
    if not rows("SELECT 1 FROM pg_roles WHERE rolname = %s", roles.ASSISTANT):
        pytest.skip("the roles of this server are somebody else's; it has no assistant")


def granted() -> dict[str, set[str]]:
    """Table or column's table to what the role may do there."""
    found: dict[str, set[str]] = {}
    for table, may in rows(
        "SELECT c.relname, p.may FROM pg_class c,"
        " unnest(%s::text[]) AS p(may) WHERE c.relnamespace = 'public'::regnamespace"
        " AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
        " AND (has_table_privilege(%s, c.oid, p.may)"
        "      OR (p.may <> ALL (ARRAY['DELETE', 'TRUNCATE', 'TRIGGER'])"
        "          AND has_any_column_privilege(%s, c.oid, p.may)))",
        ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES"],
        roles.ASSISTANT,
        roles.ASSISTANT,
    ):
        found.setdefault(table, set()).add(may)
    return found


def test_it_may_read_exactly_the_tenant_tables_without_secrets() -> None:
    may = granted()
    wanted = {table for table in tenant_tables() if not table.startswith("procrastinate_")}
    assert set(may) == assistant.readable_tables()
    hidden = wanted - set(may)
    assert set(HIDDEN) <= hidden
    says_so = {
        model._meta.db_table
        for model in tenant_models()
        if not getattr(model, "assistant_may_read", False)
    }
    assert hidden == says_so, "run migrate, which gives the rights"
    assert all(verbs == {"SELECT"} for verbs in may.values())


def test_nothing_that_it_may_read_smells_of_a_secret() -> None:
    smelly = {
        (table, column)
        for table, column in rows(
            "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
            " WHERE c.relname = ANY(%s) AND a.attnum > 0 AND NOT a.attisdropped",
            sorted(granted()),
        )
        if any(part in column for part in SMELLS)
    }
    assert smelly == HARMLESS, "set assistant_may_read = False on the model, or say why not"


def test_it_really_is_refused_what_businesses_share(cast: Cast) -> None:
    shared = [
        table
        for (table,) in rows(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relkind IN ('r', 'p')"
        )
        if table not in assistant.readable_tables()
    ]
    assert {Person._meta.db_table, "django_session", "mfa_authenticator"} <= set(shared)
    to = database_settings(role="assistant")
    with psycopg.connect(
        host=to["HOST"],
        port=to["PORT"],
        user=to["USER"],
        password=to["PASSWORD"],
        dbname=connection.settings_dict["NAME"],
        autocommit=True,
    ) as reader:
        for table in shared:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute(sql.SQL("SELECT 1 FROM {} LIMIT 1").format(sql.Identifier(table)))
        assert reader.execute("SELECT count(*) FROM accounts_account").fetchone() == (0,)


def test_rights_that_somebody_gave_are_taken_back_by_the_next_migrate() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"GRANT SELECT, UPDATE ON businesses_person TO {roles.ASSISTANT}")
        cursor.execute(f"REVOKE SELECT ON accounts_account FROM {roles.ASSISTANT}")
        assert assistant.permit(connection)
        may = granted()
    assert "businesses_person" not in may
    assert may["accounts_account"] == {"SELECT"}
