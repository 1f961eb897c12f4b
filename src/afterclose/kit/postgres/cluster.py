"""The embedded PostgreSQL: makes it, starts it, finds it again, stops it.

A server is used through a :class:`Lease`. Every user holds one; a small keeper process of
its own (:mod:`afterclose.kit.postgres.keeper`) waits until the last user has gone, however it
went, and then stops the server. So Ctrl-C and ``kill -9`` alike leave nothing behind.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from afterclose.kit.postgres import binaries, roles
from afterclose.kit.postgres.errors import DatabaseProblem
from afterclose.kit.postgres.locks import FileLock, alone
from afterclose.kit.postgres.places import Places, my_name, places
from afterclose.kit.postgres.processes import as_account, is_alive, program_of, run, write
from afterclose.kit.postgres.tuning import server_settings

SUPERUSER = "postgres"
Say = Callable[[str], None]


def to_stderr(message: str) -> None:
    """The usual way to tell a person how the start is going."""
    print(message, file=sys.stderr, flush=True)  # noqa: T201 - a person at a terminal


@dataclass(frozen=True)
class Cluster:
    """One embedded server; ``throwaway`` trades safety against a power cut for speed."""

    places: Places
    throwaway: bool
    say: Say = to_stderr

    # Starting -----------------------------------------------------------------------------

    def lease(self) -> "Lease":
        """Starts the server, or finds it running; it stays until every lease has ended."""
        users = FileLock(self.places.beside(".users.lock"))
        try:
            users.share()
            self.start()
            if not self.is_kept:
                self._spawn_keeper()
        except BaseException:
            users.close()
            raise
        return Lease(self, users)

    def start(self) -> None:
        """Makes sure that the server runs, answers, and has its roles and database."""
        with alone(self.places.beside(".start.lock")):
            programs = binaries.find(self.places.account)
            self._make(programs)
            if not self.pid():
                self._configure()
                self._launch(programs)
            self._wait_until_ready(programs)
            self._prepare()

    def _make(self, programs: binaries.Binaries) -> None:
        """Folders and data directory, once."""
        account, home = self.places.account, self.places.home
        for folder in (home, self.places.socket):
            self._make_parents(folder.parent)
            try:
                folder.mkdir(mode=0o700)
            except FileExistsError:
                found = folder.lstat()
                if folder.is_symlink() or found.st_uid != account.uid or found.st_mode & 0o077:
                    raise DatabaseProblem(
                        f"{folder} should be a folder of {account.name} that nobody else can "
                        "enter (mode 0700), and is not. Remove it or set it right."
                    ) from None
            else:
                if not account.is_me:
                    os.chown(folder, account.uid, account.gid)
        version = self.places.data / "PG_VERSION"
        if version.exists():
            major = int(version.read_text())
            if major != programs.major:
                raise DatabaseProblem(
                    f"The data in {self.places.data} were written by PostgreSQL {major}, but "
                    f"the programs at hand are version {programs.major}. Dump them with the "
                    "old version (pg_dump) and restore, or set AFTERCLOSE_PG_BIN to it."
                )
            return
        self.say(f"Making a database cluster in {self.places.data} (as {account.name}).")
        # What an initdb that was cut short left: without PG_VERSION it never held a row.
        run(account, ["/bin/rm", "-rf", str(self.places.data)])
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command = [programs.program("initdb"), "-D", str(self.places.data), "-U", SUPERUSER]
        command += ["-E", "UTF8", "--no-locale", "--auth=peer", "--no-instructions"]
        command += locale if programs.major >= 17 else []
        command += ["--no-sync"] if self.throwaway else []
        try:
            run(account, command)
        except BaseException:
            run(account, ["/bin/rm", "-rf", str(self.places.data)])
            raise
        conf = self.places.data / "postgresql.conf"
        write(account, conf, conf.read_text() + "\ninclude 'afterclose.conf'\n")

    def _make_parents(self, folder: Path) -> None:
        """Folders on the way, passable for the account whatever our umask says."""
        if folder.exists():
            return
        self._make_parents(folder.parent)
        folder.mkdir(exist_ok=True)
        if not self.places.account.is_me:
            folder.chmod(0o755)

    def _configure(self) -> None:
        """Writes what belongs to this start: settings and who may log in as whom."""
        account, data = self.places.account, self.places.data
        write(
            account,
            data / "afterclose.conf",
            server_settings(self.places.socket, throwaway=self.throwaway),
        )
        write(account, data / "pg_hba.conf", "local all all peer map=afterclose\n")
        mine = dict.fromkeys((account.name, my_name()))
        names = [f"afterclose {me} {role}" for me in mine for role in (SUPERUSER, *roles.ALL)]
        write(account, data / "pg_ident.conf", "\n".join([*names, ""]))

    def _launch(self, programs: binaries.Binaries) -> None:
        """Starts the server in a session of its own, away from the terminal's Ctrl-C."""
        self._clear_stale_pid()
        log = self.places.home / "start.log"
        script = 'umask 077; exec "$1" -D "$2" >"$3" 2>&1 </dev/null'
        command = ["/bin/sh", "-c", f"({script}) &", "sh", programs.program("postgres")]
        subprocess.run(
            [*command, str(self.places.data), str(log)],
            check=True,
            cwd="/",
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **as_account(self.places.account),
        )

    def _clear_stale_pid(self) -> None:
        """Removes a pid file whose number now belongs to another program (after a reboot)."""
        pid = self._noted_pid()
        if pid and is_alive(pid) and program_of(pid) not in ("", "postgres"):
            run(self.places.account, ["/bin/rm", "-f", str(self.places.data / "postmaster.pid")])

    def _wait_until_ready(self, programs: binaries.Binaries) -> None:
        """Waits for the server to answer: without a limit while it lives, and not in silence."""
        began = time.monotonic()
        next_word, last_start = 3.0, began
        command = [programs.program("pg_isready"), "-q", "-h", str(self.places.socket)]
        command += ["-p", "5432", "-U", SUPERUSER, "-d", "postgres"]
        while subprocess.run(command, cwd="/", check=False).returncode:
            now = time.monotonic()
            if not self.pid() and now - last_start > 1.0:
                # The children of a killed server linger for a moment and keep its memory.
                log = self._start_log()
                if now - began > 60 or not _passing(log):
                    raise DatabaseProblem(f"The database server does not start:\n{log}")
                self._launch(programs)
                last_start = now
            if now - began > next_word:
                self.say(
                    f"Waiting for the database server for {now - began:.0f} s; after an unclean "
                    "stop it first repairs its files."
                )
                next_word += 10.0
            time.sleep(0.05)

    def _prepare(self) -> None:
        """Roles, database and rights, once per cluster and version of :mod:`roles`."""
        marker = self.places.home / "prepared"
        if marker.exists() and marker.read_text().strip() == roles.VERSION:
            return
        with self.connect(SUPERUSER, "postgres") as connection:
            roles.make_roles(connection)
        # New databases copy template1, so those of the tests have the same rights.
        with self.connect(SUPERUSER, "template1") as connection:
            connection.execute("GRANT CREATE ON SCHEMA public TO " + roles.OWNER)
            roles.grant_rights(connection)
        with self.connect(SUPERUSER, "postgres") as connection:
            made = roles.make_database(connection)
        if not made:
            with self.connect(SUPERUSER, roles.DATABASE) as connection:
                roles.grant_rights(connection)
        write(self.places.account, marker, roles.VERSION + "\n")

    def _spawn_keeper(self) -> None:
        source = str(Path(__file__).resolve().parents[3])
        command = [sys.executable, "-m", "afterclose.kit.postgres.keeper"]
        command += [str(self.places.home), str(self.places.socket)]
        command += ["throwaway"] if self.throwaway else []
        subprocess.Popen(
            command,
            cwd="/",
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": source},
        )

    # Asking -------------------------------------------------------------------------------

    def pid(self) -> int:
        """Process id of the running server, 0 when there is none."""
        pid = self._noted_pid()
        return pid if pid and is_alive(pid) and program_of(pid) in ("", "postgres") else 0

    def _noted_pid(self) -> int:
        try:
            return int((self.places.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return 0

    def _start_log(self) -> str:
        try:
            text = (self.places.home / "start.log").read_text(errors="replace")
        except OSError as problem:
            return str(problem)
        return "\n".join(text.splitlines()[-20:])

    def connect(self, role: str, database: str = roles.DATABASE) -> "psycopg.Connection[Any]":
        """A connection under ``role``, each statement a transaction of its own."""
        return psycopg.connect(
            host=str(self.places.socket), port=5432, user=role, dbname=database, autocommit=True
        )

    # Stopping -----------------------------------------------------------------------------

    @property
    def is_kept(self) -> bool:
        """Whether somebody asked that the server stay when its last user goes."""
        return self.places.beside(".keep").exists()

    def keep(self, *, keep: bool) -> None:
        """Lets the server stay up without users, or no longer."""
        marker = self.places.beside(".keep")
        if keep:
            marker.parent.mkdir(parents=True, exist_ok=True)
            marker.touch()
        else:
            marker.unlink(missing_ok=True)

    def stop(self) -> None:
        """Stops the server and waits until it is gone."""
        pid = self.pid()
        if not pid:
            return
        # Fast: breaks off what runs and writes a checkpoint. A throw-away one needs neither.
        os.kill(pid, signal.SIGQUIT if self.throwaway else signal.SIGINT)
        began = time.monotonic()
        next_word = 5.0
        while is_alive(pid):
            waited = time.monotonic() - began
            if waited > next_word:
                self.say(f"Waiting for the database server to stop ({waited:.0f} s).")
                next_word += 10.0
            time.sleep(0.02)


class Lease:
    """The right to find the server running until :meth:`release`."""

    def __init__(self, cluster: Cluster, users: FileLock) -> None:
        self.cluster = cluster
        self._users = users
        self._released = False

    def revive(self) -> bool:
        """Starts the server again if it has died; says whether it had."""
        if self.cluster.pid():
            return False
        self.cluster.start()
        return True

    def release(self) -> None:
        """Gives the server up; when nobody else uses it, returns after it has stopped."""
        if self._released:
            return
        self._released = True
        self._users.free()
        if not self.cluster.is_kept:
            # Either we get the lock, and were the last; or the keeper has it and is at work
            # (then sharing waits for it); or others share it.
            if self._users.try_take():
                self.cluster.stop()
            else:
                self._users.share()
        self._users.close()

    def __enter__(self) -> "Lease":
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def embedded(env: Mapping[str, str] = os.environ, say: Say = to_stderr) -> Cluster:
    """The embedded cluster that the environment means (see :func:`places.places`)."""
    return Cluster(places(env), env.get("AFTERCLOSE_CLUSTER") == "test", say)


def _passing(log: str) -> bool:
    """Whether the server failed for a reason that passes by itself."""
    return not log.strip() or any(
        sign in log
        for sign in ("shared memory block", "is another postmaster", "lock file", "is in use")
    )
