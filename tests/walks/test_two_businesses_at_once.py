"""Two businesses ask the real server at the same time; neither ever sees a row of the other.

The server runs as `afterclose serve` runs it: ASGI, the application's role, a pool with fewer
connections than there are requests, so that each connection serves both businesses in turn.
"""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client

from afterclose.businesses.actors import Actor
from tests.cast import assemble

ROOT = Path(__file__).resolve().parents[2]
REQUESTS, AT_ONCE, POOL = 240, 8, 2
PATHS = ("/accounts/", "/subscriptions/", "/tickets/", "/settings/people/", "/renewals/")
NORTHWIND = ("Acme", "Birch", "Cedar", "Marek Novak")
# Not the bare name, which begins many words.
CONTOSO = (">Fir<", "Sam Okafor")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def server() -> Iterator[int]:
    """The web server on the test database; gives its port."""
    port = free_port()
    env = {
        **os.environ,
        "AFTERCLOSE_DB_NAME": connection.settings_dict["NAME"],
        "AFTERCLOSE_DB_ROLE": "app",
        "AFTERCLOSE_DB_POOL": str(POOL),
        "PYTHONPATH": str(ROOT / "src"),
        "SECRET_KEY": settings.SECRET_KEY,
    }
    command = [
        *(sys.executable, "-m", "granian", "--interface", "asginl", "--no-ws"),
        *("--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"),
        "afterclose.config.asgi:application",
    ]
    process = subprocess.Popen(command, env=env, cwd=ROOT)
    try:
        deadline = time.monotonic() + 60
        while ask(port, "/healthz", "")[0] != 200:
            assert time.monotonic() < deadline, "the server did not start within a minute"
            time.sleep(0.2)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


def ask(port: int, path: str, session: str) -> tuple[int, str]:
    """Status and body; 0 where nobody answers."""
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        asked.request("GET", path, headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}"})
        answer = asked.getresponse()
        return answer.status, answer.read().decode()
    except ConnectionError:
        return 0, ""
    finally:
        asked.close()


def session_of(actor: Actor) -> str:
    client = Client()
    client.force_login(actor.person)  # type: ignore[arg-type]  # of the cast, everybody is one
    return client.cookies[settings.SESSION_COOKIE_NAME].value


@pytest.mark.slow
def test_no_request_ever_sees_a_row_of_the_other_business(transactional_db: None) -> None:
    with transaction.atomic():
        cast = assemble()
    people = {
        session_of(cast.owner): (NORTHWIND, CONTOSO),
        session_of(cast.stranger): (CONTOSO, NORTHWIND),
        "": ((), NORTHWIND + CONTOSO),
    }
    seen: dict[str, set[str]] = {session: set() for session in people}

    def visit(turn: int) -> list[str]:
        session = list(people)[turn % 3]
        path = PATHS[turn // 3 % len(PATHS)]
        status, body = ask(port, path, session)
        own, others = people[session]
        seen[session] |= {name for name in own if name in body}
        if status != (200 if session else 302):
            return [f"{path}: {status}"]
        return [f"{path} showed {name}" for name in others if name in body]

    with server() as port, ThreadPoolExecutor(AT_ONCE) as visitors:
        wrong = [problem for found in visitors.map(visit, range(REQUESTS)) for problem in found]
    assert wrong == []
    for session, (own, _) in people.items():
        assert seen[session] == set(own), "everybody saw what is theirs"
