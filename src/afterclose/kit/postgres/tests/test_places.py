"""Where things go, without starting anything."""

import os
from pathlib import Path

import pytest

from afterclose.kit.postgres import DatabaseProblem, binaries, database_settings
from afterclose.kit.postgres.places import (
    SOCKET_NAME,
    SOCKET_PATH_LIMIT,
    Account,
    can_pass,
    places,
    server_account,
    socket_folder,
)
from afterclose.kit.postgres.tuning import server_settings

STRANGER = Account("stranger", 54321, 54321, (54321,))


def test_settings_start_nothing_and_name_the_role(tmp_path: Path) -> None:
    env = {"AFTERCLOSE_DATA_DIR": str(tmp_path / "data")}
    app, owner = database_settings(env), database_settings({**env, "AFTERCLOSE_DB_ROLE": "owner"})
    assert (app["USER"], owner["USER"]) == ("afterclose_app", "afterclose_owner")
    assert app["OPTIONS"]["pool"]["max_size"] == 10
    assert "pool" not in owner["OPTIONS"], "migrations and tests take connections as they come"
    assert "pool" not in database_settings({**env, "AFTERCLOSE_DB_POOL": "0"})["OPTIONS"]
    assert not (tmp_path / "data").exists()


def test_an_unknown_role_is_refused() -> None:
    with pytest.raises(ValueError, match="app, owner or assistant"):
        database_settings({}, "root")


def test_an_address_keeps_its_further_parameters(tmp_path: Path) -> None:
    env = {
        "DATABASE_URL": "postgresql://me:pw@db.example:6543/x?sslmode=require",
        "AFTERCLOSE_DATA_DIR": str(tmp_path),
    }
    found = database_settings(env)
    assert [found[key] for key in ("HOST", "PORT", "USER", "PASSWORD", "NAME")] == [
        *("db.example", "6543", "me", "pw", "x"),
    ]
    assert found["OPTIONS"]["sslmode"] == "require"


def test_a_socket_path_is_never_too_long_for_the_system() -> None:
    home = Path("/" + "very-long-folder-name/" * 20) / "postgres"
    for folder in (socket_folder(home, server_account()), socket_folder(Path("/a/b"), STRANGER)):
        assert len(os.fsencode(folder / SOCKET_NAME)) <= SOCKET_PATH_LIMIT


def test_data_go_elsewhere_when_the_account_cannot_reach_the_folder(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    assert not can_pass(STRANGER, closed / "data")
    closed.chmod(0o755)
    found = places({"AFTERCLOSE_DATA_DIR": str(closed)})
    assert can_pass(found.account, found.home.parent)


def test_clusters_of_tests_and_measurements_are_their_own() -> None:
    homes = {places({"AFTERCLOSE_CLUSTER": name}).home for name in ("", "test", "bench")}
    assert len(homes) == 3


def test_binaries_are_copied_for_an_account_that_cannot_read_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "can_read", lambda *_: False)
    monkeypatch.setattr(binaries, "cache_folder", lambda *_: tmp_path)
    found = binaries.find(STRANGER, {})
    assert found.folder.is_relative_to(tmp_path)
    assert found.major >= 16
    assert (found.folder / "postgres").stat().st_mode & 0o005 == 0o005
    assert binaries.find(STRANGER, {}) == found, "the second time the copy is found"


def test_a_server_on_path_serves_where_the_wheel_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    carried = binaries.find(server_account(), {})
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setenv("PATH", str(carried.folder))
    assert binaries.find(server_account(), {}).folder == carried.folder.resolve()


def test_an_old_server_is_named_and_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in binaries.NEEDED:
        program = tmp_path / name
        program.write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 15.4 (Debian 15.4-1)'\n")
        program.chmod(0o755)
    with pytest.raises(DatabaseProblem, match="is version 15"):
        binaries.find(server_account(), {"AFTERCLOSE_PG_BIN": str(tmp_path)})


def test_only_the_throw_away_server_gives_up_safety(tmp_path: Path) -> None:
    assert "fsync" not in server_settings(tmp_path, throwaway=False)
    assert "fsync = 'off'" in server_settings(tmp_path, throwaway=True)
    assert "listen_addresses = ''" in server_settings(tmp_path, throwaway=False)
