"""`afterclose import accounts customers.csv --business acme`."""

from __future__ import annotations

import argparse
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from afterclose.accounts.imports.command import (
    SUFFIXES,
    Wishes,
    import_files,
    rejected_csv,
    rejected_rows,
    summary,
)
from afterclose.accounts.imports.models import ImportRun
from afterclose.accounts.imports.policy import Policy
from afterclose.accounts.imports.problems import ImportProblem
from afterclose.accounts.imports.registry import UnknownKind, importer_of
from afterclose.businesses import actors
from afterclose.businesses.models import Business
from afterclose.businesses.settings import remember_settings, settings_of
from afterclose.businesses.tenancy import business_context
from afterclose.kit.clock import today_in

SHOWN_REASONS = 10


def add_common(parser: CommandParser) -> None:
    parser.add_argument("--business", required=True, metavar="SLUG", help="into which business")
    parser.add_argument("--currency", default="", help="for amounts without one, e.g. USD")
    parser.add_argument("--preview", action="store_true", help="check only, write nothing")
    parser.add_argument(
        "--rejected", type=Path, metavar="FILE", help="write rejected rows to this CSV file"
    )
    shift = parser.add_mutually_exclusive_group()
    shift.add_argument("--shift-days", type=int, metavar="N", help="move every date by N days")
    shift.add_argument(
        "--shift-newest-to",
        metavar="DATE",
        type=_day,
        help="move every date so that the newest falls on DATE (yyyy-mm-dd, or “yesterday”)",
    )


def _day(text: str) -> date | str:
    if text == "yesterday":
        return text
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{text}” is not a date like 2026-03-31") from None


class Command(BaseCommand):
    help = "Import a CSV or XLSX file: accounts, contacts, subscriptions, usage, tickets, churn."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", help="what the file contains; “auto” goes by its headings")
        parser.add_argument("file", type=Path, nargs="?", help="a CSV or XLSX file")
        parser.add_argument("--all-in", type=Path, metavar="DIR", help="every file of a folder")
        parser.add_argument("--profile", default="", help="a saved mapping")
        parser.add_argument(
            "--policy",
            default="",
            choices=["", *Policy.values],
            help="rows that are there already: overwrite, fill what is empty, or skip",
        )
        parser.add_argument(
            "--header-line",
            type=int,
            metavar="N",
            help="row of the headings, where it is not found; what stands above is passed over",
        )
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="FIELD=COLUMN",
            help="which column a field comes from; may be given several times",
        )
        add_common(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        kind = "" if options["kind"] == "auto" else options["kind"]
        if kind:
            try:
                importer_of(kind)
            except UnknownKind as problem:
                raise CommandError(str(problem)) from None
        paths: list[Path | None] = (
            list(files_of(options["all_in"])) if options["all_in"] else [options["file"]]
        )
        run_import(self, paths, options, kind=kind, mapping=_mapping(options["map"]))


def _mapping(pairs: list[str]) -> dict[str, str]:
    mapping = {}
    for pair in pairs:
        name, equals, column = pair.partition("=")
        if not equals:
            raise CommandError(f"--map {pair}: write FIELD=COLUMN.")
        mapping[name.strip()] = column.strip()
    return mapping


def files_of(folder: Path) -> list[Path]:
    """The importable files of a folder, by name."""
    if not folder.is_dir():
        raise CommandError(f"{folder} is not a folder.")
    found = sorted(each for each in folder.iterdir() if each.suffix.lower() in SUFFIXES)
    if not found:
        raise CommandError(f"{folder} has no CSV or XLSX file.")
    return found


def run_import(
    command: BaseCommand,
    paths: list[Path | None],
    options: dict[str, Any],
    *,
    kind: str = "",
    mapping: dict[str, str] | None = None,
) -> None:
    """Import the files into the named business and tell about each."""
    for path in paths:
        if path is None or not path.is_file():
            raise CommandError(f"There is no file {path}." if path else "Name a file.")
    business = Business.objects.filter(slug=options["business"]).first()
    if business is None:
        raise CommandError(f"There is no business “{options['business']}”.")
    newest_to = options["shift_newest_to"]
    with business_context(business.id), remember_settings():
        if newest_to == "yesterday":
            zone = settings_of(business.id).time_zone
            newest_to = today_in(zone) - timedelta(days=1)
        wishes = Wishes(
            kind=kind,
            profile=options.get("profile", ""),
            mapping=mapping or {},
            currency=options["currency"],
            policy=options.get("policy", ""),
            header_line=options.get("header_line"),
            shift_days=options["shift_days"],
            shift_newest_to=newest_to,
            preview_only=options["preview"],
        )
        try:
            runs = import_files(
                [path for path in paths if path is not None],
                actor=actors.system(business.id, "Command line"),
                wishes=wishes,
                told=lambda run: _tell(command, run),
            )
        except ImportProblem as problem:
            raise CommandError(str(problem)) from None
        if options["rejected"]:
            _write_rejected(options["rejected"], runs)


def _tell(command: BaseCommand, run: ImportRun) -> None:
    command.stdout.write(summary(run))
    with transaction.atomic():
        for number, row in enumerate(rejected_rows(run)):
            if number == SHOWN_REASONS:
                command.stdout.write("  … and more; --rejected FILE gets them all")
                break
            command.stdout.write(f"  line {row[0]}: {row[2]}")


def _write_rejected(path: Path, runs: list[ImportRun]) -> None:
    with transaction.atomic(), path.open("wb") as target:
        for run in runs:
            for piece in rejected_csv(run):
                target.write(piece)
