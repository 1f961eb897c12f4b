"""Proof that it is really the signed-in person who asks for something that cannot be undone."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import ratelimit

from afterclose.businesses.errors import IdentityNotProven

# Whoever has no password must have signed in this lately.
RECENT_SECONDS = 10 * 60


def prove(request: Any, password: str) -> None:
    """Pass with the right password, or without one after a recent sign-in; raises
    IdentityNotProven. Tries count against the limit ``reauthenticate``."""
    person = request.user
    if not ratelimit.consume(request, action="reauthenticate", user=person):
        raise IdentityNotProven("Too many tries. Wait some minutes, then try again.")
    if person.has_usable_password():
        if not person.check_password(password):
            raise IdentityNotProven("The password is not correct.")
        return
    records = get_authentication_records(request, person)
    if not records or time.time() - records[-1]["at"] > RECENT_SECONDS:
        raise IdentityNotProven("Sign out and in again, then do this within ten minutes.")
