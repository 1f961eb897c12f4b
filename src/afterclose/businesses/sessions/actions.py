"""Ending sessions: one's own, or an admin a member's."""

from __future__ import annotations

from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib.auth import update_session_auth_hash
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest

from afterclose.businesses import audit, queries
from afterclose.businesses.actors import Actor
from afterclose.businesses.errors import OnlySuperAdmins, SignInServesElsewhere
from afterclose.businesses.models import Membership, Person
from afterclose.businesses.permissions import Right, require
from afterclose.businesses.sessions.middleware import SEEN_KEY


class NoSession(LookupError):
    """It has ended already, or is somebody else's."""


def mine(person: Person) -> list[UserSession]:
    """Where a person is signed in now, the last seen first; what has ended is forgotten."""
    found: list[UserSession] = UserSession.objects.purge_and_list(person)
    return sorted(found, key=lambda each: each.last_seen_at, reverse=True)


@transaction.atomic
def end_one(*, actor: Actor, at: datetime, session_id: int) -> None:
    """End one session of the actor's own. Raises NoSession."""
    session = UserSession.objects.filter(user_id=actor.person_id, id=session_id).first()
    if session is None:
        raise NoSession("That sign-in has ended already.")
    session.end()
    _record(actor, at, "session.ended", {"address": session.ip})


@transaction.atomic
def end_others(*, actor: Actor, at: datetime, request: HttpRequest) -> None:
    """End every session of the actor but the one that asks, also those that we do not know."""
    person = _person(actor)
    _end_all(person)
    person.refresh_from_db(fields=["session_epoch"])
    # The session that asks gets the new epoch, and a new key with it.
    update_session_auth_hash(request, person)
    request.session.pop(SEEN_KEY, None)
    _record(actor, at, "session.others_ended", {})


@transaction.atomic
def end_all(*, actor: Actor, at: datetime) -> None:
    """End every session of the actor, also the one that asks."""
    _end_all(_person(actor))
    _record(actor, at, "session.all_ended", {})


@transaction.atomic
def sign_out_member(*, actor: Actor, at: datetime, membership_id: int) -> Membership:
    """End every session of a member, in their other businesses too: there is one sign-in for
    all. An admin does it for a lost device; whoever is to stay out is deactivated. Raises
    OnlySuperAdmins, or SignInServesElsewhere for somebody who is more than the actor there."""
    require(actor, Right.PEOPLE_EDIT)
    membership = Membership.objects.select_related("person").get(
        id=membership_id, deactivated_at__isnull=True
    )
    if not queries.may_manage(actor, membership):
        raise OnlySuperAdmins
    if not queries.may_end_sign_in(actor, membership):
        raise SignInServesElsewhere(str(membership))
    _end_all(membership.person)
    audit.record("member.signed_out", actor=actor, at=at, subject=membership)
    return membership


def _end_all(person: Person) -> None:
    Person.objects.filter(id=person.pk).update(session_epoch=F("session_epoch") + 1)
    for session in UserSession.objects.filter(user=person):
        session.end()


def _person(actor: Actor) -> Person:
    if actor.person is None:
        raise TypeError("The system is not signed in.")
    return actor.person


def _record(actor: Actor, at: datetime, verb: str, changes: dict[str, str]) -> None:
    audit.record(verb, actor=actor, at=at, subject=actor.person, changes=changes)
