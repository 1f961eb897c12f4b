"""From a token to who acts: the look-up of every request to the API.

It runs before any business is in context, so it asks the shared routing table; the same
statement counts the request for the rate limit. Commit by commit this would wait for the disk,
which a counter is not worth: the statement asks for an asynchronous commit of itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction

from afterclose.businesses.actors import Actor, Grant
from afterclose.businesses.api_keys import tokens
from afterclose.businesses.api_keys.models import ApiKey
from afterclose.businesses.api_keys.scopes import rights_of
from afterclose.businesses.models import Role
from afterclose.businesses.tenancy import business_context

NOTED_EVERY = timedelta(minutes=1)

_COUNT = """
    WITH soon AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true) AS set)
    UPDATE businesses_apikeyroute AS r
       SET minute = %(minute)s, used = CASE WHEN r.minute = %(minute)s THEN r.used + 1 ELSE 1 END
      FROM soon
     WHERE r.token_hash = %(hash)s AND soon.set = 'off'
    RETURNING r.owner_id, r.key_number, r.used
"""


class Found(NamedTuple):
    """Where a token leads, and the how-manieth request of this minute it is."""

    business_id: int
    key_id: int
    used: int


@dataclass(frozen=True, slots=True)
class Caller:
    """A program that has shown a valid key."""

    actor: Actor
    key_id: int
    used: int


def find(token: str, at: datetime) -> Found | None:
    """The route of a token, counted; None for one that is unknown or revoked."""
    if not tokens.is_token(token):
        return None
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"hash": tokens.digest(token), "minute": minute_of(at)})
        row = cursor.fetchone()
    return Found(*row) if row else None


def minute_of(at: datetime) -> int:
    """Minutes since 1970."""
    return int(at.timestamp()) // 60


def caller(found: Found, at: datetime) -> Caller | None:
    """Who acts by this key; None when it is revoked or has expired. Notes its use, at most once a
    minute."""
    with business_context(found.business_id), transaction.atomic():
        key = ApiKey.objects.filter(id=found.key_id, revoked_at__isnull=True).first()
        if key is None or (key.expires_at is not None and key.expires_at <= at):
            return None
        if key.last_used_at is None or at - key.last_used_at >= NOTED_EVERY:
            ApiKey.objects.filter(id=key.id).update(last_used_at=at)
    return Caller(actor_of(key), key.id, found.used)


def actor_of(key: ApiKey) -> Actor:
    """The actor behind a key; audit and timeline show its name."""
    grant = Grant(key_id=key.id, role=Role(key.role), rights=rights_of(key.scopes))
    return Actor(business_id=key.business_id, name=f"API key: {key.name}", grant=grant)
