"""``afterclose database …``: the server by hand, for people who develop or operate."""

import os
import subprocess
import sys

from afterclose.kit.postgres import binaries
from afterclose.kit.postgres.cluster import SUPERUSER, Cluster, embedded
from afterclose.kit.postgres.connect import ROLES, database_settings, open_database
from afterclose.kit.postgres.server import given_server

USAGE = """afterclose database start          start the embedded server and leave it running
afterclose database stop           stop it again
afterclose database status         say whether it runs, and where
afterclose database address [ROLE] print what to connect to (ROLE: app, owner, assistant)
afterclose database psql [ROLE] …  open psql as that role; 'superuser' too when embedded"""


def database_command(said: list[str]) -> int:
    """Runs one of the commands of :data:`USAGE`; gives the exit status."""
    match said:
        case ["start" | "stop" | "status" as verb]:
            if given_server():
                print("DATABASE_URL names a server that is not ours to start or stop.")  # noqa: T201
                return 1
            return _embedded(verb, embedded())
        case ["address", *rest] if set(rest) <= set(ROLES):
            print(_address(rest[0] if rest else "app"))  # noqa: T201
            return 0
        case ["psql", *rest]:
            return _psql(rest)
        case _:
            print(USAGE)  # noqa: T201
            return 0 if said in ([], ["--help"], ["-h"]) else 2


def _embedded(verb: str, cluster: Cluster) -> int:
    if verb == "start":
        cluster.keep(keep=True)
        cluster.lease().release()
    elif verb == "stop":
        cluster.keep(keep=False)
        cluster.stop()
    pid = cluster.pid()
    state = f"runs (process {pid})" if pid else "does not run"
    print(f"The database server {state}; data in {cluster.places.data}.")  # noqa: T201
    return 0 if pid or verb == "stop" else 3


def _address(role: str) -> str:
    to = database_settings(role=role)
    words = {"host": to["HOST"], "port": to["PORT"], "user": to["USER"], "dbname": to["NAME"]}
    return " ".join(f"{name}='{value}'" for name, value in words.items() if value)


def _psql(said: list[str]) -> int:
    role = said.pop(0) if said and said[0] in (*ROLES, "superuser") else "app"
    program = "psql"
    with open_database():
        to = database_settings(role="app" if role == "superuser" else role)
        if not given_server():
            program = binaries.find(embedded().places.account).program("psql")
        user = SUPERUSER if role == "superuser" else to["USER"]
        env = {**os.environ, "PGPASSWORD": to["PASSWORD"]}
        command = [program, "-h", to["HOST"], "-p", to["PORT"], "-U", user, "-d", to["NAME"]]
        sys.stdout.flush()
        return subprocess.run([*command, *said], env=env, check=False).returncode
