"""``afterclose add_person ben@acme.example --business acme --role manager``"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from afterclose.businesses import actors
from afterclose.businesses.actions import add_member
from afterclose.businesses.errors import Refused
from afterclose.businesses.models import Business, Role
from afterclose.businesses.tenancy import business_context
from afterclose.kit import clock
from afterclose.ops.management.commands.create_business import ask_password


class Command(BaseCommand):
    help = "Make somebody a member of a business."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--business", required=True, metavar="SLUG")
        parser.add_argument("--role", choices=Role.values, default=Role.MANAGER.value)
        parser.add_argument("--name", default="")
        parser.add_argument("--title", default="", help="what they do")

    def handle(self, *args: Any, **options: Any) -> None:
        business = Business.objects.filter(slug=options["business"]).first()
        if business is None:
            raise CommandError(f"There is no business “{options['business']}”.")
        with business_context(business.id):
            try:
                add_member(
                    actor=actors.system(business.id),
                    at=clock.now(),
                    email=options["email"],
                    role=options["role"],
                    name=options["name"],
                    title=options["title"],
                    password=ask_password(),
                )
            except ValidationError as problem:
                raise CommandError("\n".join(problem.messages)) from problem
            except Refused as problem:
                raise CommandError(problem.message) from problem
        self.stdout.write(f"{options['email']} is {options['role']} at {business}.")
