"""Lets somebody in again who lost phone, keys and recovery codes: their password alone counts."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from afterclose.businesses import jobs, people
from afterclose.businesses.models import Person


class Command(BaseCommand):
    """For whoever runs the server: it holds in every business of the person, so no admin of one
    may do it by a page."""

    help = "Removes every second factor of a person, who is told by a mail."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        email, at = str(options["email"]).strip().lower(), timezone.now()
        person = Person.objects.filter(email=email).first()
        if person is None:
            raise CommandError(f"There is nobody with the address {email}.")
        with transaction.atomic():
            count = Authenticator.objects.filter(user=person).delete()[0]
            if not count:
                raise CommandError(f"{email} has no second factor.")
            people.record_everywhere(
                "person.second_factors_removed", person=person, at=at, by="The server's operator"
            )
            jobs.send_letter.defer(
                kind="factors_removed",
                person_id=person.pk,
                to=person.email,
                facts={"at": at.isoformat()},
            )
        self.stdout.write(f"{email} signs in by password alone, and is told so by a mail.")
