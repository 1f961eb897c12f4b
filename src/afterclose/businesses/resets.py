"""Asking for a new password, so that nobody learns from the answer who has an account."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ResetPasswordForm
from django.http import HttpRequest

from afterclose.businesses import jobs, letters


class ResetForm(ResetPasswordForm):  # type: ignore[misc]  # allauth has no types
    """Does the same for an address that nobody has as for one that somebody has: whose it is, is
    looked up by the job that sends the letter, so that the answer takes as long for both."""

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """Have the letter sent, if there is anybody to get it; returns the address."""
        email: str = self.cleaned_data["email"]
        jobs.send_letter.defer(kind=letters.RESET, person_id=0, to=email, facts={})
        return email
