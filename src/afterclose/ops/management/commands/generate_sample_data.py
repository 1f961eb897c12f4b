"""``afterclose generate_sample_data --business SLUG --size 120 --seed 7``"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from afterclose.businesses import actors
from afterclose.businesses.models import Business
from afterclose.businesses.tenancy import business_context
from afterclose.kit import clock
from afterclose.ops.models import SampleSet
from afterclose.ops.sample import actions, queries
from afterclose.ops.sample.errors import SampleProblem


class Command(BaseCommand):
    help = "Fill a business with sample data (20 to 1,000,000 accounts), the same for a seed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--business", required=True, metavar="SLUG")
        parser.add_argument("--size", type=int, default=120)
        parser.add_argument("--seed", type=int, default=7)

    def handle(self, *args: Any, **options: Any) -> None:
        business = Business.objects.filter(slug=options["business"]).first()
        if business is None:
            raise CommandError(f"There is no business “{options['business']}”.")
        at = clock.now()
        with business_context(business.id):
            actor = actors.system(business.id)
            try:
                actions.begin(actor=actor, at=at, size=options["size"], seed=options["seed"])
            except SampleProblem as problem:
                raise CommandError(str(problem)) from problem
            actions.go_on(actor=actor, at=at, tell=self._tell)
        self.stdout.write(f"{options['size']:,} sample accounts made for {business}.")

    def _tell(self, found: SampleSet) -> None:
        if found.size > 1000:
            now = queries.progress(found)
            self.stderr.write(f"{now.doing}: {now.done:,} of {now.whole:,}")
