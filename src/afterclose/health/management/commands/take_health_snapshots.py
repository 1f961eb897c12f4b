"""`afterclose take_health_snapshots --business acme --from 2026-01-01 --to 2026-03-31`."""

from __future__ import annotations

import argparse
import time
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from afterclose.businesses.models import Business
from afterclose.health import running
from afterclose.kit import clock


class Command(BaseCommand):
    help = (
        "Take health snapshots: of today, a past day, or a range of days; of all accounts or one."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--business", required=True, metavar="SLUG", help="of which business")
        parser.add_argument("--on", type=_day, metavar="DAY", help="one day; today unless told")
        parser.add_argument("--from", type=_day, metavar="DAY", dest="begin", help="first day")
        parser.add_argument("--to", type=_day, metavar="DAY", dest="end", help="last day")
        parser.add_argument("--account", type=int, metavar="ID", help="only this account")
        parser.add_argument(
            "--processes", type=int, default=1, metavar="N", help="work in N processes at once"
        )

    def handle(
        self,
        *_: Any,
        business: str,
        on: date | None,
        begin: date | None,
        end: date | None,
        account: int | None,
        processes: int,
        **__: Any,
    ) -> None:
        if on and (begin or end):
            raise CommandError("Say either --on, or --from and --to.")
        if end and not begin:
            raise CommandError("--to needs --from: the first day.")
        found = Business.objects.filter(slug=business).first()
        if found is None:
            raise CommandError(f"There is no business “{business}”.")
        at = clock.now()
        started = time.monotonic()
        try:
            done = running.take(
                business_id=found.pk,
                at=at,
                begin=begin or on,
                end=end or on,
                account_id=account,
                processes=processes,
            )
        except ValueError as error:
            raise CommandError(str(error)) from error
        seconds = time.monotonic() - started
        self.stdout.write(
            f"{done.accounts:,} snapshots, {done.flagged:,} accounts flagged, {seconds:.1f} s."
        )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{text}” is not a date like 2026-03-31") from None
