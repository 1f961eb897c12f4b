"""The steps of bin/lint and bin/test: runs them all, times them, and says which failed."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

PYTHON = sys.executable
STATIC = {
    "ruff format": [PYTHON, "-m", "ruff", "format", "--check", "."],
    "ruff check": [PYTHON, "-m", "ruff", "check", "."],
    "djlint": [PYTHON, "-m", "djlint", "src", "--lint", "--quiet"],
    "mypy": [PYTHON, "-m", "mypy"],
    "lint-imports": [os.path.join(os.path.dirname(PYTHON), "lint-imports")],
}
DATABASE = {
    "migrations": [PYTHON, "-m", "afterclose", "makemigrations", "--check", "--dry-run"],
}


@dataclass
class Steps:
    """What ran: name, seconds, exit status."""

    done: list[tuple[str, float, int]] = field(default_factory=list)

    def run(self, name: str, command: list[str]) -> None:
        """Runs one step, its output straight to the terminal."""
        print(f"\n== {name}", flush=True)
        began = time.monotonic()
        self.note(name, began, subprocess.run(command, check=False).returncode)

    @contextmanager
    def beside(self, name: str, command: list[str]) -> Iterator[None]:
        """Runs one step beside those in the block, on another core; its output comes after."""
        began = time.monotonic()
        with tempfile.TemporaryFile("w+") as said:
            running = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)
            try:
                yield
            except BaseException:
                running.kill()
                raise
            finally:
                status = running.wait()
                said.seek(0)
                print(f"\n== {name}\n{said.read()}", end="", flush=True)
                self.note(name, began, status)

    def note(self, name: str, began: float, status: int) -> None:
        """Remembers how a step went."""
        self.done.append((name, time.monotonic() - began, status))

    def summary(self) -> str:
        """One line: each step, its seconds, and which failed."""
        words = [
            f"{name} {seconds:.1f} s{'' if status == 0 else ' FAILED'}"
            for name, seconds, status in self.done
        ]
        return "Steps: " + ", ".join(words) + "."

    @property
    def status(self) -> int:
        """Exit status of the whole: 0 only if every step's was."""
        return int(any(status for _, _, status in self.done))
