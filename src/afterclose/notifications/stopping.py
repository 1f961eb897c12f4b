"""The link in each mail with which its reader stops such mails, without signing in (RFC 8058).

It is signed and names business, member and what it stops, so it needs no table and cannot be
made up; it does nothing else, and the page of preferences takes it back.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.urls import reverse

from afterclose.notifications import kinds
from afterclose.notifications.kinds import SUMMARIES, Pace

SALT = "afterclose.notifications.stop"


class BadLink(ValueError):
    """A link that this site did not sign."""


@dataclass(frozen=True, slots=True)
class Stop:
    """What a link stops: a kind's slug, or ``daily`` or ``weekly`` for all in that summary."""

    business_id: int
    member_id: int
    what: str

    @property
    def is_summary(self) -> bool:
        """Whether it stops a whole summary."""
        return self.what in SUMMARIES

    @property
    def words(self) -> str:
        """What it stops, as a sentence goes on."""
        if self.is_summary:
            return f"the {Pace(self.what).value} summary"
        return f"mails about “{kinds.label_of(self.what)}”"


def token_for(business_id: int, member_id: int, what: str) -> str:
    """The signed part of a link."""
    return signing.dumps([business_id, member_id, what], salt=SALT, compress=True)


def read(token: str) -> Stop:
    """What a link stops. Raises BadLink."""
    try:
        business_id, member_id, what = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError) as wrong:
        raise BadLink("This link is not one of ours, or was cut off.") from wrong
    return Stop(int(business_id), int(member_id), str(what))


def address(token: str) -> str:
    """The whole address."""
    return f"{settings.SITE_URL}{reverse('notifications:stop', args=[token])}"
