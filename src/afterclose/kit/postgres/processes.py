"""Runs programs under another account and asks after processes."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from afterclose.kit.postgres.errors import DatabaseProblem
from afterclose.kit.postgres.places import Account


def as_account(account: Account) -> dict[str, Any]:
    """Arguments for ``subprocess`` that make a program run under ``account``."""
    if account.is_me:
        return {}
    return {
        "user": account.uid,
        "group": account.gid,
        "extra_groups": list(account.groups),
        "env": {"PATH": os.defpath, "HOME": "/", "LC_ALL": "C", "TZ": "UTC"},
    }


def run(account: Account, command: Sequence[str], *, given: str | None = None) -> str:
    """Runs ``command`` under ``account`` from the root folder; gives what it printed.

    Raises :class:`DatabaseProblem` with the program's own words when it fails.
    """
    done: subprocess.CompletedProcess[str] = subprocess.run(
        command,
        check=False,
        input=given,
        stdin=subprocess.DEVNULL if given is None else None,
        capture_output=True,
        text=True,
        cwd="/",
        **as_account(account),
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise DatabaseProblem(f"{Path(command[0]).name} failed as {account.name}: {said}")
    return done.stdout


def write(account: Account, file: Path, text: str) -> None:
    """Writes a 0600 file as ``account``, whole or not at all.

    The account itself does it: root must not follow links that the account may have laid.
    """
    script = 'umask 077 && cat > "$1.new" && mv -f "$1.new" "$1"'
    run(account, ["/bin/sh", "-c", script, "sh", str(file)], given=text)


def is_alive(pid: int) -> bool:
    """Whether a process runs (a dead one that nobody has buried does not count)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True


def program_of(pid: int) -> str:
    """Name of the program that a process runs, empty where the system does not tell."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""
