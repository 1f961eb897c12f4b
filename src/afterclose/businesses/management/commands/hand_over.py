"""``afterclose hand_over ines@acme.example --business acme``, where the owner is gone."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from afterclose.businesses import actions, actors
from afterclose.businesses.errors import Refused
from afterclose.businesses.models import Business, Membership
from afterclose.businesses.tenancy import business_context
from afterclose.kit import clock


class Command(BaseCommand):
    help = "Make an active admin or super admin the owner of a business whose owner is gone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--business", required=True, metavar="SLUG")

    def handle(self, *args: Any, **options: Any) -> None:
        business = Business.objects.filter(slug=options["business"]).first()
        if business is None:
            raise CommandError(f"There is no business “{options['business']}”.")
        email = options["email"].strip().lower()
        with business_context(business.id), transaction.atomic():
            member = Membership.objects.filter(person__email=email).first()
            if member is None:
                raise CommandError(f"{email} is no member of {business}.")
            try:
                actions.hand_over(
                    actor=actors.system(business.id), at=clock.now(), membership_id=member.id
                )
            except Refused as problem:
                raise CommandError(problem.message) from problem
        self.stdout.write(f"{email} owns {business} now.")
