"""``afterclose audit_verify --business acme --anchor 1204:9f86…``: is the audit log untouched?"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from afterclose.businesses import audit_chain
from afterclose.businesses.audit_chain import Anchor
from afterclose.businesses.models import Business
from afterclose.businesses.tenancy import business_context


class Command(BaseCommand):
    help = (
        "Follow the hash chain over the audit log and name the first entry that was changed, "
        "removed or moved; fails when there is one. Prints an anchor per business: keep it "
        "outside the database and give it back later, then even a chain made anew is seen."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--business", metavar="SLUG", help="one business; all unless told")
        parser.add_argument("--anchor", metavar="NUMBER:FINGERPRINT", help="printed earlier")

    def handle(self, *args: Any, **options: Any) -> None:
        businesses = Business.objects.order_by("id")
        if options["business"]:
            businesses = businesses.filter(slug=options["business"])
            if not businesses:
                raise CommandError(f"There is no business “{options['business']}”.")
        anchor = self._anchor(options)
        broken = []
        for business in businesses:
            with business_context(business.id):
                found = audit_chain.look(anchor)
            if found.problem:
                broken.append(f"The audit log of {business.slug} is broken: {found.problem}.")
                continue
            waiting = f", {found.waiting} wait for their seal" if found.waiting else ""
            self.stdout.write(f"{business.slug}: holds, {found.sealed} entries sealed{waiting}.")
            self.stdout.write(f"  Anchor {found.anchor}")
        if broken:
            raise CommandError("\n".join(broken))

    def _anchor(self, options: dict[str, Any]) -> Anchor | None:
        if not options["anchor"]:
            return None
        if not options["business"]:
            raise CommandError("An anchor is one business's: name it with --business.")
        try:
            return Anchor.read(options["anchor"])
        except ValueError as problem:
            raise CommandError(str(problem)) from problem
