"""What concerns a person rather than their part in one business: they may have several."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from afterclose.businesses import actors, audit
from afterclose.businesses.models import Membership, Person
from afterclose.businesses.tenancy import business_context, person_context


def record_everywhere(
    verb: str,
    *,
    person: Person,
    at: datetime,
    changes: Mapping[str, Any] | None = None,
    by: str = "",
) -> None:
    """An audit entry in every business that the person works in, in the caller's transaction.

    It is their own doing, unless ``by`` names a program.
    """
    with person_context(person.pk), transaction.atomic():
        mine = list(
            Membership.objects.of_person(person.pk)
            .select_related("business", "person")
            .order_by("business_id")
        )
    for membership in mine:
        with business_context(membership.business_id):
            actor = actors.system(membership.business_id, by) if by else actors.member(membership)
            audit.record(verb, actor=actor, at=at, subject=person, changes=changes)
