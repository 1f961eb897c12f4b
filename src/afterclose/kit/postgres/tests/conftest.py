"""A cluster of its own for these tests, in a folder that the server's account can reach."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from afterclose.kit.postgres.cluster import Cluster, Lease
from afterclose.kit.postgres.places import Places, checkout, server_account, socket_folder


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    base = (checkout() or Path()) / ".cache"
    made = Path(tempfile.mkdtemp(prefix="pg-", dir=base))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def cluster(folder: Path) -> Cluster:
    account, home = server_account(), folder / "postgres"
    return Cluster(Places(home, socket_folder(home, account), account), throwaway=True)


@pytest.fixture(scope="module")
def lease(cluster: Cluster) -> Iterator[Lease]:
    with cluster.lease() as held:
        yield held
