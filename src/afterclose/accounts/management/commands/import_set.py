"""`afterclose import_set exports/ --business acme --shift-newest-to yesterday`."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

# "import" is a keyword, so its module cannot be imported by statement.
_one = import_module("afterclose.accounts.management.commands.import")


class Command(BaseCommand):
    help = (
        "Import every CSV and XLSX file of a folder: kinds recognised by their headings, in the "
        "order in which they refer to each other, all dates moved by the same number of days."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)
        _one.add_common(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        _one.run_import(self, _one.files_of(options["folder"]), options)
