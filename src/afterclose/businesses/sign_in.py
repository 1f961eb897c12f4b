"""How allauth works here."""

from __future__ import annotations

import base64
import logging
import secrets
from collections.abc import Mapping
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import ratelimit
from allauth.mfa.adapter import DefaultMFAAdapter
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from afterclose.businesses import known_browsers
from afterclose.kit.encryption import NotReadable, decrypt, encrypt

logger = logging.getLogger(__name__)

PURPOSE = "businesses.second_factor"

_AGAIN = {
    "mfa_reauthenticate": "Use a code of your app",
    "mfa_reauthenticate:webauthn": "Use a passkey or security key",
}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Nobody signs up by themselves: people come by invitation or by ``add_person``."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "too_many_login_attempts": "Too many wrong tries. Wait five minutes, then try again.",
        "rate_limited": "Too many tries. Wait some minutes, then try again.",
        "incorrect_password": "The password is not correct.",
        "enter_current_password": "The current password is not correct.",
        "same_as_current": "That is your password already. Choose another one.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Always false: a business belongs to whoever runs the server."""
        return False

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """The ways to show again that it is you, in our words."""
        found: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        return [{**way, "description": _AGAIN.get(way["id"], way["description"])} for way in found]

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        """As allauth's; the browser is known from now on."""
        answer: HttpResponse = super().post_login(request, user, **kwargs)
        known_browsers.remember(request, answer, user.email)
        return answer

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """What wrong passwords are counted by: the account, and apart from it the account in a
        browser that it has signed in from, so that nobody is locked out by a stranger."""
        counted: str = super()._get_login_attempts_cache_key(request, **credentials)
        mark = known_browsers.mark_of(request, str(credentials.get("email") or ""))
        return f"{counted}:{mark}" if mark else counted

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        """Whoever has set a new password by a link starts anew, in this browser and in others."""
        super()._delete_login_attempts_cached_email(request, **credentials)
        everywhere = super()._get_login_attempts_cache_key(request, **credentials)
        ratelimit.clear(request, action="login_failed", key=everywhere)

    def send_notification_mail(
        self,
        template_prefix: str,
        user: Any,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Tell somebody that their sign-in was changed, and note it in the audit log."""
        from afterclose.businesses import people
        from afterclose.businesses.letters import LETTERS

        letter = LETTERS.get(template_prefix)
        if letter is None:
            logger.error("allauth wants to send %s, for which there is no letter", template_prefix)
            return
        at = timezone.now()
        agent = self.get_http_user_agent(self.request) or ""
        facts = {"at": at.isoformat(), "ip": str(self.get_client_ip(self.request) or "")}
        with transaction.atomic():
            _post(template_prefix, user, email or user.email, {**facts, "user_agent": agent[:300]})
            people.record_everywhere(letter.verb, person=user, at=at)


def _post(kind: str, user: Any, email: str, facts: Mapping[str, str]) -> None:
    from afterclose.businesses import jobs

    jobs.send_letter.defer(kind=kind, person_id=user.pk, to=email, facts=dict(facts))


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Secrets of authenticator apps and recovery codes are encrypted at rest; plainer words."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "The code is not correct. Enter the one that is shown now; if it stays "
        "so, check that the clock of your phone is right.",
    }

    def encrypt(self, text: str) -> str:
        """As the database keeps it."""
        return encrypt(text, purpose=PURPOSE)

    def decrypt(self, encrypted_text: str) -> str:
        """The secret. One that cannot be read becomes one that nobody knows, so that no code
        fits; a passkey still does, and ``afterclose remove_second_factors`` helps."""
        try:
            return decrypt(encrypted_text, purpose=PURPOSE)
        except NotReadable as problem:
            logger.error("A second factor: %s", problem)
            return base64.b32encode(secrets.token_bytes(20)).decode()


def is_signed_in_by(request: HttpRequest, slug: str) -> bool:
    """Whether this session came about by the provider of that slug."""
    records = request.session.get("account_authentication_methods", [])
    return any(
        record.get("method") == "socialaccount" and record.get("provider") == slug
        for record in records
    )
