"""Real worker processes on the test's database, to be killed; and waiting for what they do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

ROOT = Path(__file__).resolve().parents[1]


def environment(**more: str) -> dict[str, str]:
    """What a process of its own needs to work on the test's database, as the application."""
    return {
        **os.environ,
        "AFTERCLOSE_DB_NAME": str(connection.settings_dict["NAME"]),
        "AFTERCLOSE_DB_ROLE": "app",
        "DJANGO_SETTINGS_MODULE": "afterclose.config.settings",
        "PYTHONPATH": str(ROOT / "src"),
        "LOG_LEVEL": "WARNING",
        **more,
    }


@contextmanager
def worker(*options: str, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker as ``afterclose serve`` starts it; ``more`` goes into its environment."""
    command = [sys.executable, "-m", "django", "procrastinate", "worker", *options]
    process = subprocess.Popen(command, env=environment(**more), cwd=ROOT)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)


def until[T](found: Callable[[], T], what: str) -> T:
    """Wait for something that another process does."""
    deadline = time.monotonic() + 120
    while not (value := found()):
        assert time.monotonic() < deadline, f"not within two minutes: {what}"
        time.sleep(0.05)
    return value


def empty_the_queue() -> None:
    """Its tables are not Django's, so the flush after a test leaves them."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")


def let_a_minute_go_by() -> None:
    """No worker has given a sign of life for longer than it may."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '5 min'")
