"""Styles and scripts as the web server sends them: named by their content, compressed.

Collecting takes some seconds, so it happens only when something that it reads has changed.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from afterclose.kit.postgres.cluster import Say
from afterclose.kit.postgres.errors import DatabaseProblem
from afterclose.kit.postgres.places import checkout, data_folder

SOURCE = Path(__file__).resolve().parents[1]
# Settings read it: with it pages name the collected files, without it the sources.
COLLECTED = {"AFTERCLOSE_STATIC": "collected"}


def collect(say: Say) -> None:
    """Bring the collected files up to date; raises DatabaseProblem when that cannot be done."""
    note = data_folder() / "static-collected"
    now = _state()
    if note.is_file() and note.read_text() == now:
        return
    say("Compressing styles and scripts.")
    command = [sys.executable, "-m", "afterclose", "collectstatic", "--noinput", "--verbosity=0"]
    path = os.pathsep.join(filter(None, (str(SOURCE.parent), os.environ.get("PYTHONPATH"))))
    env = {**os.environ, **COLLECTED, "PYTHONPATH": path}
    if subprocess.run([*command, "--clear"], env=env, check=False).returncode:
        raise DatabaseProblem("Styles and scripts could not be collected; see above.")
    note.write_text(now)


def _state() -> str:
    """What collecting reads: our own files, and the versions of everybody else's.

    Pages and code are among them, because the one style sheet has only the classes that they name.
    """
    files = [
        path
        for path in SOURCE.rglob("*")
        if path.is_file() and "tests" not in path.parts and path.suffix != ".pyc"
    ]
    if working_copy := checkout():
        files += [working_copy / "package-lock.json", working_copy / "requirements" / "base.txt"]
    found = hashlib.sha256()
    for path in sorted(path for path in files if path.exists()):
        found.update(str(path).encode())
        found.update(path.read_bytes())
    return found.hexdigest()
