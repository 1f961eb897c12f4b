"""Makes the demo business, runs Afterclose on it, and stops everything on Ctrl-C."""

import contextlib
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import psycopg

from afterclose.kit.postgres import DatabaseProblem, database_settings, open_database
from afterclose.kit.postgres.places import data_folder
from afterclose.kit.supervisor import PortTaken, address, is_free, serve

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    host = os.environ.get("HOST", "127.0.0.1")
    port = choose_port(host)
    os.environ.setdefault("SITE_URL", address(host, port))
    with open_database():
        changed = migrate()
        command = [sys.executable, "-m", "afterclose", "make_demo", *sys.argv[1:]]
        making = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        if changed:
            finish(making)

        def ready() -> None:
            login = finish(making)
            print(f"\nAfterclose runs at {address(host, port)}\n{login}\nCtrl-C stops it.\n")
            sys.stdout.flush()

        say("Starting web server and worker")
        status = serve(host=host, port=port, when_ready=ready)
    say("Stopped")
    return status


_made: list[str] = []


def finish(making: "subprocess.Popen[str]") -> str:
    """Waits until the demo business is made; gives the logins that were printed.

    On a second start this runs beside the start of the web server: there is little to do.
    """
    if not _made:
        printed, _ = making.communicate()
        if making.returncode:
            print(printed, end="")
            raise DatabaseProblem("The demo business could not be made; see above.")
        _made.append(printed.strip())
    return _made[0]


def migrate() -> bool:
    """Brings the tables up to date; says whether there was anything to do.

    Passes over it when neither the migrations nor the database have changed since.
    """
    note = data_folder() / "demo-migrated"
    with contextlib.suppress(OSError, psycopg.Error):
        if note.read_text() == state():
            return False
    say("Bringing the tables up to date")
    command = [sys.executable, "-m", "afterclose", "migrate", "--verbosity", "0"]
    if subprocess.run(command, check=False).returncode:
        raise DatabaseProblem("The tables could not be brought up to date; see above.")
    note.write_text(state())
    return True


def state() -> str:
    """What the migrations say on disk, and what the database says of them."""
    found = hashlib.sha256((ROOT / "requirements" / "base.txt").read_bytes())
    for file in sorted((ROOT / "src").rglob("migrations/*.py")):
        found.update(file.read_bytes())
    to = database_settings(role="owner")
    with psycopg.connect(
        host=to["HOST"],
        port=to["PORT"],
        user=to["USER"],
        password=to["PASSWORD"],
        dbname=to["NAME"],
    ) as connection:
        row = connection.execute(
            "SELECT oid, (SELECT count(*) FROM django_migrations) FROM pg_database"
            " WHERE datname = current_database()"
        ).fetchone()
    return f"{found.hexdigest()} {row}"


def choose_port(host: str) -> int:
    """PORT as it is; else 8000 or the next one that is free. Raises PortTaken."""
    if wanted := os.environ.get("PORT"):
        if not is_free(host, int(wanted)):
            raise PortTaken(host, int(wanted))
        return int(wanted)
    for port in range(8000, 8100):
        if is_free(host, port):
            return port
    raise DatabaseProblem("The ports 8000 to 8099 are all taken. Name another one: PORT=9000")


def say(text: str) -> None:
    print(f"-- {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (DatabaseProblem, PortTaken) as problem:
        sys.exit(str(problem))
    except KeyboardInterrupt:
        sys.exit(130)
