"""Really tries to read and write across businesses, on every tenant table, every way there is.

The rows are committed, and the attempts run over connections of the application's role.
"""

import asyncio
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import connection, connections, models, transaction
from psycopg import errors, sql

from afterclose.accounts.models import Account
from afterclose.businesses.context import NoBusinessContext
from afterclose.businesses.jobs import JOBS, business_job
from afterclose.businesses.models import Business
from afterclose.businesses.postgres.base import OutsideTransaction
from afterclose.businesses.tenancy import business_context
from tests.guards.databases import (
    as_app,
    django_as_app,
    empty,
    enter,
    make_sure_of_database,
    name,
    tenant_tables,
)
from tests.guards.rows import foreign_keys, make_rows, tenant_models

Rows = dict[str, models.Model]


# Tables that are only ever inserted into, and what a second row must have otherwise.
APPEND_ONLY: dict[str, dict[str, str]] = {
    "businesses_auditentry": {},
    "businesses_auditseal": {"number": "number + 1"},
}


@pytest.fixture(scope="module")
def two(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[int, int, Rows, Rows]]:
    """Two businesses, committed, each with a row in every tenant table."""
    with django_db_blocker.unblock():
        make_sure_of_database()
        made: list[tuple[int, Rows]] = []
        try:
            for slug in ("mine", "theirs"):
                business = Business.objects.create(name=slug, slug=slug)
                with business_context(business.id), transaction.atomic():
                    rows = make_rows(business.id)
                made.append((business.id, {m._meta.db_table: row for m, row in rows.items()}))
            (mine, my_rows), (theirs, their_rows) = made
            yield mine, theirs, my_rows, their_rows
        finally:
            empty()


def tables() -> list[str]:
    """For parametrising before there is a database; the fixture's rows prove it complete."""
    return sorted(model._meta.db_table for model in tenant_models())


def count(app: psycopg.Connection[Any], table: str) -> int:
    found = app.execute(sql.SQL("SELECT count(*) FROM {}").format(name(table))).fetchone()
    assert found
    return int(found[0])


def refused(app: psycopg.Connection[Any], statement: Any, *parameters: Any) -> bool:
    """Whether the database refuses the statement; its effect is undone either way."""
    try:
        with app.transaction(force_rollback=True):
            app.execute(statement, parameters)
            app.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except (errors.InsufficientPrivilege, errors.ForeignKeyViolation):
        return True
    return False


def insert_of(app: psycopg.Connection[Any], table: str, **changed: str) -> sql.Composed:
    """INSERT of what the business in context has, with other ids and some columns changed."""
    columns = [
        column
        for (column,) in app.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
            " AND NOT attisdropped AND attgenerated = ''",
            [table],
        )
    ]
    values = {"id": "id + 1000000", **changed}
    app.execute(
        sql.SQL("CREATE TEMP TABLE IF NOT EXISTS kept ON COMMIT DROP AS SELECT * FROM {}").format(
            name(table)
        )
    )
    return sql.SQL("INSERT INTO {} ({}) SELECT {} FROM kept").format(
        name(table),
        sql.SQL(", ").join(map(name, columns)),
        sql.SQL(", ").join(
            sql.SQL(values[column]) if column in values else name(column) for column in columns
        ),
    )


@pytest.mark.django_db
def test_the_attempts_cover_every_table_of_the_catalogue() -> None:
    assert tables() == tenant_tables()


@pytest.mark.parametrize("table", tables())
def test_without_context_there_are_no_rows_and_none_can_be_written(two: Any, table: str) -> None:
    mine = two[0]
    with as_app() as app:
        enter(app, mine)
        assert count(app, table) >= 1, f"{table} has no row to protect"
        insert = insert_of(app, table)
        for nothing in (None, 0, -1):
            enter(app, nothing)
            assert count(app, table) == 0
            assert refused(app, insert)
            for statement in ("UPDATE {} SET business_id = business_id", "DELETE FROM {}"):
                assert app.execute(sql.SQL(statement).format(name(table))).rowcount == 0


@pytest.mark.parametrize("table", tables())
def test_a_business_reads_its_own_rows_only(two: Any, table: str) -> None:
    mine, theirs, my_rows, their_rows = two
    with as_app() as app:
        for business_id, here, there in (
            (mine, my_rows, their_rows),
            (theirs, their_rows, my_rows),
        ):
            enter(app, business_id)
            every = sql.SQL("SELECT business_id, id FROM {}").format(name(table))
            seen = set(app.execute(every).fetchall())
            assert (business_id, here[table].pk) in seen
            assert {row[0] for row in seen} == {business_id}
            by_id = sql.SQL("SELECT 1 FROM {} WHERE id = %s").format(name(table))
            assert app.execute(by_id, [there[table].pk]).fetchall() == []


@pytest.mark.parametrize("table", tables())
def test_a_business_cannot_write_rows_of_another(two: Any, table: str) -> None:
    mine, theirs, _, their_rows = two
    with as_app() as app:
        enter(app, mine)
        for statement in (
            "UPDATE {} SET business_id = business_id WHERE business_id = %s",
            "DELETE FROM {} WHERE business_id = %s",
        ):
            assert app.execute(sql.SQL(statement).format(name(table)), [theirs]).rowcount == 0
        by_id = sql.SQL("DELETE FROM {} WHERE id = %s").format(name(table))
        assert app.execute(by_id, [their_rows[table].pk]).rowcount == 0
        assert refused(app, insert_of(app, table, business_id=str(theirs)))
        move = sql.SQL("UPDATE {} SET business_id = %s").format(name(table))
        # What nobody can change at all (the audit log) is not refused: nothing happens.
        assert refused(app, move, theirs) or app.execute(move, [theirs]).rowcount == 0


@pytest.mark.parametrize("table", sorted(APPEND_ONLY))
def test_the_application_cannot_change_or_remove_what_is_written_once(two: Any, table: str) -> None:
    """OP-7: not by UPDATE, DELETE, TRUNCATE, nor by an insert that overwrites."""
    mine = two[0]
    with as_app() as app:
        enter(app, mine)
        everything = sql.SQL("SELECT md5(string_agg(t::text, '|' ORDER BY id)) FROM {} t").format(
            name(table)
        )
        before = app.execute(everything).fetchone()
        assert before
        assert before[0]
        for statement in ("UPDATE {} SET id = id + 1", "DELETE FROM {}"):
            assert app.execute(sql.SQL(statement).format(name(table))).rowcount == 0
        assert refused(app, sql.SQL("TRUNCATE {} CASCADE").format(name(table)))
        assert refused(app, sql.SQL("DROP POLICY never_changed ON {}").format(name(table)))
        overwrite = insert_of(app, table, id="id") + sql.SQL(
            " ON CONFLICT (business_id, id) DO UPDATE SET id = EXCLUDED.id"
        )
        assert refused(app, overwrite)
        assert app.execute(everything).fetchone() == before


@pytest.mark.parametrize("model", tenant_models(), ids=lambda model: model._meta.db_table)
def test_no_row_can_point_into_another_business(two: Any, model: type[models.Model]) -> None:
    mine, _, my_rows, their_rows = two
    table = model._meta.db_table
    with as_app() as app:
        enter(app, mine)
        for field in foreign_keys(model):
            theirs = their_rows[field.remote_field.model._meta.db_table].pk
            bend = sql.SQL("UPDATE {} SET {} = %s WHERE id = %s").format(
                name(table), name(field.column)
            )
            if table in APPEND_ONLY:
                assert app.execute(bend, [theirs, my_rows[table].pk]).rowcount == 0
                fresh = insert_of(app, table, **{field.column: str(theirs)}, **APPEND_ONLY[table])
                assert refused(app, fresh), field
                continue
            assert refused(app, bend, theirs, my_rows[table].pk), field
            again = insert_of(app, table, **{"id": "id", field.column: str(theirs)})
            with app.transaction(force_rollback=True):
                # Put back with the same id, so that only the bent key can be what is refused.
                app.execute(sql.SQL("DELETE FROM {}").format(name(table)))
                assert not refused(app, insert_of(app, table, id="id"))
                assert refused(app, again), field


@pytest.mark.django_db
def test_views_show_the_rows_of_the_business_only(two: Any) -> None:
    mine, theirs, *_ = two
    for view in tenant_tables("vm"):
        with as_app() as app:
            every = sql.SQL("SELECT DISTINCT business_id FROM {}").format(name(view))
            for business_id in (mine, theirs):
                enter(app, business_id)
                assert app.execute(every).fetchall() in ([], [(business_id,)])
            enter(app, None)
            assert app.execute(every).fetchall() == []


@pytest.mark.django_db
def test_a_person_sees_their_own_memberships_everywhere_but_changes_none(two: Any) -> None:
    _, theirs, _, their_rows = two
    membership = their_rows["businesses_membership"]
    with as_app() as app:
        app.execute(
            "SELECT set_config('app.person_id', %s, true)",
            [str(membership.person_id)],  # type: ignore[attr-defined]
        )
        seen = app.execute("SELECT business_id, id FROM businesses_membership").fetchall()
        assert seen == [(theirs, membership.pk)]
        assert app.execute("UPDATE businesses_membership SET role = 'admin'").rowcount == 0
        assert app.execute("DELETE FROM businesses_membership").rowcount == 0
        assert count(app, "businesses_setting") == 0


@pytest.fixture
def product(two: Any, django_db_blocker: Any) -> Iterator[tuple[int, int]]:
    """Django with the application's role and a pool of a single connection."""
    with django_db_blocker.unblock(), django_as_app(max_size=1):
        yield two[0], two[1]


def names() -> list[int]:
    """The businesses whose accounts plain SQL can see; the manager's filter is not involved."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT business_id FROM accounts_account")
        return [business_id for (business_id,) in cursor.fetchall()]


def test_the_product_does_not_run_as_the_owner(product: tuple[int, int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("afterclose_app",)


def test_a_job_works_for_its_business_alone(product: tuple[int, int]) -> None:
    mine, theirs = product

    @business_job("guards.look")
    def look(business_id: int) -> list[int]:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE accounts_account SET plan = 'looked'")
            assert cursor.rowcount == 1
        return names()

    try:
        assert JOBS["guards.look"](mine) == [mine]
    finally:
        del JOBS["guards.look"]
    assert names() == []
    with business_context(theirs), transaction.atomic():
        assert Account.objects.get().plan != "looked"


def test_bulk_writes_stay_within_the_business(product: tuple[int, int]) -> None:
    mine, theirs = product
    with business_context(theirs), transaction.atomic():
        their_id = Account.objects.get().pk
    with business_context(mine), transaction.atomic():
        unfiltered: models.QuerySet[Account] = models.QuerySet(Account)
        assert unfiltered.update(plan="bulk") == 1
        assert not Account.objects.filter(pk=their_id).exists()
        assert unfiltered.filter(pk=their_id).update(plan="bulk") == 0
        stolen = Account(pk=their_id, business_id=mine, name="Stolen")
        stolen.save()  # another row: the key is (business, id)
        transaction.set_rollback(True)
    with business_context(theirs), transaction.atomic():
        assert Account.objects.get().name != "Stolen"


def test_writing_without_context_fails_before_the_database_is_asked(
    product: tuple[int, int],
) -> None:
    with pytest.raises(NoBusinessContext):
        Account(name="Nobody's")


def test_a_connection_from_the_pool_carries_nothing_over(product: tuple[int, int]) -> None:
    mine, theirs = product
    with business_context(mine), transaction.atomic():
        assert names() == [mine]
        first = backend()
    connection.close()
    assert backend() == first, "the pool has one connection, so it must be the same"
    assert names() == []
    connection.close()
    with business_context(theirs), transaction.atomic():
        assert names() == [theirs]
        assert backend() == first
    with transaction.atomic():
        assert names() == []


def test_outside_of_a_transaction_rows_are_refused_rather_than_not_found(
    product: tuple[int, int],
) -> None:
    """There PostgreSQL knows of no business: a worker once passed over all custom fields so."""
    with business_context(product[0]):
        with pytest.raises(OutsideTransaction, match="accounts_account"):
            names()
        assert Business.objects.exists(), "a table that all share"
    assert names() == []


def test_a_rollback_to_a_savepoint_keeps_the_context(product: tuple[int, int]) -> None:
    mine, theirs = product
    with business_context(mine), transaction.atomic():
        for context_first in (True, False):
            with pytest.raises(Exception, match="division by zero"):
                _fail_for(theirs, context_first=context_first)
            assert names() == [mine]
        with business_context(theirs):
            assert names() == [theirs]
            with transaction.atomic():
                transaction.set_rollback(True)
            assert names() == [theirs]
        assert names() == [mine]
        with business_context(None):
            assert names() == []


def _fail_for(business_id: int, *, context_first: bool) -> None:
    first, second = business_context(business_id), transaction.atomic()
    if not context_first:
        first, second = second, first
    with first, second, connection.cursor() as cursor:
        assert names() == [business_id]
        cursor.execute("SELECT 1 / 0")


def test_async_code_keeps_each_task_to_its_business(two: Any, django_db_blocker: Any) -> None:
    mine, theirs = two[0], two[1]

    def look() -> list[int]:
        try:
            with transaction.atomic():
                return names()
        finally:
            connections.close_all()

    async def task(business_id: int, seen: list[tuple[int, list[int]]]) -> None:
        with business_context(business_id):
            for turn in range(10):
                found = await sync_to_async(look, thread_sensitive=bool(turn % 2))()
                seen.append((business_id, found))
                await asyncio.sleep(0)

    async def both() -> list[tuple[int, list[int]]]:
        seen: list[tuple[int, list[int]]] = []
        await asyncio.gather(*(task(business, seen) for business in (mine, theirs) * 4))
        return seen

    with django_db_blocker.unblock(), django_as_app(max_size=3):
        seen = async_to_sync(both)()
        assert len(seen) == 80
        assert [(business, found) for business, found in seen if found != [business]] == []
        assert names() == []


def backend() -> int:
    """Which server process answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])
