"""Changing one's own e-mail address, which is also the name that one signs in by.

1. ``ask``: the new address is noted, and a link goes to it; the old one holds.
2. ``confirm``: whoever opens the link while signed in as that person has shown that both are
   theirs. Now the new one holds, the old one is told, and no link of before works.

Whether an address has an account is not told to who asks: its owner gets a mail instead.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from afterclose.businesses import jobs, letters, people, validation
from afterclose.businesses.actors import Actor
from afterclose.businesses.errors import AddressTaken, LinkTooOld, NotYourLink
from afterclose.businesses.models import Person

SALT = "afterclose.businesses.addresses"
LINK_HOLDS = timedelta(days=1)


@transaction.atomic
def ask(*, actor: Actor, at: datetime, email: str) -> Person:
    """Have a link sent to the address that the actor wants. The face has proof that it is really
    them, and counts how often. Raises ValidationError."""
    person = _locked(actor)
    wanted = validation.clean_email(email)
    if wanted == person.email:
        raise ValidationError({"email": f"E-mail: {wanted} is your address already."})
    person.new_email, person.new_email_at = wanted, at
    person.save(update_fields=["new_email", "new_email_at"])
    owner = Person.objects.filter(email=wanted).first()
    if owner is None:
        facts = {"url": letters.confirm_url(_token(person))}
        jobs.send_letter.defer(kind="email_wanted", person_id=person.pk, to=wanted, facts=facts)
    else:
        jobs.send_letter.defer(kind="email_taken", person_id=owner.pk, to=wanted, facts={})
    _record("person.email_asked", person, at, [person.email, wanted])
    return person


@transaction.atomic
def cancel(*, actor: Actor, at: datetime) -> Person:
    """Want another address no longer; the link that was sent stops working."""
    person = _locked(actor)
    if person.new_email:
        _record("person.email_cancelled", person, at, [person.new_email, None])
        person.new_email, person.new_email_at = "", None
        person.save(update_fields=["new_email", "new_email_at"])
    return person


def wanted_by(token: str, *, actor: Actor) -> str:
    """The address that a link would confirm. Raises LinkTooOld or NotYourLink."""
    said = _said(token)
    person = _who(actor)
    if said["person"] != person.pk:
        raise NotYourLink
    person.refresh_from_db(fields=["email", "new_email"])
    if (said["new"], said["old"]) != (person.new_email, person.email):
        raise LinkTooOld
    return str(said["new"])


@transaction.atomic
def confirm(*, actor: Actor, at: datetime, token: str) -> Person:
    """Make the address of the link the actor's; their sessions stay, the old address is told.

    Raises LinkTooOld, NotYourLink or AddressTaken.
    """
    person = _locked(actor)
    wanted = wanted_by(token, actor=actor)
    if Person.objects.filter(email=wanted).exclude(pk=person.pk).exists():
        raise AddressTaken
    before, person.email = person.email, wanted
    person.new_email, person.new_email_at = "", None
    try:
        with transaction.atomic():
            person.save(update_fields=["email", "new_email", "new_email_at"])
    except IntegrityError as problem:  # Somebody else's was saved this moment.
        raise AddressTaken from problem
    # allauth would let the old one sign in as long as it has a row here.
    EmailAddress.objects.filter(user=person).delete()
    _record("person.email_changed", person, at, [before, wanted])
    jobs.send_letter.defer(
        kind="email_changed",
        person_id=person.pk,
        to=before,
        facts={"new": wanted, "at": at.isoformat()},
    )
    return person


def _record(verb: str, person: Person, at: datetime, change: list[str | None]) -> None:
    people.record_everywhere(verb, person=person, at=at, changes={"email": change})


def _token(person: Person) -> str:
    said = {"person": person.pk, "old": person.email, "new": person.new_email}
    return signing.dumps(said, salt=SALT, compress=True)


def _said(token: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = signing.loads(token, salt=SALT, max_age=LINK_HOLDS)
    except signing.BadSignature as problem:
        raise LinkTooOld from problem
    return found


def _who(actor: Actor) -> Person:
    if actor.person is None:
        raise TypeError("The system has no address.")
    return actor.person


def _locked(actor: Actor) -> Person:
    return Person.objects.select_for_update().get(pk=_who(actor).pk)
