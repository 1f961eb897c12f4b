"""Browsers in which somebody has signed in before, so that strangers cannot lock them out there.

Wrong passwords are counted per account, and whoever knows an address could use that up from
anywhere, again and again. A browser that has signed in carries a signed cookie, and what is tried
from there for that address is counted apart, as strictly. The cookie opens nothing by itself.
"""

from __future__ import annotations

import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase
from django.utils.crypto import salted_hmac

COOKIE = "known_browser"
SALT = "afterclose.businesses.known_browsers"
LASTS_SECONDS = 365 * 24 * 60 * 60
#: So many people of one browser are remembered, the last ones.
MOST = 5


def mark_of(request: HttpRequest, email: str) -> str:
    """The mark that this browser has for an address; empty when nobody of that address has ever
    signed in here."""
    return _marks(request).get(_digest(email), "")


def remember(request: HttpRequest, response: HttpResponseBase, email: str) -> None:
    """Give the browser a mark for the address of whoever has just signed in."""
    marks = _marks(request)
    digest = _digest(email)
    mark = marks.pop(digest, "") or secrets.token_urlsafe(12)
    kept = dict([*marks.items()][-(MOST - 1) :])
    response.set_cookie(
        COOKIE,
        signing.dumps({**kept, digest: mark}, salt=SALT),
        max_age=LASTS_SECONDS,
        path=settings.SESSION_COOKIE_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _marks(request: HttpRequest) -> dict[str, str]:
    try:
        found = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=LASTS_SECONDS)
    except signing.BadSignature:
        return {}
    return {str(digest): str(mark) for digest, mark in found.items()}


def _digest(email: str) -> str:
    """The address as the cookie names it: not readable to whoever finds the cookie."""
    return salted_hmac(SALT, email.strip().lower(), algorithm="sha256").hexdigest()[:20]
