"""Stops an embedded server once its last user has gone, however it went.

Run as ``python -m afterclose.kit.postgres.keeper HOME SOCKET [throwaway]`` by
:meth:`afterclose.kit.postgres.cluster.Cluster.lease`. Waits, without polling, for the lock
that every user shares; having it alone means that nobody is left.
"""

import sys
from pathlib import Path

from afterclose.kit.postgres.cluster import Cluster
from afterclose.kit.postgres.locks import FileLock
from afterclose.kit.postgres.places import Places, server_account


def keep(home: Path, socket: Path, *, throwaway: bool) -> None:
    """Waits for the last user to go, then stops the server; one keeper per cluster."""
    cluster = Cluster(Places(home, socket, server_account()), throwaway)
    with (
        FileLock(cluster.places.beside(".keeper.lock")) as keeper,
        FileLock(cluster.places.beside(".users.lock")) as users,
    ):
        if not keeper.try_take():
            return
        users.take()
        # From here on a newcomer waits for us, and then needs a keeper of its own.
        keeper.free()
        if not cluster.is_kept:
            cluster.stop()


if __name__ == "__main__":
    keep(Path(sys.argv[1]), Path(sys.argv[2]), throwaway="throwaway" in sys.argv[3:])
