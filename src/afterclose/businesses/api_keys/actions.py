"""Making and revoking keys; each leaves an audit entry."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from afterclose.businesses import audit
from afterclose.businesses.actors import Actor
from afterclose.businesses.api_keys import scopes as known, tokens
from afterclose.businesses.api_keys.models import ApiKey, ApiKeyRoute
from afterclose.businesses.models import Role
from afterclose.businesses.permissions import Right, require

# From the least to the most powerful.
LADDER = (Role.MEMBER, Role.MANAGER, Role.ADMIN, Role.SUPER_ADMIN)


def roles_for(actor: Actor) -> list[Role]:
    """The roles that this actor may give to a key: none above its own."""
    role = actor.role
    return list(LADDER) if role is None else list(LADDER[: LADDER.index(role) + 1])


@transaction.atomic
def create_key(
    *,
    actor: Actor,
    at: datetime,
    name: str,
    role: Role | str,
    scopes: Collection[str],
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """Make a key; returns it with its token, which nobody can see again.

    Raises ValidationError naming the field: a role above the actor's, an unknown scope, an
    expiry that is past.
    """
    require(actor, Right.API_KEYS_EDIT)
    problems: dict[str, str] = {}
    if role not in roles_for(actor):
        problems["role"] = "Choose a role that is not above your own."
    if not scopes or set(scopes) - set(known.SCOPES):
        problems["scopes"] = "Choose at least one of the areas."
    if expires_at is not None and expires_at <= at:
        problems["expires_at"] = "Choose a time that is still to come."
    if not name.strip():
        problems["name"] = "Say which program will use the key."
    if problems:
        raise ValidationError(problems)
    token = tokens.make()
    key = ApiKey(
        name=name.strip(),
        start=tokens.start(token),
        role=role,
        scopes=sorted(set(scopes)),
        created_at=at,
        created_by_id=actor.membership_id,
        expires_at=expires_at,
    )
    key.full_clean()
    key.save()
    ApiKeyRoute.objects.create(
        token_hash=tokens.digest(token), owner_id=actor.business_id, key_number=key.id
    )
    audit.record(
        "api_key.created",
        actor=actor,
        at=at,
        subject=key,
        changes={"start": key.start, "role": key.role, "scopes": key.scopes, "until": expires_at},
    )
    return key, token


@transaction.atomic
def revoke_key(*, actor: Actor, at: datetime, key_id: int) -> ApiKey:
    """Make a key useless from the next request on; raises ApiKey.DoesNotExist."""
    require(actor, Right.API_KEYS_EDIT)
    key = ApiKey.objects.select_for_update(of=("self",)).get(id=key_id)
    if key.revoked_at is not None:
        return key
    key.revoked_at, key.revoked_by_id = at, actor.membership_id
    key.save(update_fields=["revoked_at", "revoked_by"])
    ApiKeyRoute.objects.filter(owner_id=key.business_id, key_number=key.id).delete()
    audit.record("api_key.revoked", actor=actor, at=at, subject=key, changes={"start": key.start})
    return key
