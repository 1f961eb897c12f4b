"""Writes about businesses, their people and their settings; each leaves an audit entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from afterclose.businesses import actors, audit, jobs, validation
from afterclose.businesses.actors import Actor
from afterclose.businesses.errors import (
    AlreadyMember,
    CannotOwn,
    LastSuperAdmin,
    NotTheOwner,
    OnlySuperAdmins,
    OwnerMustHandOver,
)
from afterclose.businesses.models import Business, Membership, Person, Role, Setting
from afterclose.businesses.permissions import Right, require
from afterclose.businesses.settings import BusinessSettings, forget, settings_of, to_json
from afterclose.businesses.tenancy import business_context
from afterclose.kit import texts

PROFILE = ("name", "locale", "time_zone", "theme")

for_new_business: list[Callable[[Actor, datetime], None]] = []
"""What else a new business begins with (risk reasons, a scorecard): apps above add functions
``(actor, at)`` in their ``ready()``; they run in the transaction that makes the business."""


@transaction.atomic
def create_business(
    *,
    name: str,
    owner_email: str,
    at: datetime,
    owner_name: str = "",
    password: str | None = None,
    slug: str = "",
    country: str = "US",
    settings: Mapping[str, Any] | None = None,
) -> Actor:
    """Make a business with its first super admin; returns that person as Actor of it.

    Nobody can act before there is a business, so this takes no actor: it is called by the
    command line and by the sample data, never by a page. A person who exists already keeps
    their name and password. Raises ValidationError naming the field that is wrong.
    """
    values = validation.clean_business({"name": name, "country": country})
    chosen = validation.clean_settings(dict(settings or {}))
    business = Business.objects.create(slug=slug or _free_slug(values["name"]), **values)
    with business_context(business.id):
        person = _person(owner_email, owner_name, password)
        if not Person.objects.filter(is_operator=True).exists():
            # Whoever sets the site up; others are named by ``afterclose operator``.
            person.is_operator = True
            person.save(update_fields=["is_operator"])
        owner = actors.member(
            Membership.objects.create(
                person=person, role=Role.SUPER_ADMIN, is_owner=True, business=business
            )
        )
        audit.record("business.created", actor=owner, at=at, subject=business)
        _store(chosen)
        for prepare in for_new_business:
            prepare(owner, at)
    return owner


@transaction.atomic
def add_member(
    *,
    actor: Actor,
    at: datetime,
    email: str,
    role: Role | str,
    name: str = "",
    title: str = "",
    password: str | None = None,
    invite: bool = False,
) -> Membership:
    """Make somebody a member, or take a deactivated one back; returns the membership.

    ``invite`` sends them a mail with a link to set their password. Raises AlreadyMember,
    OnlySuperAdmins, or ValidationError naming the field.
    """
    require(actor, Right.PEOPLE_EDIT)
    role = validation.clean_role(role)
    if role == Role.SUPER_ADMIN:
        _require_super_admin(actor)
    person = _person(email, name, password)
    membership, is_new = Membership.objects.select_for_update(of=("self",)).get_or_create(
        person=person, defaults={"role": role, "title": title, "business_id": actor.business_id}
    )
    if not is_new:
        if membership.deactivated_at is None:
            raise AlreadyMember(person.email)
        membership.role, membership.deactivated_at = role, None
        membership.title = title or membership.title
        membership.save(update_fields=["role", "title", "deactivated_at"])
    audit.record(
        "member.added" if is_new else "member.reactivated",
        actor=actor,
        at=at,
        subject=membership,
        changes={"email": person.email, "role": [None, role.value]},
    )
    if invite:
        send_invitation(actor=actor, membership=membership)
    return membership


def send_invitation(*, actor: Actor, membership: Membership) -> None:
    """Have the invitation mailed (again) after the transaction commits."""
    require(actor, Right.PEOPLE_EDIT)
    jobs.send_invitation.defer(
        business_id=actor.business_id, membership_id=membership.id, invited_by=actor.name
    )


@transaction.atomic
def change_role(*, actor: Actor, at: datetime, membership_id: int, role: Role | str) -> Membership:
    """Give a member another role. Raises LastSuperAdmin or OnlySuperAdmins."""
    require(actor, Right.PEOPLE_EDIT)
    role = validation.clean_role(role)
    membership = _locked(membership_id)
    before = Role(membership.role)
    if before == role:
        return membership
    if Role.SUPER_ADMIN in (before, role):
        _require_super_admin(actor)
    if before == Role.SUPER_ADMIN:
        _require_another_super_admin(membership)
        _require_not_owner(membership)
    membership.role = role
    membership.save(update_fields=["role"])
    audit.record(
        "member.role_changed",
        actor=actor,
        at=at,
        subject=membership,
        changes={"role": [before.value, role.value]},
    )
    return membership


@transaction.atomic
def deactivate(*, actor: Actor, at: datetime, membership_id: int) -> Membership:
    """Take a member's access away; their history and the accounts they own stay."""
    require(actor, Right.PEOPLE_EDIT)
    membership = _locked(membership_id)
    if membership.deactivated_at is not None:
        return membership
    if membership.role == Role.SUPER_ADMIN:
        _require_super_admin(actor)
        _require_another_super_admin(membership)
        _require_not_owner(membership)
    membership.deactivated_at = at
    membership.save(update_fields=["deactivated_at"])
    audit.record(
        "member.deactivated",
        actor=actor,
        at=at,
        subject=membership,
        changes={"deactivated_at": [None, at]},
    )
    return membership


@transaction.atomic
def reactivate(*, actor: Actor, at: datetime, membership_id: int) -> Membership:
    """Give a deactivated member their access back, in the role they had."""
    require(actor, Right.PEOPLE_EDIT)
    membership = _locked(membership_id)
    if membership.deactivated_at is None:
        return membership
    if membership.role == Role.SUPER_ADMIN:
        _require_super_admin(actor)
    before, membership.deactivated_at = membership.deactivated_at, None
    membership.save(update_fields=["deactivated_at"])
    audit.record(
        "member.reactivated",
        actor=actor,
        at=at,
        subject=membership,
        changes={"deactivated_at": [before, None]},
    )
    return membership


@transaction.atomic
def hand_over(*, actor: Actor, at: datetime, membership_id: int) -> Membership:
    """Make another active admin or super admin the owner; the old owner stays super admin.

    The face has proof that it is really the owner who asks. The system may do it for an owner
    who is gone (``afterclose hand_over``). Raises NotTheOwner or CannotOwn.
    """
    require(actor, Right.PEOPLE_EDIT)
    heir = _locked(membership_id)
    owner = Membership.objects.select_for_update().filter(is_owner=True).first()
    if not actor.is_system and (owner is None or owner.id != actor.membership_id):
        raise NotTheOwner
    may_own = heir.role in (Role.ADMIN, Role.SUPER_ADMIN) and heir.person.is_active
    if heir.is_owner or heir.deactivated_at is not None or not may_own:
        raise CannotOwn(str(heir))
    if owner is not None:
        # First this: the database knows one owner at any moment.
        owner.is_owner = False
        owner.save(update_fields=["is_owner"])
    before, heir.role, heir.is_owner = heir.role, Role.SUPER_ADMIN, True
    heir.save(update_fields=["role", "is_owner"])
    audit.record(
        "business.handed_over",
        actor=actor,
        at=at,
        subject=heir,
        changes={
            "owner": [str(owner.person) if owner else None, str(heir.person)],
            "role": [before, heir.role],
        },
    )
    return heir


@transaction.atomic
def change_settings(*, actor: Actor, at: datetime, changes: Mapping[str, Any]) -> BusinessSettings:
    """Change some settings; what is equal to before is left alone.

    Raises ValidationError with the setting's name as key. Holds from the next look-up on.
    """
    require(actor, Right.SETTINGS_EDIT)
    wanted = validation.clean_settings(dict(changes))
    # Two admins saving at once: the second sees and records what the first one left.
    Business.objects.select_for_update(no_key=True).get(id=actor.business_id)
    forget(actor.business_id)
    now = settings_of(actor.business_id)
    changed = {key: value for key, value in wanted.items() if getattr(now, key) != value}
    if not changed:
        return now
    _store(changed)
    audit.record(
        "settings.changed",
        actor=actor,
        at=at,
        subject_type="businesses.setting",
        label=", ".join(validation.label(key) for key in changed),
        changes={
            key: [to_json(getattr(now, key)), to_json(value)] for key, value in changed.items()
        },
    )
    forget(actor.business_id)
    return settings_of(actor.business_id)


@transaction.atomic
def change_business(*, actor: Actor, at: datetime, name: str, country: str) -> Business:
    """Change what the business is called and where it sits."""
    require(actor, Right.SETTINGS_EDIT)
    wanted = validation.clean_business({"name": name, "country": country})
    business = Business.objects.select_for_update(no_key=True).get(id=actor.business_id)
    changes = audit.difference({key: getattr(business, key) for key in wanted}, wanted)
    if changes:
        business.name, business.country = wanted["name"], wanted["country"]
        business.save(update_fields=list(changes))
        audit.record("business.changed", actor=actor, at=at, subject=business, changes=changes)
    return business


@transaction.atomic
def change_profile(*, actor: Actor, at: datetime, changes: Mapping[str, str]) -> Person:
    """Change one's own name, language, time zone or theme."""
    if actor.person is None:
        raise TypeError("The system has no profile.")
    wanted = validation.clean_profile({key: changes[key] for key in PROFILE if key in changes})
    person = Person.objects.select_for_update().get(id=actor.person.pk)
    differences = audit.difference({key: getattr(person, key) for key in wanted}, wanted)
    if differences:
        for key in differences:
            setattr(person, key, wanted[key])
        person.save(update_fields=list(differences))
        audit.record("profile.changed", actor=actor, at=at, subject=person, changes=differences)
    return person


def _person(email: str, name: str, password: str | None) -> Person:
    email = validation.clean_email(email)
    found = Person.objects.filter(email=email).first()
    return found or Person.objects.create_user(email, password, name=texts.one_line(name))


def _store(values: Mapping[str, Any]) -> None:
    for key, value in values.items():
        Setting.objects.update_or_create(key=key, defaults={"value": to_json(value)})


def _locked(membership_id: int) -> Membership:
    """The membership, after locking every super admin's, so that two cannot remove each other."""
    list(
        Membership.objects.filter(role=Role.SUPER_ADMIN)
        .order_by("id")
        .select_for_update()
        .values_list("id")
    )
    return (
        Membership.objects.select_related("person")
        .select_for_update(of=("self",))
        .get(id=membership_id)
    )


def _require_super_admin(actor: Actor) -> None:
    if not actor.is_system and actor.role != Role.SUPER_ADMIN:
        raise OnlySuperAdmins


def _require_not_owner(membership: Membership) -> None:
    if membership.is_owner:
        raise OwnerMustHandOver(str(membership))


def _require_another_super_admin(membership: Membership) -> None:
    others = Membership.objects.filter(
        role=Role.SUPER_ADMIN, deactivated_at__isnull=True, person__is_active=True
    ).exclude(id=membership.id)
    if not others.exists():
        raise LastSuperAdmin(str(membership))


def _free_slug(name: str) -> str:
    stem = slugify(name)[:50] or "business"
    taken = set(Business.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    numbers = (f"{stem}-{number}" for number in range(2, len(taken) + 3))
    return next(slug for slug in (stem, *numbers) if slug not in taken)
