"""Makes the demo business, runs Afterclose on it, and stops everything on Ctrl-C."""

import os
import socket
import subprocess
import sys

from afterclose.kit.postgres import DatabaseProblem, open_database
from afterclose.kit.supervisor import address, serve


def main() -> int:
    host = os.environ.get("HOST", "127.0.0.1")
    port = choose_port(host)
    os.environ.setdefault("SITE_URL", address(host, port))
    with open_database():
        say("Bringing the tables up to date")
        run("migrate", "--verbosity", "0")
        login = run("make_demo", *sys.argv[1:], keep=True)

        def ready() -> None:
            print(f"\nAfterclose runs at {address(host, port)}\n{login}\nCtrl-C stops it.\n")
            sys.stdout.flush()

        say("Starting web server and worker")
        status = serve(host=host, port=port, when_ready=ready)
    say("Stopped")
    return status


def choose_port(host: str) -> int:
    """PORT as it is; else 8000 or the next one that is free."""
    if wanted := os.environ.get("PORT"):
        return int(wanted)
    for port in range(8000, 8100):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind((host, port))
            except OSError:
                continue
            return port
    raise DatabaseProblem("The ports 8000 to 8099 are all taken. Name another one: PORT=9000")


def run(*command: str, keep: bool = False) -> str:
    """Runs an afterclose command; gives what it printed, if asked to keep that."""
    done = subprocess.run(
        [sys.executable, "-m", "afterclose", *command],
        stdout=subprocess.PIPE if keep else None,
        text=True,
        check=False,
    )
    if done.returncode:
        print(done.stdout or "", end="")
        sys.exit(done.returncode)
    return (done.stdout or "").strip()


def say(text: str) -> None:
    print(f"-- {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except DatabaseProblem as problem:
        sys.exit(str(problem))
    except KeyboardInterrupt:
        sys.exit(130)
