"""Every test runs on a real PostgreSQL: the throw-away cluster, or the one of DATABASE_URL.

The cluster is started or found here, so plain ``pytest`` works as ``bin/test`` does. Tests run
as ``afterclose_owner``: row-level security is forced and binds that role too. One migrated
database is made per state of the migrations, and each worker's database is copied from it.
"""

import contextlib
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "src"), str(HERE)]
os.environ.setdefault("AFTERCLOSE_CLUSTER", "test")
os.environ["AFTERCLOSE_DB_ROLE"] = "owner"
os.environ.setdefault("AFTERCLOSE_TEST_RUN", str(os.getpid()))
# Django's synchronous calls from Playwright's event loop are the tests' own doing.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

# Only after the path and the environment above are set.
import psycopg  # noqa: E402
import pytest  # noqa: E402

from afterclose.kit.postgres import database_settings, open_database  # noqa: E402
from afterclose.kit.postgres.processes import is_alive  # noqa: E402
from tests.template import MigrationsDoNotRun, admin, template  # noqa: E402

# The cast that every test shares, in tests/ and beside the apps alike.
pytest_plugins = ["tests.cast", "tests.programs"]

# No test asserts how fast a machine is, by Hypothesis neither; and a fixture of a function serves
# all examples of a test on purpose.
settings.register_profile(
    "afterclose",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("afterclose")

RUN = "test_afterclose_"
# What their parameters share takes half a minute to work out, in each process that has one.
TOGETHER = {
    "tests/guards/test_api_schema.py::test_the_api_keeps_what_its_document_promises",
}
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
    loop stays there, and code that brings its own is refused. Of each kind the slow come first, so
    that no worker is still at a long one when the others have ended."""
    items.sort(key=lambda item: ("e2e" in item.path.parts, item.get_closest_marker("slow") is None))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """One test after the other to whoever is free, but for those that stay together.

    xdist has a mark for that, but pytest 9.2 loses it on the way.
    """
    if config.getoption("dist") != "load":
        return None  # somebody asked for another way
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            name = nodeid.partition("[")[0]
            return name if name in TOGETHER else nodeid

    return Scheduling(config, log)


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

    try:
        copied = template()
    except MigrationsDoNotRun as problem:
        pytest.exit(str(problem), returncode=3)
    name = RUN + os.environ["AFTERCLOSE_TEST_RUN"]
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    connections["default"].settings_dict["TEST"] |= {
        "TEMPLATE": copied,
        "NAME": f"{name}_{worker}" if worker else name,
    }


def _sweep(*, mine: bool = False) -> None:
    """Drops databases of runs that have ended, and of this one when it does."""
    with contextlib.suppress(psycopg.Error), admin() as connection:
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
