"""``afterclose destroy_sample_data --business SLUG``"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from afterclose.businesses import actors
from afterclose.businesses.models import Business
from afterclose.businesses.tenancy import business_context
from afterclose.kit import clock
from afterclose.ops.sample import actions
from afterclose.ops.sample.errors import BeingDestroyedError


class Command(BaseCommand):
    help = "Delete a business's sample data and what hangs on it; its own rows stay."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--business", required=True, metavar="SLUG")

    def handle(self, *args: Any, **options: Any) -> None:
        business = Business.objects.filter(slug=options["business"]).first()
        if business is None:
            raise CommandError(f"There is no business “{options['business']}”.")
        with business_context(business.id):
            actor = actors.system(business.id)
            try:
                actions.begin_destroying(actor=actor, at=clock.now())
            except BeingDestroyedError:
                self.stderr.write("Going on with what was begun before.")
            gone = actions.destroy(actor=actor)
        total = sum(gone.values())
        accounts = gone.get("accounts.account", 0)
        self.stdout.write(f"{accounts:,} sample accounts deleted, {total:,} rows in all.")
