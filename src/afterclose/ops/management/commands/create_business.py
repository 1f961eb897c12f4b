"""``afterclose create_business "Acme" --owner ada@acme.example --slug acme --currency EUR``"""

from __future__ import annotations

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError

from afterclose.businesses.actions import create_business
from afterclose.kit import clock


class Command(BaseCommand):
    help = "Make a business with its first super admin."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--owner", required=True, metavar="EMAIL", help="first super admin")
        parser.add_argument("--owner-name", default="", metavar="NAME")
        parser.add_argument("--slug", default="", help="short name; from the name unless told")
        parser.add_argument("--country", default="US", metavar="CODE")
        parser.add_argument("--currency", metavar="CODE")
        parser.add_argument("--time-zone", metavar="ZONE", help="for example Europe/Berlin")

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = {key: options[key] for key in ("currency", "time_zone") if options[key]}
        try:
            owner = create_business(
                name=options["name"],
                slug=options["slug"],
                owner_email=options["owner"],
                owner_name=options["owner_name"],
                password=ask_password(),
                country=options["country"],
                settings=chosen,
                at=clock.now(),
            )
        except ValidationError as problem:
            raise CommandError("\n".join(problem.messages)) from problem
        except IntegrityError as problem:
            raise CommandError(f"The slug “{options['slug']}” is taken.") from problem
        self.stdout.write(f"{options['name']} was made; {owner.name} is its super admin.")


def ask_password() -> str | None:
    """The password from the terminal or, piped in, from the first line; empty for none."""
    if sys.stdin is None or sys.stdin.closed:
        return None
    if sys.stdin.isatty():
        return getpass.getpass("Password for a new person (empty: by a link only): ") or None
    return sys.stdin.readline().rstrip("\n") or None
