"""Writes the table of facts in docs/webhooks.md from what the apps declare."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from afterclose.webhooks import catalogue

BEGIN, END = "<!-- facts: written by `afterclose webhook_facts` -->\n", "\n<!-- end -->"


class Command(BaseCommand):
    help = "Writes the table of facts in docs/webhooks.md."

    def handle(self, *args: Any, **options: Any) -> None:
        file = settings.BASE_DIR / "docs" / "webhooks.md"
        before, begin, rest = file.read_text().partition(BEGIN)
        _, end, after = rest.partition(END)
        if not begin or not end:
            raise CommandError(f"{file} has lost the marks around its table.")
        file.write_text(before + BEGIN + catalogue.table() + END + after)
        self.stdout.write(f"Wrote {len(catalogue.entries())} facts.")
