"""Where the embedded database lives and under which account of the machine it runs.

Pure look-ups: nothing here creates a folder or starts a program, so that settings may ask.
"""

import hashlib
import os
import pwd
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

# PostgreSQL refuses to run as root; these accounts exist on nearly every machine.
UNPRIVILEGED = ("afterclose", "postgres", "daemon", "nobody")
# The shortest limit of the systems we know (macOS: 104 bytes with the closing zero).
SOCKET_PATH_LIMIT = 103
SOCKET_NAME = ".s.PGSQL.5432"


@dataclass(frozen=True)
class Account:
    """An account of the machine: name, user id, group ids (the main one first)."""

    name: str
    uid: int
    gid: int
    groups: tuple[int, ...]

    @property
    def is_me(self) -> bool:
        """Whether this very process runs under the account."""
        return self.uid == os.geteuid()


@dataclass(frozen=True)
class Places:
    """Folders of one cluster: ``home`` (0700) holds ``data``; ``socket`` is 0700 too."""

    home: Path
    socket: Path
    account: Account

    @property
    def data(self) -> Path:
        """The data directory of PostgreSQL."""
        return self.home / "data"

    def beside(self, suffix: str) -> Path:
        """A file of ours next to ``home``, out of reach of the server's account."""
        return self.home.with_name(self.home.name + suffix)


def my_name() -> str:
    """The name of the account that this process runs under, or its number."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def server_account() -> Account:
    """Whom the server runs as: an existing unprivileged account for root, else ourselves."""
    if os.geteuid() != 0:
        groups = tuple(dict.fromkeys((os.getegid(), *os.getgroups())))
        return Account(my_name(), os.geteuid(), os.getegid(), groups)
    for name in UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        groups = tuple(os.getgrouplist(name, entry.pw_gid))
        return Account(name, entry.pw_uid, entry.pw_gid, groups)
    return Account("nobody", 65534, 65534, (65534,))


def checkout() -> Path | None:
    """The folder of the working copy, or None when Afterclose is an installed package."""
    folder = Path(__file__).resolve().parents[4]
    return folder if (folder / "pyproject.toml").exists() else None


def data_folder(env: Mapping[str, str] = os.environ) -> Path:
    """Where Afterclose keeps what must outlive it (``AFTERCLOSE_DATA_DIR`` moves it)."""
    if named := env.get("AFTERCLOSE_DATA_DIR"):
        return Path(named).resolve()
    if working_copy := checkout():
        return working_copy / ".data"
    shared = env.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(shared) / "afterclose"


def places(env: Mapping[str, str] = os.environ) -> Places:
    """Folders of the embedded cluster that the environment means.

    ``AFTERCLOSE_CLUSTER`` names another one than the usual: ``test`` is the throw-away one of
    the tests, ``bench`` that of measurements. The cluster lives in the working copy when the
    server's account can reach it there, else in a cache folder of the machine named by a hash
    of the working copy.
    """
    account = server_account()
    name = env.get("AFTERCLOSE_CLUSTER")
    wanted = data_folder(env)
    if name and not env.get("AFTERCLOSE_DATA_DIR") and (working_copy := checkout()):
        wanted = working_copy / ".cache"
    home = wanted / (f"postgres-{name}" if name else "postgres")
    if not (can_pass(account, wanted) and _can_make(wanted)):
        home = cache_folder(account, env) / short_hash(wanted) / home.name
    return Places(home, socket_folder(home, account, env), account)


def cache_folder(account: Account, env: Mapping[str, str] = os.environ) -> Path:
    """A cache folder that the account can pass through: the machine's for root, else its own."""
    if not account.is_me:
        return Path("/var/cache/afterclose")
    return Path(env.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "afterclose"


def socket_folder(home: Path, account: Account, env: Mapping[str, str] = os.environ) -> Path:
    """A folder for the socket: inside ``home`` unless the path would be too long for one."""
    hashed = short_hash(home)
    for folder in (home / "socket", cache_folder(account, env) / hashed):
        if len(os.fsencode(folder / SOCKET_NAME)) <= SOCKET_PATH_LIMIT:
            return folder
    return Path(tempfile.gettempdir()) / f"afterclose-{account.uid}-{hashed}"


def can_pass(account: Account, folder: Path) -> bool:
    """Whether the account may walk down to ``folder`` (parts that do not exist are ours)."""
    if account.is_me:
        return True
    for part in (folder, *folder.parents):
        try:
            found = part.stat()
        except FileNotFoundError:
            continue
        except OSError:
            return False
        if not _may(account, found, stat.S_IXUSR, stat.S_IXGRP, stat.S_IXOTH):
            return False
    return True


def can_read(account: Account, file: Path) -> bool:
    """Whether the account may read ``file`` and walk down to it."""
    found = file.stat()
    return can_pass(account, file.parent) and _may(
        account, found, stat.S_IRUSR, stat.S_IRGRP, stat.S_IROTH
    )


def short_hash(path: Path) -> str:
    """Ten letters that name a path."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:10]


def _may(account: Account, found: os.stat_result, owner: int, group: int, other: int) -> bool:
    if found.st_uid == account.uid:
        return bool(found.st_mode & owner)
    if found.st_gid in account.groups:
        return bool(found.st_mode & group)
    return bool(found.st_mode & other)


def _can_make(folder: Path) -> bool:
    for part in (folder, *folder.parents):
        if part.exists():
            return os.access(part, os.W_OK | os.X_OK)
    return False
