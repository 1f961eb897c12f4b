"""A cluster of its own for these tests, in a folder that the server's account can reach."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from afterclose.kit.postgres.cluster import Cluster, Lease
from afterclose.kit.postgres.places import Places, checkout, server_account, socket_folder


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    base = (checkout() or Path()) / ".cache"
    made = Path(tempfile.mkdtemp(prefix="pg-", dir=base))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def _cluster(folder: Path) -> Cluster:
    account, home = server_account(), folder / "postgres"
    return Cluster(Places(home, socket_folder(home, account), account), throwaway=True)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with _folder() as made:
        yield made


@pytest.fixture(scope="module")
def cluster(folder: Path) -> Cluster:
    return _cluster(folder)


@pytest.fixture
def unused_cluster() -> Iterator[Cluster]:
    """One that nobody else needs, to see it stop."""
    with _folder() as made:
        yield _cluster(made)


@pytest.fixture(scope="module")
def lease(cluster: Cluster) -> Iterator[Lease]:
    with cluster.lease() as held:
        yield held
