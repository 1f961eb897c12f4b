"""Writes about ways to sign in; each leaves an audit entry in the business of who did it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify

from afterclose.businesses import audit, queries
from afterclose.businesses.actions import change_settings
from afterclose.businesses.actors import Actor
from afterclose.businesses.errors import OnlyOperators, OnlySuperAdmins, SignInServesElsewhere
from afterclose.businesses.models import Membership, SignInProvider
from afterclose.businesses.permissions import Right, require
from afterclose.businesses.settings import BusinessSettings
from afterclose.businesses.single_sign_on import discovery
from afterclose.businesses.single_sign_on.adapter import PURPOSE
from afterclose.kit.encryption import encrypt

FIELDS = ("name", "issuer", "client_id", "trusts_email", "domains", "is_on")
_DOMAIN = re.compile(r"(?!-)[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z0-9-]{2,63}")


def require_operator(actor: Actor) -> None:
    """Let pass operators of the site among the super admins; raises OnlyOperators."""
    require(actor, Right.SIGN_IN_EDIT)
    if not is_operator(actor):
        raise OnlyOperators


def is_operator(actor: Actor) -> bool:
    """Whether the actor may set what holds for every business; the system may."""
    return actor.is_system or bool(actor.person and actor.person.is_operator)


@transaction.atomic
def add_provider(
    *, actor: Actor, at: datetime, values: Mapping[str, Any], secret: str
) -> SignInProvider:
    """Add a way to sign in. ``values`` has FIELDS; the issuer must have been read by
    ``discovery`` before. Raises OnlyOperators, or ValidationError naming the field."""
    require_operator(actor)
    wanted = _clean(values)
    if not secret:
        raise ValidationError({"secret": "Client secret: enter what the provider gave you."})
    provider = SignInProvider.objects.create(
        slug=_free_slug(wanted["name"]), secret=encrypt(secret, purpose=PURPOSE), **wanted
    )
    audit.record(
        "sign_in_provider.added",
        actor=actor,
        at=at,
        subject=provider,
        changes={key: [None, value] for key, value in wanted.items()},
    )
    return provider


@transaction.atomic
def change_provider(
    *, actor: Actor, at: datetime, provider_id: int, values: Mapping[str, Any], secret: str = ""
) -> SignInProvider:
    """Change one; an empty secret stays. Another issuer is another provider: whoever was linked
    through the old one is linked anew at their next sign-in."""
    require_operator(actor)
    wanted = _clean(values)
    provider = SignInProvider.objects.select_for_update().get(id=provider_id)
    changes = audit.difference({key: getattr(provider, key) for key in wanted}, wanted)
    if "issuer" in changes:
        SocialAccount.objects.filter(provider=provider.slug).delete()
    for key in changes:
        setattr(provider, key, wanted[key])
    if secret:
        provider.secret = encrypt(secret, purpose=PURPOSE)
        changes["secret"] = ["hidden", "hidden"]
    if changes:
        provider.save(update_fields=list(changes))
        audit.record(
            "sign_in_provider.changed", actor=actor, at=at, subject=provider, changes=changes
        )
    return provider


@transaction.atomic
def remove_provider(*, actor: Actor, at: datetime, provider_id: int) -> int:
    """Remove a way to sign in and its links to people; returns how many there were. The people
    stay, and sign in by password; a business that required it no longer does."""
    require_operator(actor)
    provider = SignInProvider.objects.select_for_update().get(id=provider_id)
    count = int(SocialAccount.objects.filter(provider=provider.slug).delete()[0])
    audit.record(
        "sign_in_provider.removed",
        actor=actor,
        at=at,
        subject=provider,
        changes={"issuer": provider.issuer, "linked_people": count},
    )
    provider.delete()
    return count


def require_provider(*, actor: Actor, at: datetime, slug: str) -> BusinessSettings:
    """Have members of the business sign in by this provider alone; an empty slug: by any way.

    Super admins may still use their password, so that a provider that breaks locks nobody out.
    """
    require(actor, Right.SIGN_IN_EDIT)
    return change_settings(actor=actor, at=at, changes={"required_provider": slug})


@transaction.atomic
def unlink_member(*, actor: Actor, at: datetime, membership: Membership) -> int:
    """Forget to whom at a provider a member was linked, after an address was given to somebody
    new there; returns how many links went. At their next sign-in they are linked anew. Raises
    OnlySuperAdmins, or SignInServesElsewhere as for signing out."""
    require(actor, Right.PEOPLE_EDIT)
    if not queries.may_manage(actor, membership):
        raise OnlySuperAdmins
    if not queries.may_end_sign_in(actor, membership):
        raise SignInServesElsewhere(str(membership))
    count = int(SocialAccount.objects.filter(user=membership.person).delete()[0])
    if count:
        audit.record("member.unlinked", actor=actor, at=at, subject=membership)
    return count


def _clean(values: Mapping[str, Any]) -> dict[str, Any]:
    wanted = {key: values[key] for key in FIELDS}
    problems = {}
    for key, most in (("name", 40), ("client_id", 200), ("issuer", 500)):
        wanted[key] = str(wanted[key]).strip()
        if not 1 <= len(wanted[key]) <= most:
            problems[key] = f"Enter 1 to {most} characters."
    wanted["domains"] = [each.strip().lower().lstrip("@") for each in wanted["domains"]]
    wrong = [each for each in wanted["domains"] if not _DOMAIN.fullmatch(each)]
    if wrong:
        problems["domains"] = f"“{wrong[0]}” is no domain such as example.com."
    if wanted["trusts_email"] and not wanted["domains"]:
        problems["domains"] = (
            "Name the domains that this provider may vouch for: without them, whoever runs it "
            "could sign in as anybody."
        )
    if "issuer" not in problems:
        wanted["issuer"] = discovery.issuer_of(wanted["issuer"])
    if problems:
        raise ValidationError(problems)
    return wanted


def _free_slug(name: str) -> str:
    stem = slugify(name)[:30] or "provider"
    taken = set(SignInProvider.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    # Old links of a removed provider went with it, so its slug may come back.
    numbers = (f"{stem}-{number}" for number in range(2, len(taken) + 3))
    return next(slug for slug in (stem, *numbers) if slug not in taken)
