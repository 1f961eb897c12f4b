"""The connection: tells PostgreSQL the business as each transaction begins."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import psycopg
from django.apps import apps
from django.db.backends.postgresql import base

from afterclose.businesses import context
from afterclose.businesses.postgres.schema import DatabaseSchemaEditor, business_field
from afterclose.kit.postgres import DatabaseProblem, roles

# What says which role on which server; looked at once per process.
_IDENTITY = ("host", "port", "user", "dbname", "service")
_NAME = re.compile(r"\w+")
_harmless: set[tuple[Any, ...]] = set()


class PowerfulRole(DatabaseProblem):
    """The role of the connection could pass by row-level security, so nothing may use it."""

    def __init__(self, user: str) -> None:
        super().__init__(
            f"Refused to start: the database role “{user}” is a superuser, has BYPASSRLS, or is a "
            "member of such a role, so row-level security would not keep businesses apart. Run "
            "“afterclose migrate” or “afterclose serve” once with this DATABASE_URL, which make "
            "roles for the application, or name a role in DATABASE_URL that is neither."
        )


class OutsideTransaction(RuntimeError):
    """Rows of a business were about to be read or written outside of a transaction."""


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL with row-level security fed from ``businesses.context``."""

    SchemaEditorClass = DatabaseSchemaEditor

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.execute_wrappers.append(_in_a_transaction)

    def get_connection_params(self) -> dict[str, Any]:
        """What to connect with; raises PowerfulRole. Pages, jobs (procrastinate has connections
        of its own) and commands all come by here, however their process was started."""
        params: dict[str, Any] = super().get_connection_params()
        _refuse_power(params)
        return params

    def _set_autocommit(self, autocommit: bool) -> None:
        super()._set_autocommit(autocommit)  # type: ignore[misc]  # not in the stubs
        if not autocommit:
            context.apply_at_start(self)


def _in_a_transaction(execute: Any, sql: Any, params: Any, many: bool, about: Any) -> Any:
    """Refuses what would see nothing without a word: PostgreSQL learns of the business as a
    transaction begins, so outside of one there are no rows. Raises OutsideTransaction."""
    if about["connection"].autocommit and context.is_set():
        tables = _tenant_tables() & set(_NAME.findall(str(sql)))
        if tables:
            raise OutsideTransaction(
                f"Open a transaction (transaction.atomic) to work on {', '.join(sorted(tables))}."
            )
    return execute(sql, params, many, about)


@cache
def _tenant_tables() -> frozenset[str]:
    return frozenset(each._meta.db_table for each in apps.get_models() if business_field(each))


def _refuse_power(params: dict[str, Any]) -> None:
    """Raises PowerfulRole; lets a server that does not answer be, whoever connects is told."""
    identity = tuple(params.get(key) for key in _IDENTITY)
    if identity in _harmless:
        return
    plain = {
        key: value for key, value in params.items() if key not in ("context", "cursor_factory")
    }
    try:
        with psycopg.connect(**plain, autocommit=True) as connection:
            is_powerful = roles.can_bypass(connection)
            user = connection.info.user
    except psycopg.OperationalError:
        return
    if is_powerful:
        raise PowerfulRole(user)
    _harmless.add(identity)
