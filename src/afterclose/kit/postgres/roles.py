"""The three roles of the database and what each may do.

``afterclose_owner`` owns and migrates, ``afterclose_app`` reads and writes rows,
``afterclose_assistant`` reads tenant tables. None is a superuser and none has BYPASSRLS, so
row-level security (forced, hence binding the owner too) holds for all of them.
"""

from collections.abc import Mapping
from typing import Any, LiteralString

import psycopg
from psycopg import sql

OWNER = "afterclose_owner"
APP = "afterclose_app"
ASSISTANT = "afterclose_assistant"
DATABASE = "afterclose"
ALL = (OWNER, APP, ASSISTANT)
# Counts up when this file changes what a cluster must hold.
VERSION = "2"

Connection = psycopg.Connection[Any]


def make_roles(connection: Connection, passwords: Mapping[str, str] | None = None) -> None:
    """Makes the roles, or puts right those that exist. The connection may create roles.

    ``passwords`` by role name; without it the roles log in by peer alone.
    """
    for role in ALL:
        known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
        verb = sql.SQL("ALTER ROLE" if known else "CREATE ROLE")
        may_create = sql.SQL("CREATEDB" if role == OWNER else "NOCREATEDB")
        password: sql.Composable = sql.SQL("")
        if passwords:
            password = sql.SQL(" PASSWORD {}").format(sql.Literal(passwords[role]))
        connection.execute(
            sql.SQL("{} {} LOGIN {} NOCREATEROLE INHERIT").format(
                verb, sql.Identifier(role), may_create
            )
            + password
        )
        _take_powers(connection, role)
    connection.execute(
        sql.SQL("ALTER ROLE {} SET default_transaction_read_only = on").format(
            sql.Identifier(ASSISTANT)
        )
    )


def _take_powers(connection: Connection, role: str) -> None:
    """No superuser, no BYPASSRLS, no way to become another role that has them."""
    powers = connection.execute(
        "SELECT rolsuper OR rolbypassrls OR rolreplication FROM pg_roles WHERE rolname = %s",
        [role],
    ).fetchone()
    if powers and powers[0]:
        connection.execute(
            sql.SQL("ALTER ROLE {} NOSUPERUSER NOBYPASSRLS NOREPLICATION").format(
                sql.Identifier(role)
            )
        )
    joined = connection.execute(
        "SELECT r.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid"
        " WHERE m.member = (SELECT oid FROM pg_roles WHERE rolname = %s)",
        [role],
    ).fetchall()
    for (other,) in joined:
        connection.execute(
            sql.SQL("REVOKE {} FROM {}").format(sql.Identifier(other), sql.Identifier(role))
        )


def make_database(connection: Connection, name: str = DATABASE) -> bool:
    """Makes the database, owned by the owner's role; says whether it was missing."""
    known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
    if known:
        return False
    connection.execute(
        sql.SQL("CREATE DATABASE {} OWNER {} ENCODING 'UTF8'").format(
            sql.Identifier(name), sql.Identifier(OWNER)
        )
    )
    return True


def grant_rights(
    connection: Connection,
    *,
    owner: str = OWNER,
    app: str = APP,
    assistant: str = ASSISTANT,
    database: str | None = None,
) -> None:
    """Grants the rights in the database that is connected to, on tables of today and later ones.

    ``database`` names it when the owner's role does not own it, and may create there then.
    The assistant gets no table here: ``afterclose migrate`` lets it at the tenant tables alone,
    which only the models know.
    """
    names: dict[str, sql.Composable] = {
        "owner": sql.Identifier(owner),
        "app": sql.Identifier(app),
        "assistant": sql.Identifier(assistant),
    }
    statements: list[LiteralString] = [
        "GRANT USAGE ON SCHEMA public TO {app}, {assistant}",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public"
        " GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app}",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public"
        " GRANT USAGE, SELECT ON SEQUENCES TO {app}",
    ]
    if database:
        names["database"] = sql.Identifier(database)
        statements = [
            "GRANT CREATE, CONNECT, TEMPORARY ON DATABASE {database} TO {owner}",
            "GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {app}, {assistant}",
            "GRANT USAGE, CREATE ON SCHEMA public TO {owner}",
            *statements,
        ]
    for statement in statements:
        connection.execute(sql.SQL(statement).format(**names))
    # Tables of today, the owner's alone: a database may hold tables of others.
    for name, is_sequence in connection.execute(
        "SELECT c.relname, c.relkind = 'S' FROM pg_class c"
        " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')"
        " AND c.relowner = (SELECT oid FROM pg_roles WHERE rolname = %s)",
        [owner],
    ).fetchall():
        names["table"] = sql.Identifier("public", name)
        grant: LiteralString = "GRANT USAGE, SELECT ON SEQUENCE {table} TO {app}"
        if not is_sequence:
            grant = "GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE {table} TO {app}"
        connection.execute(sql.SQL(grant).format(**names))


def can_bypass(connection: Connection) -> bool:
    """Whether the role that is connected can pass by row-level security, or become one that can.

    A role that may create roles, or is a member of a powerful one, counts only if the powerful
    one is a superuser or has BYPASSRLS.
    """
    found = connection.execute(
        "SELECT count(*) FROM pg_roles WHERE (rolsuper OR rolbypassrls)"
        " AND pg_has_role(current_user, oid, 'MEMBER')"
    ).fetchone()
    return bool(found and found[0])


def can_make_roles(connection: Connection) -> bool:
    """Whether the role that is connected may create roles."""
    found = connection.execute(
        "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    return bool(found and found[0])


def join_owner(connection: Connection) -> None:
    """Makes the connected role a member of the owner's, unless it is a superuser.

    Only then may it hand over a database and say what the owner's tables allow.
    """
    powers = connection.execute(
        "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    if powers and not powers[0]:
        connection.execute(
            sql.SQL("GRANT {} TO CURRENT_USER WITH INHERIT TRUE, SET TRUE").format(
                sql.Identifier(OWNER)
            )
        )
