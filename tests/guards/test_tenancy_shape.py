"""Every tenant table has the shape that keeps businesses apart (spec 00, shape for Citus).

The tables come from PostgreSQL's catalogue, so one that somebody adds is checked unasked.
"""

import pytest
from django.apps import apps
from django.db import connection
from django.db.utils import NotSupportedError

from afterclose.businesses.postgres.schema import PERSON_IN_CONTEXT, business_field
from afterclose.businesses.tenancy import TenantModel
from afterclose.kit.postgres import roles
from tests.guards.databases import rows, tenant_tables

pytestmark = pytest.mark.django_db

# Our tables that businesses share, and why none of them holds a customer's data.
SHARED = {
    "businesses_business": "the tenant itself",
    "businesses_apikeyroute": "where a key is, by the hash of its token (spec 00)",
    "businesses_person": "signs in to several businesses",
    "tasks_calendarlink": "from a private link's digest to its business, whom nobody has named",
    "businesses_signinprovider": "people sign in by it before their business is known",
}
# The one policy that shows more than `tenant`: a person sees their own memberships everywhere.
OWN_ROWS = {"businesses_membership"}
# Restrictive policies, which can only take away: reviewed, and what each is for.
RESTRICTIVE = {
    ("businesses_auditentry", "never_changed"): "the audit log is append-only (OP-7)",
    ("businesses_auditentry", "never_removed"): "the audit log is append-only (OP-7)",
    ("businesses_auditseal", "never_changed"): "so is its chain of fingerprints (OP-7)",
    ("businesses_auditseal", "never_removed"): "so is its chain of fingerprints (OP-7)",
    ("health_snapshot", "account_of_business_added"): "instead of a foreign key, see its docs",
    ("health_snapshot", "account_of_business_changed"): "instead of a foreign key, see its docs",
}


def test_every_table_of_ours_is_a_tenant_table_or_says_why_not() -> None:
    ours = {
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and model._meta.app_config.name.startswith("afterclose.")
    }
    assert ours - set(tenant_tables()) <= set(SHARED)
    assert {t for t in tenant_tables() if not t.startswith("procrastinate_")} <= ours


def test_every_model_with_a_business_uses_the_tenant_base() -> None:
    for model in apps.get_models():
        if model._meta.db_table in tenant_tables():
            assert business_field(model) is not None, f"{model} has a hand-made business_id"
            assert model._meta.base_manager_name == "objects", f"{model} can update across"


def test_row_level_security_is_enabled_and_forced() -> None:
    loose = rows(
        "SELECT relname FROM pg_class WHERE relname = ANY(%s)"
        " AND NOT (relrowsecurity AND relforcerowsecurity)",
        tenant_tables(),
    )
    assert loose == []


def test_the_policy_compares_with_the_context_for_every_command() -> None:
    found: dict[str, list[tuple[str, ...]]] = {}
    for table, *policy in rows(
        "SELECT tablename, policyname, cmd, permissive, qual, with_check, roles::text"
        " FROM pg_policies WHERE schemaname = 'public'"
    ):
        found.setdefault(table, []).append(tuple(policy))
    for table in tenant_tables():
        policies = {policy[0]: policy[1:] for policy in found.get(table, [])}
        assert "tenant" in policies, f"{table} has no tenant policy"
        command, permissive, using, check, to = policies.pop("tenant")
        assert (command, permissive, check, to) == ("ALL", "PERMISSIVE", None, "{public}"), table
        assert using == (
            "(business_id = (NULLIF(current_setting('app.business_id'::text, true),"
            " ''::text))::bigint)"
        ), table
        if table in OWN_ROWS:
            own = policies.pop("tenant_own")
            assert own[0] == "SELECT"
            assert "app.person_id" in own[2]
            assert "person_id" in PERSON_IN_CONTEXT
        for name, policy in list(policies.items()):
            if (table, name) in RESTRICTIVE:
                assert policy[1] == "RESTRICTIVE"
                del policies[name]
        assert not policies, f"{table} has policies that nobody reviewed: {policies}"


def test_every_unique_index_contains_the_business_and_every_key_starts_with_it() -> None:
    wrong = []
    for table, index, is_primary, columns in rows(
        "SELECT c.relname, i.relname, x.indisprimary,"
        " ARRAY(SELECT COALESCE(a.attname::text, '(expression)')"
        "       FROM unnest(x.indkey::int2[]) WITH ORDINALITY k(n, o)"
        "       LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.n AND k.n > 0"
        "       ORDER BY k.o)"
        " FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid"
        " JOIN pg_class i ON i.oid = x.indexrelid"
        " WHERE c.relname = ANY(%s) AND x.indisunique",
        tenant_tables(),
    ):
        if "business_id" not in columns or (is_primary and columns[0] != "business_id"):
            wrong.append((table, index, columns))
    assert wrong == []
    with_key = {
        table
        for (table,) in rows(
            "SELECT c.relname FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid"
            " WHERE x.indisprimary AND c.relname = ANY(%s)",
            tenant_tables(),
        )
    }
    assert with_key == set(tenant_tables())


def foreign_keys() -> list[tuple[str, str, str, list[str], list[str], str]]:
    """Every foreign key: table, name, target, columns, target's columns, on delete."""
    return rows(
        "SELECT c.relname, k.conname, t.relname,"
        " ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY n(i, o)"
        "       JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = n.i ORDER BY n.o),"
        " ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY n(i, o)"
        "       JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = n.i ORDER BY n.o),"
        " k.confdeltype::text"
        " FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid"
        " JOIN pg_class t ON t.oid = k.confrelid"
        " WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace"
    )


def test_a_foreign_key_between_tenant_tables_contains_the_business() -> None:
    tenants = set(tenant_tables())
    wrong = [
        (table, key)
        for table, key, target, columns, theirs, _ in foreign_keys()
        if table in tenants
        and target in tenants
        and ("business_id", "business_id") not in zip(columns, theirs, strict=True)
    ]
    assert wrong == []


def test_no_shared_table_points_to_a_tenant_table() -> None:
    tenants = set(tenant_tables())
    wrong = [
        (table, key)
        for table, key, target, *_ in foreign_keys()
        if table not in tenants and target in tenants
    ]
    assert wrong == []


def test_the_database_sets_nothing_null_and_has_no_triggers_of_ours() -> None:
    tenants = tenant_tables()
    assert [key for key in foreign_keys() if key[0] in tenants and key[-1] in ("n", "d")] == []
    triggers = rows(
        "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " WHERE NOT t.tgisinternal AND c.relname NOT LIKE 'procrastinate_%%'"
    )
    assert triggers == []


def test_every_required_row_belongs_to_a_business() -> None:
    nullable = rows(
        "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relname = ANY(%s) AND a.attname = 'business_id' AND NOT a.attnotnull",
        tenant_tables(),
    )
    assert nullable == []


def test_the_application_can_neither_bypass_nor_change_the_policies() -> None:
    [(is_super, bypasses)] = rows(
        "SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = %s", roles.APP
    )
    assert not is_super
    assert not bypasses
    owned = rows(
        "SELECT relname FROM pg_class WHERE relowner = %s::regrole"
        " AND relnamespace = 'public'::regnamespace",
        roles.APP,
    )
    assert owned == []
    inherited = rows(
        "SELECT r.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid"
        " WHERE m.member = %s::regrole",
        roles.APP,
    )
    assert inherited == []


def test_nothing_runs_with_other_rights_than_the_callers() -> None:
    functions = rows(
        "SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace"
    )
    assert functions == []
    views = rows(
        "SELECT relname FROM pg_class WHERE relkind IN ('v', 'm')"
        " AND relnamespace = 'public'::regnamespace"
        " AND NOT COALESCE('security_invoker=true' = ANY(reloptions), false)"
    )
    assert views == []


def test_a_business_that_comes_after_its_table_is_refused_with_what_to_do() -> None:
    """`makemigrations` writes CreateModel and AddField where models point at each other."""

    class Late(TenantModel):
        class Meta:
            app_label = "late"

    try:
        with connection.schema_editor(atomic=False) as editor:
            editor.execute('CREATE TABLE "late_late" (id bigint PRIMARY KEY)')
            with pytest.raises(NotSupportedError, match=r"neither row-level security.*CreateModel"):
                editor.add_field(Late, Late._meta.get_field("business"))
            editor.execute('DROP TABLE "late_late"')
            editor.create_model(Late)
        secured = "SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE relname = %s"
        assert rows(secured, "late_late") == [(True,)]
    finally:
        del apps.all_models["late"]
