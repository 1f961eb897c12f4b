"""Reads about people, the audit log, and the businesses of a person."""

from __future__ import annotations

from django.db.models import QuerySet

from afterclose.businesses.actors import Actor
from afterclose.businesses.models import AuditEntry, Membership
from afterclose.businesses.permissions import Right, require


def members(viewer: Actor) -> QuerySet[Membership]:
    """Everybody who is or was a member, for the page of people."""
    require(viewer, Right.PEOPLE_EDIT)
    return Membership.objects.select_related("person")


def member(viewer: Actor, membership_id: int) -> Membership:
    """One member with their person; raises Membership.DoesNotExist."""
    return members(viewer).get(id=membership_id)


def audit_entries(viewer: Actor) -> QuerySet[AuditEntry]:
    """The audit log."""
    require(viewer, Right.AUDIT_VIEW)
    return AuditEntry.objects.all()
