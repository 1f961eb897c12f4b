"""Children that are kept running, and that go when they should."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from afterclose.__main__ import main
from afterclose.kit.postgres.processes import is_alive
from afterclose.kit.supervisor import LONGEST_PAUSE, address, is_free, pause_before

# The child starts a child of its own, as the web server does, and notes both.
CHILD = """
import os, subprocess, sys, time
inner = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
with open(sys.argv[1], "a") as notes:
    notes.write(f"{os.getpid()} {inner.pid}\\n")
time.sleep(600)
"""
PARENT = """
import sys
from afterclose.kit.postgres.connect import Elsewhere
from afterclose.kit.supervisor import Program, Supervisor
child = Program("child", [sys.executable, "-c", sys.argv[1], sys.argv[2]])
sys.exit(Supervisor([child], Elsewhere()).run())
"""


def _until[T](found: Callable[[], T]) -> T:
    deadline = time.monotonic() + 60
    while not (value := found()):
        assert time.monotonic() < deadline, "it did not happen within a minute"
        time.sleep(0.05)
    return value


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    file = tmp_path / "notes"
    file.touch()
    return file


@pytest.fixture
def parent(notes: Path) -> Iterator["subprocess.Popen[str]"]:
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    command = [sys.executable, "-c", PARENT, CHILD, str(notes)]
    with subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True) as running:
        yield running
        running.kill()


def _started(notes: Path, times: int) -> tuple[int, int]:
    def last() -> list[str]:
        lines = notes.read_text().splitlines()
        return lines[-1].split() if len(lines) >= times else []

    outer, inner = _until(last)
    return int(outer), int(inner)


def test_a_child_that_dies_is_started_again_and_leaves_nothing(
    parent: "subprocess.Popen[str]", notes: Path
) -> None:
    outer, inner = _started(notes, 1)
    os.kill(outer, signal.SIGKILL)
    again, _ = _started(notes, 2)
    assert again != outer
    _until(lambda: not is_alive(inner))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_children_and_theirs(
    parent: "subprocess.Popen[str]", notes: Path, number: signal.Signals
) -> None:
    pids = _started(notes, 1)
    parent.send_signal(number)
    assert parent.wait(timeout=60) == 0
    _until(lambda: not any(is_alive(pid) for pid in pids))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells the child")
def test_a_killed_supervisor_takes_its_child_along(
    parent: "subprocess.Popen[str]", notes: Path
) -> None:
    outer, inner = _started(notes, 1)
    parent.kill()
    try:
        _until(lambda: not is_alive(outer))
    finally:
        os.kill(inner, signal.SIGKILL)


def test_pauses_grow_up_to_a_limit() -> None:
    pauses = [pause_before(deaths) for deaths in range(1, 12)]
    assert pauses == sorted(pauses)
    assert pauses[0] < 1
    assert pauses[-1] == LONGEST_PAUSE


@pytest.mark.parametrize(
    ("host", "expected"), [("0.0.0.0", "http://127.0.0.1:80"), ("a.example", "http://a.example:80")]
)
def test_the_address_is_one_that_a_browser_can_open(host: str, expected: str) -> None:
    assert address(host, 80) == expected


def test_a_port_that_another_program_has_is_not_shared_with_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert not is_free("127.0.0.1", port)
        assert main(["serve", "--host", "127.0.0.1", "--port", str(port)]) == 1
        assert f"port {port}" in capsys.readouterr().err
    assert is_free("127.0.0.1", port)
