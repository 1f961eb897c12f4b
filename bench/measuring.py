"""Wall time and peak memory of a command and all processes that it starts."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EVERY_SECONDS = 0.1


@dataclass
class Measured:
    """What a piece of work took; memory in bytes, of our processes and not PostgreSQL's."""

    seconds: float = 0.0
    peak: int = 0
    processor_seconds: float = 0.0


@contextmanager
def stopwatch() -> Iterator[Measured]:
    """The wall time of a block."""
    found = Measured()
    begun = time.perf_counter()
    yield found
    found.seconds = time.perf_counter() - begun


def command(*words: str) -> Measured:
    """Run an ``afterclose`` command; raises RuntimeError with its output if it fails."""
    begun = time.perf_counter()
    used = os.times()
    found = Measured()
    process = subprocess.Popen(
        [sys.executable, "-m", "afterclose", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(process.pid, found, over))
    watcher.start()
    said, _ = process.communicate()
    over.set()
    watcher.join()
    found.seconds = time.perf_counter() - begun
    now = os.times()
    found.processor_seconds = now.children_user - used.children_user
    found.processor_seconds += now.children_system - used.children_system
    if process.returncode:
        raise RuntimeError(said)
    return found


def _watch(pid: int, found: Measured, over: threading.Event) -> None:
    while not over.wait(EVERY_SECONDS):
        found.peak = max(found.peak, sum(_memory(each) for each in _family(pid)))


def _family(pid: int) -> list[int]:
    found = [pid]
    for each in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{each}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


def _memory(pid: int) -> int:
    """The memory that is a process's own, with its share of what it shares."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def percentile(values: Sequence[float], share: float) -> float:
    """The value that the share of the sorted values does not exceed (nearest rank)."""
    ordered = sorted(values)
    rank = max(1, -(-len(ordered) * round(share * 100) // 100))
    return ordered[rank - 1]


def rows_per_second(rows: int, measured: Any) -> float:
    """Rows by wall time."""
    return float(rows / measured.seconds)
