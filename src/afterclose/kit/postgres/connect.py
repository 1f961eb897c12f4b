"""Which database Afterclose works on: what Django is told, and how it is made ready."""

import os
from collections.abc import Mapping
from typing import Any, Protocol, Self

from afterclose.kit.postgres import roles
from afterclose.kit.postgres.cluster import Say, embedded, to_stderr
from afterclose.kit.postgres.places import places
from afterclose.kit.postgres.server import given_server, prepare

ROLES = {"app": roles.APP, "owner": roles.OWNER, "assistant": roles.ASSISTANT}


class Held(Protocol):
    """A database that stays ready until it is released."""

    def revive(self) -> bool:
        """Starts the server again if it is ours and has died; says whether it had."""

    def release(self) -> None:
        """Gives the database up; stops our own server when nobody else uses it."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


class Elsewhere:
    """A server that somebody else runs: nothing to start or to stop."""

    def revive(self) -> bool:
        """Its operator restarts it."""
        return False

    def release(self) -> None:
        """Nothing to give up."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def open_database(env: Mapping[str, str] = os.environ, say: Say = to_stderr) -> Held:
    """Makes the database ready for use: server, roles, rights. The tables are Django's matter.

    Raises :class:`afterclose.kit.postgres.DatabaseProblem` with what to do.
    """
    server = given_server(env)
    if server is None:
        return embedded(env, say).lease()
    prepare(server, say)
    return Elsewhere()


def database_settings(
    env: Mapping[str, str] = os.environ, role: str | None = None
) -> dict[str, Any]:
    """Django's ``DATABASES["default"]``. Pure: reads the environment and our notes only.

    ``role`` is ``app``, ``owner`` (migrations, tests) or ``assistant``; ``AFTERCLOSE_DB_ROLE``
    says it when the caller does not, and it is the application's else. The application gets a
    connection pool per process (``AFTERCLOSE_DB_POOL`` connections at most, 10 unless told;
    0 for none). ``AFTERCLOSE_DB_NAME`` names another database on the same server.
    """
    chosen = role or env.get("AFTERCLOSE_DB_ROLE") or "app"
    if chosen not in ROLES:
        raise ValueError(f"AFTERCLOSE_DB_ROLE is app, owner or assistant, not {chosen!r}")
    server = given_server(env)
    if server is None:
        given: dict[str, Any] = {
            "host": str(places(env).socket),
            "port": "5432",
            "user": ROLES[chosen],
            "dbname": roles.DATABASE,
        }
    else:
        given = server.parameters(ROLES[chosen])
    settings: dict[str, Any] = {
        "ENGINE": "afterclose.businesses.postgres",
        "NAME": env.get("AFTERCLOSE_DB_NAME") or given.pop("dbname", None) or roles.DATABASE,
        "USER": given.pop("user", ""),
        "PASSWORD": given.pop("password", ""),
        "HOST": given.pop("host", ""),
        "PORT": str(given.pop("port", "")),
        "OPTIONS": {key: value for key, value in given.items() if key != "dbname"},
    }
    pool = int(env.get("AFTERCLOSE_DB_POOL") or 10) if chosen == "app" else 0
    if pool:
        settings["OPTIONS"]["pool"] = {"min_size": 1, "max_size": pool, "timeout": 30}
        # A pool keeps connections that died with a restarted server, unless it asks them.
        settings["CONN_HEALTH_CHECKS"] = True
    return settings
