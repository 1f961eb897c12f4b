"""A real server: roles, rights, recovery, and who stops it when."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from afterclose.kit.postgres import roles
from afterclose.kit.postgres.cluster import Cluster, Lease
from afterclose.kit.postgres.processes import is_alive

pytestmark = pytest.mark.usefixtures("lease")

TABLE = """
CREATE TABLE secrets (id bigserial PRIMARY KEY, business_id bigint, word text);
ALTER TABLE secrets ENABLE ROW LEVEL SECURITY;
ALTER TABLE secrets FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON secrets
    USING (business_id = NULLIF(current_setting('app.business_id', true), '')::bigint);
"""


@pytest.fixture(scope="module", autouse=True)
def table(cluster: Cluster, lease: Lease) -> None:
    with cluster.connect(roles.OWNER) as connection:
        connection.execute(TABLE)
        connection.execute(f"GRANT SELECT ON secrets TO {roles.ASSISTANT}")
    for business in (1, 2):
        with cluster.connect(roles.APP) as connection, connection.transaction():
            connection.execute("SELECT set_config('app.business_id', %s, true)", [str(business)])
            connection.execute(
                "INSERT INTO secrets (business_id, word) VALUES (%s, 'x')", [business]
            )


@pytest.mark.parametrize("role", roles.ALL)
def test_no_role_of_ours_can_pass_by_row_level_security(cluster: Cluster, role: str) -> None:
    with cluster.connect(role) as connection:
        assert not roles.can_bypass(connection)
        assert connection.execute("SELECT count(*) FROM secrets").fetchone() == (0,)
        with connection.transaction():
            connection.execute("SELECT set_config('app.business_id', '2', true)")
            found = connection.execute("SELECT business_id FROM secrets").fetchall()
        assert found == [(2,)]


def test_only_the_administrator_can_pass_by_it(cluster: Cluster) -> None:
    with cluster.connect("postgres") as connection:
        assert roles.can_bypass(connection)


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE secrets DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE secrets NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY tenant ON secrets",
        "ALTER ROLE afterclose_app BYPASSRLS",
        "ALTER ROLE afterclose_app SUPERUSER",
        "SET ROLE afterclose_owner",
        "SET ROLE postgres",
        "SET SESSION AUTHORIZATION postgres",
        "CREATE TABLE mine (id int)",
        "CREATE ROLE other",
        "TRUNCATE secrets",
        "COPY secrets TO PROGRAM 'cat'",
    ],
)
def test_the_application_may_not_change_what_holds_it(cluster: Cluster, statement: str) -> None:
    with cluster.connect(roles.APP) as connection, pytest.raises(psycopg.Error) as problem:
        connection.execute(statement)
    assert isinstance(problem.value, psycopg.errors.InsufficientPrivilege)


def test_the_application_cannot_write_into_another_business(cluster: Cluster) -> None:
    with cluster.connect(roles.APP) as connection, connection.transaction():
        connection.execute("SELECT set_config('app.business_id', '1', true)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("INSERT INTO secrets (business_id, word) VALUES (2, 'y')")


def test_the_assistant_reads_and_nothing_else(cluster: Cluster) -> None:
    with cluster.connect(roles.ASSISTANT) as connection:
        connection.execute("SET default_transaction_read_only = off")
        for statement in ("INSERT INTO secrets VALUES (9, 1, 'y')", "DELETE FROM secrets"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_the_assistant_reads_no_table_that_nobody_granted(cluster: Cluster) -> None:
    with cluster.connect(roles.OWNER) as connection:
        connection.execute("CREATE TABLE passwords (hash text)")
    with (
        cluster.connect(roles.ASSISTANT) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("SELECT * FROM passwords")


def test_new_databases_of_the_owner_give_the_application_its_rights(cluster: Cluster) -> None:
    with cluster.connect(roles.OWNER, "postgres") as connection:
        connection.execute("CREATE DATABASE another")
    with cluster.connect(roles.OWNER, "another") as connection:
        connection.execute("CREATE TABLE things (id bigserial PRIMARY KEY)")
    with cluster.connect(roles.APP, "another") as connection:
        connection.execute("INSERT INTO things DEFAULT VALUES")
        assert connection.execute("SELECT count(*) FROM things").fetchone() == (1,)


def test_nobody_is_trusted_and_nobody_else_can_reach_the_socket(cluster: Cluster) -> None:
    rules = (cluster.places.data / "pg_hba.conf").read_text()
    assert "peer" in rules
    assert "trust" not in rules
    for folder in (cluster.places.home, cluster.places.socket):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert folder.stat().st_uid == cluster.places.account.uid
    with cluster.connect("postgres") as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


def test_it_does_not_run_as_root(cluster: Cluster) -> None:
    assert cluster.places.account.uid != 0
    owner = cluster.places.data.stat().st_uid
    assert owner == cluster.places.account.uid


def test_a_second_user_finds_it_running(cluster: Cluster) -> None:
    before = cluster.pid()
    with cluster.lease():
        assert cluster.pid() == before
    assert cluster.pid() == before, "the first user is still there"


def test_it_comes_back_with_its_rows_after_a_kill(cluster: Cluster, lease: Lease) -> None:
    before = cluster.pid()
    assert lease.revive() is False
    os.kill(before, signal.SIGKILL)
    _wait_until(lambda: not is_alive(before))
    assert lease.revive() is True
    assert cluster.pid() not in (0, before)
    with cluster.connect("postgres") as connection:
        assert connection.execute("SELECT count(*) FROM secrets").fetchone() == (2,)


def _wait_until(holds: object) -> None:
    deadline = time.monotonic() + 60
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not happen within a minute"
        time.sleep(0.05)


USER = """
import sys, time
from pathlib import Path
from afterclose.kit.postgres.cluster import Cluster
from afterclose.kit.postgres.places import Places, server_account
held = Cluster(Places(Path(sys.argv[1]), Path(sys.argv[2]), server_account()), True).lease()
print(held.cluster.pid(), flush=True)
time.sleep(600)
"""


def test_it_stops_after_its_last_user_even_one_that_was_killed(unused_cluster: Cluster) -> None:
    cluster = unused_cluster
    lease = cluster.lease()
    command = [sys.executable, "-c", USER, str(cluster.places.home), str(cluster.places.socket)]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[4])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as user:
        assert user.stdout
        pid = int(user.stdout.readline())
        assert pid == cluster.pid()
        lease.release()
        assert cluster.pid() == pid, "the other user still needs it"
        user.kill()
    _wait_until(lambda: not cluster.pid())
    with cluster.lease():
        assert cluster.pid()
    assert not cluster.pid(), "the last one out waits until it has stopped"
