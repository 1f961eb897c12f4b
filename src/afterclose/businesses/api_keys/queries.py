"""Reads of keys."""

from __future__ import annotations

from django.db.models import QuerySet

from afterclose.businesses.actors import Actor
from afterclose.businesses.api_keys.models import ApiKey
from afterclose.businesses.permissions import Right, require


def api_keys(viewer: Actor) -> QuerySet[ApiKey]:
    """Every key of the business, revoked ones too."""
    require(viewer, Right.API_KEYS_EDIT)
    return ApiKey.objects.all()
