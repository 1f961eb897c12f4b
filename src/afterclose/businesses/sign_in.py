"""How allauth works here."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Nobody signs up by themselves: people come by invitation or by ``add_person``."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Always false: a business belongs to whoever runs the server."""
        return False


def is_signed_in_by(request: HttpRequest, slug: str) -> bool:
    """Whether this session came about by the provider of that slug."""
    records = request.session.get("account_authentication_methods", [])
    return any(
        record.get("method") == "socialaccount" and record.get("provider") == slug
        for record in records
    )
