"""``afterclose make_demo``: the demo business, made once and brought up to today after that."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from afterclose.kit import clock
from afterclose.ops.sample import demo


class Command(BaseCommand):
    help = "Make the demo business with sample data, or bring it up to today."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--size", type=int, default=demo.SIZE)
        parser.add_argument("--seed", type=int, default=demo.SEED)

    def handle(self, *args: Any, **options: Any) -> None:
        demo.make(at=clock.now(), size=options["size"], seed=options["seed"])
        for email, role in demo.LOGINS:
            self.stdout.write(f"login: {email} / {demo.PASSWORD} ({role})")
