"""Reads about people, the audit log, and the businesses of a person."""

from __future__ import annotations

from collections.abc import Sequence

from allauth.socialaccount.models import SocialAccount
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from afterclose.businesses.actors import Actor
from afterclose.businesses.models import AuditEntry, Membership, Role
from afterclose.businesses.permissions import Right, require
from afterclose.businesses.tenancy import current_business_id, person_context


def members(viewer: Actor) -> QuerySet[Membership]:
    """Everybody who is or was a member, for the page of people."""
    require(viewer, Right.PEOPLE_EDIT)
    return Membership.objects.select_related("person")


def member(viewer: Actor, membership_id: int) -> Membership:
    """One member with their person; raises Membership.DoesNotExist."""
    return members(viewer).get(id=membership_id)


def may_inherit(viewer: Actor, membership: Membership) -> bool:
    """Whether the viewer owns the business and could hand it over to this member."""
    mine = viewer.membership
    return bool(
        mine
        and mine.is_owner
        and mine.id != membership.id
        and membership.deactivated_at is None
        and membership.person.is_active
        and membership.role in (Role.ADMIN, Role.SUPER_ADMIN)
    )


def may_manage(viewer: Actor, membership: Membership) -> bool:
    """Whether the viewer may change this member's access: a super admin's is for super admins
    alone, or an admin could keep them out."""
    is_super = viewer.is_system or viewer.role == Role.SUPER_ADMIN
    return viewer.may(Right.PEOPLE_EDIT) and (is_super or membership.role != Role.SUPER_ADMIN)


def may_end_sign_in(viewer: Actor, membership: Membership) -> bool:
    """Whether the viewer may end this member's sign-ins and links to providers, which serve every
    business of the person: nobody who is less than the person is in any of them."""
    if not may_manage(viewer, membership):
        return False
    if viewer.is_system or viewer.role is None:
        return viewer.is_system
    with person_context(membership.person_id), transaction.atomic():
        roles = list(
            Membership.objects.of_person(membership.person_id).values_list("role", flat=True)
        )
    order = Role.values
    return all(order.index(role) <= order.index(viewer.role) for role in roles)


def sign_in_links(viewer: Actor, membership: Membership) -> int:
    """To how many accounts at sign-in providers a member is linked."""
    require(viewer, Right.PEOPLE_EDIT)
    return int(SocialAccount.objects.filter(user_id=membership.person_id).count())


def audit_entries(viewer: Actor) -> QuerySet[AuditEntry]:
    """The audit log."""
    require(viewer, Right.AUDIT_VIEW)
    return AuditEntry.objects.all()


def audited_people(
    viewer: Actor, *, text: str = "", ids: Sequence[str] = ()
) -> QuerySet[Membership]:
    """Members, also former ones, with their people, for the filter of the audit log."""
    require(viewer, Right.AUDIT_VIEW)
    found = Membership.objects.order_by("person__name_key", "id")
    if text:
        found = found.filter(
            Q(person__name_key__contains=text.lower()) | Q(person__email__contains=text.lower())
        )
    if ids:
        found = found.filter(person_id__in=ids)
    return found.select_related("person")


# Jumps from each verb to the next in the index, however many entries there are.
_VERBS = """
WITH RECURSIVE seen (verb) AS (
    (SELECT verb FROM businesses_auditentry WHERE business_id = %(business)s
     ORDER BY verb LIMIT 1)
    UNION ALL
    SELECT (SELECT verb FROM businesses_auditentry
            WHERE business_id = %(business)s AND verb > seen.verb ORDER BY verb LIMIT 1)
    FROM seen WHERE seen.verb IS NOT NULL
)
SELECT verb FROM seen WHERE verb IS NOT NULL
"""


def audited_verbs() -> list[str]:
    """Every verb in the audit log of the business in context, in order."""
    with connection.cursor() as cursor:
        cursor.execute(_VERBS, {"business": current_business_id()})
        return [verb for (verb,) in cursor.fetchall()]
