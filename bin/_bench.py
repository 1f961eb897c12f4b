"""Runs ``python -m bench`` with a database cluster of its own (with the usual safety on)."""

import os
import subprocess
import sys

from afterclose.kit.postgres import DatabaseProblem, open_database


def main() -> int:
    os.environ.setdefault("AFTERCLOSE_CLUSTER", "bench")
    with open_database():
        migrate = [sys.executable, "-m", "afterclose", "migrate", "--verbosity", "0"]
        status = subprocess.run(migrate, check=False).returncode
        if status:
            return status
        return subprocess.run(
            [sys.executable, "-m", "bench", *sys.argv[1:]], check=False
        ).returncode


if __name__ == "__main__":
    try:
        sys.exit(main())
    except DatabaseProblem as problem:
        sys.exit(str(problem))
    except KeyboardInterrupt:
        sys.exit(130)
