"""Runs the checks that need no database; ``--fix`` corrects what can be corrected first."""

import subprocess
import sys

from _checks import PYTHON, STATIC, Steps


def main() -> int:
    if "--fix" in sys.argv[1:]:
        subprocess.run([PYTHON, "-m", "ruff", "check", "--fix", "--quiet", "."], check=False)
        subprocess.run([PYTHON, "-m", "ruff", "format", "--quiet", "."], check=False)
    steps = Steps()
    for name, command in STATIC.items():
        steps.run(name, command)
    print(f"\n{steps.summary()}")
    return steps.status


if __name__ == "__main__":
    sys.exit(main())
