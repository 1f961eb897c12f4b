"""Every test runs on a real PostgreSQL: the throw-away cluster, or the one of DATABASE_URL.

The cluster is started or found here, so plain ``pytest`` works as ``bin/test`` does. Tests run
as ``afterclose_owner``: row-level security is forced and binds that role too. One migrated
database is made per state of the migrations, and each worker's database is copied from it.
"""

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "src"))
os.environ.setdefault("AFTERCLOSE_CLUSTER", "test")
os.environ["AFTERCLOSE_DB_ROLE"] = "owner"
os.environ.setdefault("AFTERCLOSE_TEST_RUN", str(os.getpid()))
# Django's synchronous calls from Playwright's event loop are the tests' own doing.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

import psycopg  # noqa: E402
import pytest  # noqa: E402

from afterclose.kit.postgres import database_settings, open_database  # noqa: E402
from afterclose.kit.postgres.locks import alone  # noqa: E402
from afterclose.kit.postgres.processes import is_alive  # noqa: E402

# The cast that every test shares, in tests/ and beside the apps alike.
pytest_plugins = ["tests.cast", "tests.programs"]

TEMPLATE = "afterclose_template_"
RUN = "test_afterclose_"
# Besides the migrations, what decides how their tables come out.
PARTS_OF_STATE = ("settings.py", "schema.py", "tenancy.py", "assistant.py")
_held: list[Any] = []


def pytest_configure(config: pytest.Config) -> None:
    """Holds the database server for as long as this process tests."""
    _held.append(open_database())
    # pytest-django has read the settings before this file could say which cluster and role.
    from django.db import connections

    from tests import emptying

    connections.databases["default"].update(database_settings(role="owner"))
    emptying.install()
    if not hasattr(config, "workerinput"):
        _sweep()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last, in every worker: once Playwright has run in a process, an event
    loop stays there, and code that brings its own is refused."""
    items.sort(key=lambda item: "e2e" in item.path.parts)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Lets the server go; it stops when nobody else tests."""
    if not hasattr(config, "workerinput"):
        _sweep(mine=True)
    while _held:
        _held.pop().release()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Names this run's database and what it is copied from."""
    from django.db import connections

    name = RUN + os.environ["AFTERCLOSE_TEST_RUN"]
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    connections["default"].settings_dict["TEST"] |= {
        "TEMPLATE": _template(),
        "NAME": f"{name}_{worker}" if worker else name,
    }


def _template() -> str:
    """Name of a database migrated to today's state of the migrations; made when missing."""
    name = TEMPLATE + _state()
    lock = HERE / ".cache" / "template.lock"
    with alone(lock), _admin() as connection:
        known = connection.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE %s", [TEMPLATE + "%"]
        ).fetchall()
        if (name,) in known:
            return name
        for (old,) in known[:-3]:
            # Another run may be copying it this moment; then it goes next time.
            with contextlib.suppress(psycopg.Error):
                connection.execute(f'DROP DATABASE IF EXISTS "{old}"')
        fresh = f"{name}_{os.getpid()}"
        connection.execute(f'CREATE DATABASE "{fresh}"')
        env = {
            **os.environ,
            "AFTERCLOSE_DB_NAME": fresh,
            "PYTHONPATH": str(HERE / "src"),
            "DJANGO_SETTINGS_MODULE": "afterclose.config.settings",
        }
        command = [sys.executable, "-m", "django", "migrate", "--skip-checks", "-v", "0"]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            connection.execute(f'DROP DATABASE "{fresh}"')
            pytest.exit(f"The migrations do not run:\n{done.stderr[-4000:]}", returncode=3)
        connection.execute(f'ALTER DATABASE "{fresh}" RENAME TO "{name}"')
    return name


def _state() -> str:
    """Twelve letters that change whenever a migration or the set of packages does."""
    found = hashlib.sha256((HERE / "requirements" / "base.txt").read_bytes())
    for file in sorted((HERE / "src").glob("afterclose/**/*.py")):
        if "migrations" in file.parts or file.name in PARTS_OF_STATE:
            found.update(str(file.relative_to(HERE)).encode())
            found.update(file.read_bytes())
    return found.hexdigest()[:12]


@contextlib.contextmanager
def _admin() -> Iterator["psycopg.Connection[Any]"]:
    """The owner's connection to a database that is nobody's, to make others."""
    to = database_settings(role="owner")
    with psycopg.connect(
        host=to["HOST"],
        port=to["PORT"],
        user=to["USER"],
        password=to["PASSWORD"],
        dbname="postgres",
        autocommit=True,
    ) as connection:
        yield connection


def _sweep(*, mine: bool = False) -> None:
    """Drops databases of runs that have ended, and of this one when it does."""
    with contextlib.suppress(psycopg.Error), _admin() as connection:
        names = connection.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE %s", [RUN + "%"]
        ).fetchall()
        for (name,) in names:
            run = name.removeprefix(RUN).split("_")[0]
            own = run == os.environ["AFTERCLOSE_TEST_RUN"]
            # On a server that other machines use, a process id says nothing.
            dead = not os.environ.get("DATABASE_URL") and run.isdigit() and not is_alive(int(run))
            if (own and mine) or (not own and dead):
                connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Names what could not run here, so that nothing is left out in silence."""
    missing = []
    if not any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")):
        missing.append("no Chromium on PATH: the browser tests in tests/e2e did not run")
    if not (HERE.parent / "shared").is_dir():
        missing.append("no ../shared folder: the tests on its data files did not run")
    for line in missing:
        terminalreporter.write_line(f"Could not run here: {line}.")
