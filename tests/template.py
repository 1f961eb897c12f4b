"""The migrated database that every worker's is copied from; as a program it makes it and ends.

One is kept per state of the migrations, so that most runs find theirs and start at once. Making it
keeps one core busy for half a minute, so bin/test does it while the other checks run.
"""

import contextlib
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from afterclose.kit.postgres import database_settings
from afterclose.kit.postgres.locks import alone

HERE = Path(__file__).resolve().parents[1]
TEMPLATE = "afterclose_template_"
# Besides the migrations, what decides how their tables come out.
PARTS_OF_STATE = ("settings.py", "schema.py", "tenancy.py", "assistant.py")


class MigrationsDoNotRun(Exception):
    """With the end of what they said."""


def template() -> str:
    """Name of a database migrated to today's state of the migrations; made when missing."""
    name = TEMPLATE + state()
    lock = HERE / ".cache" / "template.lock"
    with alone(lock), admin() as connection:
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
            "AFTERCLOSE_DB_ROLE": "owner",
            "PYTHONPATH": str(HERE / "src"),
            "DJANGO_SETTINGS_MODULE": "afterclose.config.settings",
        }
        command = [sys.executable, "-m", "django", "migrate", "--skip-checks", "-v", "0"]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            connection.execute(f'DROP DATABASE "{fresh}"')
            raise MigrationsDoNotRun(f"The migrations do not run:\n{done.stderr[-4000:]}")
        connection.execute(f'ALTER DATABASE "{fresh}" RENAME TO "{name}"')
    return name


def state() -> str:
    """Twelve letters that change whenever a migration or the set of packages does."""
    found = hashlib.sha256((HERE / "requirements" / "base.txt").read_bytes())
    for file in sorted((HERE / "src").glob("afterclose/**/*.py")):
        if "migrations" in file.parts or file.name in PARTS_OF_STATE:
            found.update(str(file.relative_to(HERE)).encode())
            found.update(file.read_bytes())
    return found.hexdigest()[:12]


@contextlib.contextmanager
def admin() -> Iterator["psycopg.Connection[Any]"]:
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


if __name__ == "__main__":
    try:
        sys.stdout.write(template() + "\n")
    except MigrationsDoNotRun as problem:
        sys.exit(str(problem))
