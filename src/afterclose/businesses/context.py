"""For which business (and which person) the current code works.

The context is a context variable, and PostgreSQL learns it at the start of each
transaction by ``set_config(..., is_local => true)``: never per session, so a pooled
connection carries nothing over. Row-level security compares each row with it; where
nothing is set there are no rows (spec 00, tenancy).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_business_id: ContextVar[int | None] = ContextVar("afterclose_business_id", default=None)
_person_id: ContextVar[int | None] = ContextVar("afterclose_person_id", default=None)

_SET_CONTEXT = (
    "SELECT set_config('app.business_id', %s, true), set_config('app.person_id', %s, true)"
)


class NoBusinessContext(RuntimeError):
    """Tenant data was about to be written while no business is in context."""


def current_business_id() -> int | None:
    """The business in context, or None."""
    return _business_id.get()


def is_set() -> bool:
    """Whether there is a business or a person in context."""
    return _business_id.get() is not None or _person_id.get() is not None


def required_business_id() -> int:
    """The business in context; raises NoBusinessContext where there is none."""
    business_id = _business_id.get()
    if business_id is None:
        raise NoBusinessContext("Enter business_context(business_id) before writing tenant rows.")
    return business_id


def apply(connection: Any) -> None:
    """Tell an open transaction of a Django connection what the context is."""
    business_id, person_id = _business_id.get(), _person_id.get()
    connection.connection.execute(
        _SET_CONTEXT,
        (
            "" if business_id is None else str(business_id),
            "" if person_id is None else str(person_id),
        ),
    )


def apply_at_start(connection: Any) -> None:
    """Called by the database backend as a transaction begins; free without a context."""
    if is_set():
        apply(connection)


@contextmanager
def business_context(business_id: int | None) -> Iterator[None]:
    """Work for one business; nests, and may be entered inside or outside a transaction."""
    with _during(_business_id, business_id):
        yield


@contextmanager
def person_context(person_id: int | None) -> Iterator[None]:
    """Let a person see their own memberships in every business (and nothing else)."""
    with _during(_person_id, person_id):
        yield


@contextmanager
def _during(variable: ContextVar[int | None], value: int | None) -> Iterator[None]:
    from django.db import connection

    token = variable.set(value)
    try:
        if connection.in_atomic_block:
            apply(connection)
        yield
    finally:
        variable.reset(token)
        # A failed transaction takes no more statements; its rollback to the savepoint
        # (or to nothing) restores the setting by itself, since it is transaction-local.
        if connection.in_atomic_block and not connection.needs_rollback and _usable(connection):
            apply(connection)


def _usable(connection: Any) -> bool:
    from psycopg.pq import TransactionStatus

    raw = connection.connection
    return raw is not None and raw.info.transaction_status in (
        TransactionStatus.IDLE,
        TransactionStatus.INTRANS,
    )
