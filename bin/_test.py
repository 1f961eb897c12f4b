"""Runs every check and every test, all of them even when one fails; ends as pytest does."""

import os
import subprocess
import sys
import time

from _checks import DATABASE, PYTHON, STATIC, Steps

from afterclose.kit.postgres import DatabaseProblem, open_database

TEMPLATE = [PYTHON, "-m", "tests.template"]
# Each worker collects, and has a database, of its own. More than one per core made browser tests
# wait for each other.
WORKERS = min(os.cpu_count() or 1, 8)


def main() -> int:
    os.environ["AFTERCLOSE_CLUSTER"] = "test"
    os.environ.pop("AFTERCLOSE_DB_ROLE", None)
    asked = sys.argv[1:]
    steps = Steps()
    with open_database():
        if not asked:
            os.environ.setdefault("AFTERCLOSE_PICTURES", "no")
            # One program each, so that two cores have something to do; pytest then takes both.
            with steps.beside("template database", TEMPLATE):
                for name, command in (STATIC | DATABASE).items():
                    steps.run(name, command)
        last = pytest(steps, asked)
    print(f"\n{steps.summary()}")
    if asked:
        print("Arguments were given, so pytest ran alone; bin/test without any runs the checks.")
    # Pytest's own last line stays the last one: CI reads it.
    print(last, flush=True)
    return steps.status


def pytest(steps: Steps, asked: list[str]) -> str:
    """Runs pytest on WORKERS (unless told); prints all but its last line, gives that."""
    print("\n== pytest", flush=True)
    began = time.monotonic()
    command = [PYTHON, "-m", "pytest"]
    if not any(word in ("-n", "--pdb", "-s") or word.startswith("-n") for word in asked):
        command += ["-n", str(WORKERS)]
    if sys.stdout.isatty():
        command += ["--color=yes"]
    held = ""
    with subprocess.Popen([*command, *asked], stdout=subprocess.PIPE, text=True) as running:
        for line in running.stdout or ():
            if held:
                print(held, flush=True)
            held = line.rstrip("\n") or " "
    steps.note("pytest", began, running.returncode)
    return held


if __name__ == "__main__":
    try:
        sys.exit(main())
    except DatabaseProblem as problem:
        sys.exit(str(problem))
    except KeyboardInterrupt:
        sys.exit(130)
