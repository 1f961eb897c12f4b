"""Runs the database, the web server and the workers together, and stops them together.

A worker exits when PostgreSQL restarts, and anything may be killed: what dies is started
again, at once the first time and then with growing pauses. Ctrl-C or SIGTERM stops all in
order (web and workers, then the database); the children of a killed supervisor are told by
the kernel (Linux), and the database's keeper notices by its lock.
"""

import argparse
import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from afterclose.kit import static_files
from afterclose.kit.postgres import open_database
from afterclose.kit.postgres.cluster import Say, to_stderr
from afterclose.kit.postgres.connect import Held
from afterclose.kit.postgres.places import data_folder

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
# Who lives this long has recovered: its next death counts as the first one.
RECOVERED_AFTER = 60.0
# Jobs are chunks of at most a few seconds; what does not end in time is retried later.
GRACE = 20
TRIES_BEFORE_READY = 3
PR_SET_PDEATHSIG = 1
SOURCE = str(Path(__file__).resolve().parents[2])


class PortTaken(Exception):
    """Another program listens there already. The web server would share the port with it, and
    each of the two would get half of the requests."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            f"Another program listens on port {port} of {host}."
            " Stop it, or name another port: PORT=9000"
        )


def is_free(host: str, port: int) -> bool:
    """Whether nobody listens on the port."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, port))
        except OSError:
            return False
        return True


@dataclass
class Program:
    """One child that is kept running: its name in messages and how to start it."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    start_after: float = 0.0
    deaths: int = 0

    def start(self) -> None:
        """Starts it in a session and process group of its own."""
        env = {**os.environ, **self.env}
        env.pop("AFTERCLOSE_DB_ROLE", None)
        env["PYTHONPATH"] = os.pathsep.join(filter(None, (SOURCE, env.get("PYTHONPATH"))))
        self.process = subprocess.Popen(
            self.command,
            env=env,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_parent(os.getpid()),  # noqa: PLW1509 - we have no threads
        )
        self.started_at = time.monotonic()

    def tend(self, say: Say) -> None:
        """Starts it when it does not run and its pause is over."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.start_after:
                self.start()
            return
        status = self.process.poll()
        if status is None:
            return
        self.signal_group(signal.SIGKILL)  # What it left behind would hold its port.
        self.deaths = 1 if now - self.started_at > RECOVERED_AFTER else self.deaths + 1
        pause = pause_before(self.deaths)
        say(f"The {self.name} has ended ({_ending(status)}); starting it again in {pause:g} s.")
        self.process, self.start_after = None, now + pause

    def signal_group(self, number: int) -> None:
        """Sends a signal to the program and all that it started."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)

    def is_gone(self) -> bool:
        """Whether it does not run now."""
        return self.process is None or self.process.poll() is not None


def pause_before(deaths: int) -> float:
    """Seconds to wait before a program that died ``deaths`` times in a row starts again."""
    return min(FIRST_PAUSE * 2.0 ** max(0, deaths - 1), LONGEST_PAUSE)


class Supervisor:
    """Keeps programs running over a database that it holds, until it is told to stop."""

    def __init__(self, programs: Sequence[Program], database: Held, say: Say = to_stderr) -> None:
        self.programs = programs
        self.database = database
        self.say = say
        self.signals = 0

    def run(
        self, ready_url: str | None = None, when_ready: Callable[[], None] = lambda: None
    ) -> int:
        """Runs until SIGINT, SIGTERM or SIGHUP; gives the exit status.

        ``when_ready`` is called once, when ``ready_url`` answers 200. Gives up when a program
        dies three times before that: then it is set up wrongly, and more tries do not help.
        """
        before = {number: signal.signal(number, self._note) for number in _STOPPING}
        waiting, status, ask_after = ready_url, 0, 0.0
        try:
            while not self.signals:
                if self.database.revive():
                    self.say("The database server had gone; it runs again.")
                for program in self.programs:
                    program.tend(self.say)
                if waiting and time.monotonic() > ask_after:
                    if _answers(waiting):
                        waiting = None
                        when_ready()
                    ask_after = time.monotonic() + 0.5
                if waiting and any(p.deaths >= TRIES_BEFORE_READY for p in self.programs):
                    status = 1
                    break
                time.sleep(0.2)
        finally:
            self._stop()
            for number, handler in before.items():
                signal.signal(number, handler)
        return status

    def _note(self, *_: object) -> None:
        self.signals += 1

    def _stop(self) -> None:
        """Asks politely, waits, then insists; a second Ctrl-C insists at once."""
        heard = self.signals
        for program in self.programs:
            if not program.is_gone() and program.process:
                program.process.terminate()
        deadline = time.monotonic() + GRACE + 5
        while not all(program.is_gone() for program in self.programs):
            if time.monotonic() > deadline or self.signals > heard:
                break
            time.sleep(0.05)
        for program in self.programs:
            program.signal_group(signal.SIGKILL)
        for program in self.programs:
            if program.process:
                program.process.wait()
        self.database.release()


_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _die_with_parent(parent: int) -> Callable[[], None] | None:
    """What a child does before its program starts: ask the kernel to be told of our death."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # We died in between.
            os._exit(1)

    return ask


def _ending(status: int) -> str:
    if status < 0:
        with contextlib.suppress(ValueError):
            return f"by {signal.Signals(-status).name}"
    return f"status {status}"


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def web(host: str, port: int, processes: int = 1) -> Program:
    """The web server on ``host:port``."""
    return Program(
        "web server",
        [
            *(sys.executable, "-m", "granian", "--interface", "asginl", "--no-ws"),
            *("--host", host, "--port", str(port), "--workers", str(processes)),
            # One that is told to stop while it starts would never end by itself.
            *("--respawn-failed-workers", "--workers-kill-timeout", "5"),
            "afterclose.config.asgi:application",
        ],
        env=_shared_counters(),
    )


def _shared_counters() -> dict[str, str]:
    """Where web processes note what they count, so that /metrics knows of all of them; empty at
    each start, and absent while nobody may read it (``ops.metrics``)."""
    if not os.environ.get("AFTERCLOSE_METRICS_TOKEN"):
        return {}
    folder = data_folder() / "metrics"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return {"PROMETHEUS_MULTIPROC_DIR": str(folder)}


def worker(number: int) -> Program:
    """One worker of background jobs."""
    return _worker(f"worker {number}", "default", at_once=1)


def sender() -> Program:
    """The worker that calls other people's servers, who may take their time over it. It does much
    at once and nothing long, so it also gives a dead worker's jobs to another."""
    return _worker("webhooks", "webhooks,rescue", at_once=8)


def importer() -> Program:
    """The worker that reads files in, which takes long and which nothing else shall wait for."""
    return _worker("importer", "imports", at_once=2)


def _worker(name: str, queue: str, *, at_once: int) -> Program:
    return Program(
        name,
        [
            *(sys.executable, "-m", "afterclose", "procrastinate", "worker"),
            *("--name", name.replace(" ", "-"), "--queues", queue, "--concurrency", str(at_once)),
            *("--shutdown-graceful-timeout", str(GRACE)),
        ],
    )


def serve(
    *,
    host: str,
    port: int,
    workers: int = 1,
    web_processes: int = 1,
    when_ready: Callable[[], None] = lambda: None,
    say: Say = to_stderr,
) -> int:
    """Runs database, web server and workers until told to stop; gives the exit status.

    Raises PortTaken.
    """
    if not is_free(host, port):
        raise PortTaken(host, port)
    static_files.collect(say)
    os.environ.update(static_files.COLLECTED)
    programs = [
        web(host, port, web_processes),
        *(worker(number + 1) for number in range(workers)),
        sender(),
        importer(),
    ]
    database = open_database(say=say)
    return Supervisor(programs, database, say).run(f"{address(host, port)}/readyz", when_ready)


def address(host: str, port: int) -> str:
    """The address under which this machine reaches what listens on ``host:port``."""
    named = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 - no binding
    return f"http://{named}:{port}"


def serve_command(said: list[str]) -> int:
    """``afterclose serve``: web server and workers over the database."""
    parser = argparse.ArgumentParser(
        prog="afterclose serve",
        description="Runs the embedded database (unless DATABASE_URL names another), the web "
        "server and the workers; starts again what dies; Ctrl-C stops all. "
        "Run 'afterclose migrate' first.",
    )
    parser.add_argument("--host", default=os.environ.get("HOST", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT") or 8000))
    parser.add_argument("--workers", type=int, default=1, help="workers of background jobs")
    parser.add_argument("--web-processes", type=int, default=1)
    asked = parser.parse_args(said)
    where = address(asked.host, asked.port)
    try:
        return serve(
            host=asked.host,
            port=asked.port,
            workers=asked.workers,
            web_processes=asked.web_processes,
            when_ready=lambda: to_stderr(f"Afterclose answers at {where} (Ctrl-C stops it)."),
        )
    except PortTaken as problem:
        to_stderr(str(problem))
        return 1
