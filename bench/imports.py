"""Importing a file of accounts by the command, preview and commit together."""

from __future__ import annotations

import csv
import tempfile
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from afterclose.businesses.actions import create_business
from afterclose.kit import clock
from afterclose.ops.sample.frame import Frame, Member, detail_of
from afterclose.ops.sample.life import life_of
from afterclose.ops.sample.tables import ACCOUNTS
from bench import measuring
from bench.measuring import Measured

COLUMNS = (
    "external_id",
    "name",
    "domain",
    "industry",
    "country",
    "plan",
    "seats",
    "customer_since",
)


@dataclass(frozen=True)
class Loaded:
    """One import of a file, and the same file again."""

    rows: int
    size: int
    first: Measured
    again: Measured


def loaded(rows: int) -> Loaded:
    """Import a file of so many accounts into a business of its own, twice."""
    slug = f"import-{rows}-{clock.now():%Y%m%d%H%M%S}"
    create_business(name="Import", slug=slug, owner_email=f"owner@{slug}.example", at=clock.now())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "accounts.csv"
        _write(path, rows)
        words = ("import", "accounts", str(path), "--business", slug)
        first = measuring.command(*words)
        again = measuring.command(*words)
        return Loaded(rows, path.stat().st_size, first, again)


def _write(path: Path, rows: int) -> None:
    frame = Frame(
        date(2026, 1, 5),
        datetime(2026, 1, 5, tzinfo=UTC),
        7,
        (Member(1, "Nobody", "nobody"),),
        detail_of(1_000_000),
    )
    places = [ACCOUNTS.columns[2:].index(column) for column in COLUMNS]
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(column.replace("_", " ").capitalize() for column in COLUMNS)
        for number in range(rows):
            account = life_of(number, frame).account
            writer.writerow([account[place] for place in places])
