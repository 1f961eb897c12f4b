"""Reads of keys."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

from afterclose.businesses.actors import Actor
from afterclose.businesses.api_keys.models import ApiKey
from afterclose.businesses.models import Membership
from afterclose.businesses.permissions import Right, require


def api_keys(viewer: Actor) -> QuerySet[ApiKey]:
    """Every key of the business, revoked ones too."""
    require(viewer, Right.API_KEYS_EDIT)
    return ApiKey.objects.all()


def living_keys_of(viewer: Actor, maker: Membership, at: datetime) -> list[ApiKey]:
    """The keys that a member made and that still work, the newest first: whoever made one has seen
    its token. Empty for a viewer who manages no keys."""
    if not viewer.may(Right.API_KEYS_EDIT):
        return []
    living = Q(expires_at__isnull=True) | Q(expires_at__gt=at)
    found = api_keys(viewer).filter(living, created_by=maker, revoked_at__isnull=True)
    return list(found.order_by("-created_at", "-id"))
