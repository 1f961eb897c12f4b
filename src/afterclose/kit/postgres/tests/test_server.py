"""DATABASE_URL: a powerful role is used once, to make roles that are not."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from afterclose.kit.postgres import DatabaseProblem, database_settings, open_database, roles
from afterclose.kit.postgres.cluster import Cluster, Lease
from afterclose.kit.postgres.processes import write
from afterclose.kit.postgres.server import given_server

pytestmark = pytest.mark.usefixtures("lease")


@pytest.fixture(scope="module", autouse=True)
def passwords_asked(cluster: Cluster, lease: Lease) -> None:
    """Makes the server ask everybody but its own administrator for a password."""
    rules = "local all postgres peer map=afterclose\nlocal all all scram-sha-256\n"
    write(cluster.places.account, cluster.places.data / "pg_hba.conf", rules)
    with cluster.connect("postgres", "postgres") as connection:
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("CREATE ROLE admin SUPERUSER LOGIN PASSWORD 'a'")
        connection.execute("CREATE ROLE plain LOGIN PASSWORD 'p'")
        connection.execute("CREATE ROLE migrator LOGIN CREATEDB PASSWORD 'm'")
        connection.execute("CREATE ROLE sly LOGIN PASSWORD 's' IN ROLE admin")
        connection.execute("CREATE ROLE bypasser LOGIN BYPASSRLS CREATEROLE CREATEDB PASSWORD 'b'")
        connection.execute("CREATE DATABASE ready OWNER migrator")


@pytest.fixture
def nothing_of_ours(cluster: Cluster) -> None:
    """No role that an earlier test made, nor what belongs to one: who has not made a role may not
    change it."""
    with cluster.connect("postgres", "postgres") as connection:
        found = connection.execute(
            "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> ALL(%s)",
            [["postgres", "ready"]],
        ).fetchall()
        for (name,) in found:
            connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))
        known = connection.execute(
            "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [list(roles.ALL)]
        ).fetchall()
    ours = [sql.Identifier(name) for (name,) in known]
    for database in ("postgres", "ready", "template1"):
        with cluster.connect("postgres", database) as connection:
            for role in ours:
                connection.execute(sql.SQL("DROP OWNED BY {}").format(role))
    with cluster.connect("postgres", "postgres") as connection:
        for role in ours:
            connection.execute(sql.SQL("DROP ROLE {}").format(role))


def _env(cluster: Cluster, data: Path, role: str, database: str, owner: str = "") -> dict[str, str]:
    def url(name: str) -> str:
        return f"postgresql://{name}:{name[0]}@/{database}?host={cluster.places.socket}"

    env = {"DATABASE_URL": url(role), "AFTERCLOSE_DATA_DIR": str(data)}
    return env | ({"DATABASE_OWNER_URL": url(owner)} if owner else {})


def _connect(env: dict[str, str], role: str) -> "psycopg.Connection[tuple[object, ...]]":
    to = database_settings(env, role)
    return psycopg.connect(
        host=to["HOST"], user=to["USER"], password=to["PASSWORD"], dbname=to["NAME"]
    )


# A hosted server gives its customers no superuser, but sometimes BYPASSRLS.
@pytest.mark.usefixtures("nothing_of_ours")
@pytest.mark.parametrize(
    ("role", "database"),
    [
        *(("bypasser", "postgres"), ("bypasser", "newone")),
        *(("admin", "postgres"), ("admin", "newone"), ("admin", "ready")),
    ],
)
def test_a_powerful_role_is_exchanged_for_ones_that_cannot_bypass(
    cluster: Cluster, tmp_path: Path, role: str, database: str
) -> None:
    env = _env(cluster, tmp_path, role, database)
    said: list[str] = []
    open_database(env, said.append).release()
    assert "could pass by row-level security" in said[0]
    for name, expected in (("app", roles.APP), ("owner", roles.OWNER)):
        with _connect(env, name) as connection:
            assert connection.info.user == expected
            assert not roles.can_bypass(connection)
    with _connect(env, "owner") as connection:
        name = connection.info.dbname
        assert name == ("afterclose" if database == "postgres" else database)
        table = f"t_{role}"
        connection.execute(f"CREATE TABLE {table} (id bigserial PRIMARY KEY)")
    with _connect(env, "app") as connection:
        connection.execute(f"INSERT INTO {table} DEFAULT VALUES")


def test_a_role_that_could_become_a_superuser_is_refused(cluster: Cluster, tmp_path: Path) -> None:
    with pytest.raises(DatabaseProblem, match="may not make other roles"):
        open_database(_env(cluster, tmp_path, "sly", "ready"), lambda _: None)


def test_making_ready_twice_changes_nothing(cluster: Cluster, tmp_path: Path) -> None:
    env = _env(cluster, tmp_path, "admin", "twice")
    open_database(env, lambda _: None).release()
    server = given_server(env)
    assert server
    before = server.notes.read_text()
    assert stat.S_IMODE(server.notes.stat().st_mode) == 0o600
    said: list[str] = []
    open_database(env, said.append).release()
    assert said == []
    assert server.notes.read_text() == before
    assert set(json.loads(before)["passwords"]) == set(roles.ALL)


def test_lost_powers_and_passwords_are_put_right(cluster: Cluster, tmp_path: Path) -> None:
    env = _env(cluster, tmp_path, "admin", "mended")
    open_database(env, lambda _: None).release()
    with cluster.connect("postgres", "postgres") as connection:
        connection.execute("ALTER ROLE afterclose_app BYPASSRLS PASSWORD 'stolen'")
    open_database(env, lambda _: None).release()
    with _connect(env, "app") as connection:
        assert not roles.can_bypass(connection)


def test_ordinary_roles_are_used_as_they_are(cluster: Cluster, tmp_path: Path) -> None:
    env = _env(cluster, tmp_path, "plain", "ready", owner="migrator")
    open_database(env).release()
    assert database_settings(env, "app")["USER"] == "plain"
    assert database_settings(env, "owner")["USER"] == "migrator"
    assert not list(tmp_path.iterdir())
    with _connect(env, "owner") as connection:
        connection.execute("CREATE TABLE of_migrator (id bigserial PRIMARY KEY)")
    with _connect(env, "app") as connection:
        connection.execute("INSERT INTO of_migrator DEFAULT VALUES")


def test_one_ordinary_role_serves_for_both(cluster: Cluster, tmp_path: Path) -> None:
    env = _env(cluster, tmp_path, "migrator", "ready")
    open_database(env).release()
    assert database_settings(env, "app")["USER"] == "migrator"
    assert database_settings(env, "owner")["USER"] == "migrator"


@pytest.mark.parametrize(
    ("url", "word"),
    [("nonsense://x", "DATABASE_URL"), ("postgresql:///x?host=/nowhere", "cannot be used")],
)
def test_an_address_that_does_not_work_is_explained(tmp_path: Path, url: str, word: str) -> None:
    env = {"DATABASE_URL": url, "AFTERCLOSE_DATA_DIR": str(tmp_path)}
    with pytest.raises(DatabaseProblem, match=word):
        open_database(env)


def test_the_passwords_are_needed(cluster: Cluster, tmp_path: Path) -> None:
    env = _env(cluster, tmp_path, "admin", "asked")
    open_database(env, lambda _: None).release()
    to = database_settings(env, "app")
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(host=to["HOST"], user=to["USER"], password="wrong", dbname=to["NAME"])
    assert (
        to["PASSWORD"]
        not in subprocess.run(
            ["ps", "-eo", "args"], capture_output=True, text=True, check=False
        ).stdout
    )


# Started by themselves, without the commands of ours that would make roles of their own.
STARTS = {
    "web": [
        "granian",
        "--interface",
        "asginl",
        "--port",
        "0",
        "afterclose.config.asgi:application",
    ],
    "worker": ["django", "procrastinate", "worker", "--one-shot"],
    "command": ["django", "migrate", "--check"],
}


def _start(
    cluster: Cluster, data: Path, role: str, what: str
) -> "subprocess.CompletedProcess[str]":
    source = Path(__file__).resolve().parents[4]
    return subprocess.run(
        [sys.executable, "-m", *STARTS[what]],
        env={
            **{key: value for key, value in os.environ.items() if not key.startswith("AFTERCLOSE")},
            **_env(cluster, data, role, "ready"),
            "DJANGO_SETTINGS_MODULE": "afterclose.config.settings",
            "PYTHONPATH": str(source),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("role", "what"), [("admin", "web"), ("bypasser", "worker"), ("sly", "command")]
)
def test_no_process_starts_with_a_role_that_could_bypass(
    cluster: Cluster, tmp_path: Path, role: str, what: str
) -> None:
    ended = _start(cluster, tmp_path, role, what)
    assert ended.returncode != 0
    assert f"Refused to start: the database role “{role}”" in ended.stderr


def test_a_harmless_role_is_let_in(cluster: Cluster, tmp_path: Path) -> None:
    ended = _start(cluster, tmp_path, "migrator", "command")
    assert "Refused to start" not in ended.stderr
    assert ended.returncode == 1, "it said that migrations are missing"
