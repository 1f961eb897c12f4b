"""``afterclose operator ada@acme.example``: may set what holds for every business of the site."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from afterclose.businesses.models import Person


class Command(BaseCommand):
    help = (
        "Make somebody an operator of the site: as super admin of their business they may then set "
        "by which providers people sign in. --remove takes it away; without an address, lists them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", nargs="?", default="")
        parser.add_argument("--remove", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["email"]:
            wanted = not options["remove"]
            people = Person.objects.filter(email=options["email"].strip().lower())
            if not people.update(is_operator=wanted):
                raise CommandError(f"There is nobody with the address {options['email']}.")
        operators = Person.objects.filter(is_operator=True).order_by("email")
        for email in operators.values_list("email", flat=True):
            self.stdout.write(email)
        if not operators:
            self.stdout.write("Nobody is an operator.")
