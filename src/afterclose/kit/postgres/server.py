"""Any other PostgreSQL server, by ``DATABASE_URL`` (and ``DATABASE_OWNER_URL``).

The role of the application must not pass by row-level security. When the given role could
(a superuser, or BYPASSRLS), it is used once to make the three roles and the database there,
with random passwords in a 0600 file of ours, and never again by the application.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from afterclose.kit.postgres import roles
from afterclose.kit.postgres.binaries import OLDEST
from afterclose.kit.postgres.cluster import Say
from afterclose.kit.postgres.errors import DatabaseProblem
from afterclose.kit.postgres.places import data_folder

# Databases that come with a server; ours is made beside them.
NOT_OURS = {"", "postgres", "template0", "template1"}


@dataclass(frozen=True)
class Server:
    """A server that somebody else runs: the address given, and where we note our roles."""

    url: str
    owner_url: str | None
    notes: Path

    def parameters(self, role: str) -> dict[str, Any]:
        """What to connect with for ``role`` (a name of :mod:`roles`), as libpq names it.

        The roles that :func:`prepare` made, when it did; else the address as it was given.
        """
        given = _read(self.url, "DATABASE_URL")
        if made := self.made():
            given |= {"user": role, "password": made["passwords"][role]}
            given["dbname"] = made["database"]
        elif role == roles.OWNER and self.owner_url:
            given = _read(self.owner_url, "DATABASE_OWNER_URL")
        return given

    def made(self) -> dict[str, Any] | None:
        """What :func:`prepare` noted: ``database`` and ``passwords`` by role; or None."""
        try:
            found: dict[str, Any] = json.loads(self.notes.read_text())
        except FileNotFoundError:
            return None
        return found


def given_server(env: Mapping[str, str] = os.environ) -> Server | None:
    """The server that ``DATABASE_URL`` names, or None for the embedded one."""
    url = env.get("DATABASE_URL")
    if not url:
        return None
    owner_url = env.get("DATABASE_OWNER_URL") or None
    hashed = hashlib.sha256(f"{url}\n{owner_url}".encode()).hexdigest()[:12]
    return Server(url, owner_url, data_folder(env) / f"server-{hashed}.json")


def prepare(server: Server, say: Say) -> None:
    """Makes the server ready: version, roles that cannot bypass, database, rights.

    Idempotent. Raises :class:`DatabaseProblem` when the server cannot be reached or used.
    """
    if (made := server.made()) and _roles_work(server, made):
        return
    given = _read(server.url, "DATABASE_URL")
    try:
        powerful = _powerful(given)
        if not powerful and server.owner_url:
            owner = _read(server.owner_url, "DATABASE_OWNER_URL")
            if _powerful(owner):
                powerful, given = True, owner
            else:
                _grant_to_app(owner, given)
        if powerful:
            _make(server, given, say)
    except psycopg.Error as problem:
        raise DatabaseProblem(
            f"The database server of DATABASE_URL cannot be used: {problem}".strip()
        ) from problem


def _read(url: str, name: str) -> dict[str, Any]:
    try:
        return dict(conninfo_to_dict(url))
    except psycopg.ProgrammingError as problem:
        raise DatabaseProblem(
            f"{name} is not an address of a PostgreSQL database ({str(problem).strip()}). "
            "It looks like postgresql://role:password@host:5432/afterclose."
        ) from problem


def _powerful(given: Mapping[str, Any]) -> bool:
    with _connect(given) as connection:
        if connection.info.server_version < OLDEST * 10000:
            major = connection.info.server_version // 10000
            raise DatabaseProblem(
                f"The server of DATABASE_URL runs PostgreSQL {major}; Afterclose needs "
                f"{OLDEST} or newer."
            )
        return roles.can_bypass(connection)


def _connect(given: Mapping[str, Any]) -> "psycopg.Connection[Any]":
    """Connects; to the database ``postgres`` when the named one does not exist yet."""
    try:
        return psycopg.connect(**given, autocommit=True)
    except psycopg.OperationalError as problem:
        if "does not exist" not in str(problem) or "database" not in str(problem):
            raise
        return psycopg.connect(**{**given, "dbname": "postgres"}, autocommit=True)


def _make(server: Server, given: Mapping[str, Any], say: Say) -> None:
    """Roles and database by the powerful role; notes the passwords for ourselves alone."""
    wanted = str(given.get("dbname") or "")
    database = roles.DATABASE if wanted in NOT_OURS else wanted
    say(
        f"The role {given.get('user', '')} could pass by row-level security: making the roles "
        f"{', '.join(roles.ALL)} and the database {database} for the application."
    )
    with _connect(given) as connection:
        if not roles.can_make_roles(connection):
            raise DatabaseProblem(
                f"The role {connection.info.user} of DATABASE_URL could pass by "
                "row-level security, and may not make other roles. Name a role that may, or one "
                "that is neither a superuser nor has BYPASSRLS nor is a member of such a role."
            )
    passwords = {role: secrets.token_urlsafe(24) for role in roles.ALL}
    with _connect(given) as connection, connection.transaction():
        roles.make_roles(connection, passwords)
        roles.join_owner(connection)
    with _connect(given) as connection:
        roles.make_database(connection, database)
    with psycopg.connect(**{**given, "dbname": database}, autocommit=True) as connection:
        roles.grant_rights(connection, database=database)
    note = json.dumps({"database": database, "passwords": passwords}, indent=1)
    server.notes.parent.mkdir(parents=True, exist_ok=True)
    fresh = server.notes.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(note)
    fresh.replace(server.notes)


def _grant_to_app(owner: Mapping[str, Any], app: Mapping[str, Any]) -> None:
    """Two ready-made roles: the owner lets the application's role at its tables."""
    if owner.get("user") == app.get("user"):
        return
    name = str(app.get("user"))
    with _connect(owner) as connection:
        roles.grant_rights(connection, owner=str(owner.get("user")), app=name, assistant=name)


def _roles_work(server: Server, made: Mapping[str, Any]) -> bool:
    """Whether the noted roles still get in, and still cannot bypass."""
    if set(made["passwords"]) != set(roles.ALL):
        return False
    try:
        for role in roles.ALL:
            with psycopg.connect(**server.parameters(role)) as connection:
                if roles.can_bypass(connection):
                    return False
    except psycopg.OperationalError:
        return False
    return True
