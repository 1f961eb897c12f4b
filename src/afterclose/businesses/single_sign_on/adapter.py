"""Whom a provider's statement signs in, and what is told to whom it does not."""

from __future__ import annotations

import logging
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from afterclose.businesses.models import Person, SignInProvider
from afterclose.businesses.single_sign_on.asking import ProviderSession
from afterclose.kit.encryption import NotReadable, decrypt

logger = logging.getLogger(__name__)

PURPOSE = "businesses.sign_in_provider"

REFUSALS = {
    "cancelled": "The sign-in was cancelled there.",
    "failed": "Its answer could not be believed, or it did not answer. Try again; if it stays so, "
    "tell who runs this site, whose log says more.",
    "no_address": "It did not tell us your e-mail address. Who runs it can allow that (the scope "
    "“email”).",
    "unverified": "It does not vouch that the address {email} is yours. Verify it there, or sign "
    "in with your password.",
    "domain": "Addresses such as {email} do not sign in this way. Use your password.",
    "unknown": "Nobody has invited {email} yet. Ask an admin of your business to add you under "
    "Settings, People; then sign in again, and the invitation is accepted.",
    "another": "{email} is already linked to another account there. Ask an admin of your business "
    "to unlink it.",
}


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth: no types
    """Providers come from our own table; nobody signs up, people are invited."""

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """The providers that are on, as allauth wants them."""
        found = SignInProvider.objects.filter(is_on=True).order_by("name", "id")
        if provider not in (None, "openid_connect"):
            found = found.filter(slug=provider)
        if client_id is not None:
            found = found.filter(client_id=client_id)
        return [_app(each) for each in found]

    def get_requests_session(self) -> ProviderSession:
        """How allauth asks for tokens and people, and we for keys."""
        return ProviderSession()

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Never: whoever is not invited is told so before allauth asks."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Let in whoever is linked; link whoever was invited under a verified address."""
        if sociallogin.is_existing:
            return
        account = sociallogin.account
        provider = SignInProvider.objects.get(slug=account.provider)
        claims = account.extra_data.get("id_token", {})
        person, refusal = whom(provider, claims, account.uid)
        if person is None:
            email = str(claims.get("email") or "")
            logger.warning("Sign-in by %s refused (%s)", provider.slug, refusal)
            raise ImmediateHttpResponse(refuse(request, provider.name, refusal, email=email))
        sociallogin.connect(request, person)

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        """Our own page instead of allauth's."""
        raise ImmediateHttpResponse(self.failed(request, provider, error, exception))

    def failed(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
    ) -> HttpResponse:
        """The page for a conversation that broke off; the log has the reason."""
        logger.warning("Sign-in by %s failed: %s %s", provider.app.provider_id, error, exception)
        why = "cancelled" if error == "cancelled" else "failed"
        return refuse(request, provider.name, why)


def whom(
    provider: SignInProvider, claims: dict[str, Any], subject: str
) -> tuple[Person | None, str]:
    """The person that a statement speaks of, or None and the name of a refusal."""
    email = str(claims.get("email") or "").strip().lower()
    if "@" not in email:
        return None, "no_address"
    # Some providers send the word instead of the truth value.
    said = claims.get("email_verified")
    is_verified = said is True or said == "true" or provider.trusts_email
    if not is_verified:
        return None, "unverified"
    if provider.domains and email.rpartition("@")[2] not in provider.domains:
        return None, "domain"
    person = Person.objects.filter(email=email).first()
    if person is None:
        return None, "unknown"
    others = SocialAccount.objects.filter(user=person, provider=provider.slug).exclude(uid=subject)
    if others.exists():
        # An address that was given to somebody new must not open what was its owner's before.
        return None, "another"
    return person, ""


def refuse(request: HttpRequest, provider: str, why: str, *, email: str = "") -> HttpResponse:
    """The page that says why somebody was not let in and what to do."""
    text = REFUSALS[why].format(email=email)
    context = {"provider": provider, "text": text}
    return render(request, "businesses/sign_in_refused.html", context, status=403)


def _app(provider: SignInProvider) -> SocialApp:
    try:
        secret = decrypt(provider.secret, purpose=PURPOSE) if provider.secret else ""
    except NotReadable as problem:
        logger.error("The secret of the sign-in provider %s: %s", provider.slug, problem)
        secret = ""
    return SocialApp(
        provider="openid_connect",
        provider_id=provider.slug,
        name=provider.name,
        client_id=provider.client_id,
        secret=secret,
        settings={"server_url": provider.issuer},
    )
