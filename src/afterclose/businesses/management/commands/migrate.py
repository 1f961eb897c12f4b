"""``afterclose migrate``: Django's command, and then what the assistant's role may read."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import migrate
from django.db import connections

from afterclose.businesses.postgres import assistant


class Command(migrate.Command):
    help = "Bring the tables up to date, and the rights on them."

    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        if not (options["plan"] or options["check_unapplied"]):
            assistant.permit(connections[options["database"]])
