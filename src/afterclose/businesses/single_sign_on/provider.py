"""allauth's OpenID Connect, made strict: a nonce, PKCE, signatures that are always checked."""

from __future__ import annotations

import secrets
from typing import Any

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from afterclose.businesses.single_sign_on import discovery, tokens

# What of a provider's statement is kept with the link to a person.
KEPT = ("sub", "email", "email_verified", "name")


class OidcAdapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # allauth has no types
    """The conversation with one provider."""

    nonce = ""

    @property
    def openid_config(self) -> dict[str, Any]:
        """The discovery document, read anew for each sign-in."""
        if not hasattr(self, "_openid_config"):
            app = self.get_provider().app
            try:
                self._openid_config = discovery.read(
                    app.settings["server_url"], allow_http=not settings.IS_SECURE
                )
            except discovery.NotAProvider as problem:
                raise OAuth2Error(str(problem)) from problem
        return self._openid_config

    def get_access_token_data(self, *args: Any, **kwargs: Any) -> dict[str, str]:
        """The two tokens that the provider gives for a code; nothing else of its answer counts."""
        try:
            found = super().get_access_token_data(*args, **kwargs)
        except (TypeError, KeyError) as problem:
            # allauth takes it for granted that the answer is a JSON object and says its type.
            raise OAuth2Error("The provider gave something else than tokens.") from problem
        kept = {
            key: found[key]
            for key in ("access_token", "id_token")
            if isinstance(found, dict) and isinstance(found.get(key), str)
        }
        if "access_token" not in kept:
            raise OAuth2Error("The provider gave no access token.")
        return kept

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:
        """Believe the ID token or raise OAuth2Error; ask for more only if it has no address."""
        try:
            claims = tokens.believed(
                kwargs["response"].get("id_token") or "",
                keys=self._keys(),
                issuer=self.openid_config["issuer"],
                client_id=app.client_id,
                nonce=self.nonce,
            )
        except tokens.NotBelieved as problem:
            raise OAuth2Error(f"Invalid ID token: {problem}") from problem
        if "email" not in claims and "userinfo_endpoint" in self.openid_config:
            more = self._fetch_user_info(token.token)
            # OpenID Connect Core 5.3.4: else it speaks of somebody else.
            if isinstance(more, dict) and more.get("sub") == claims["sub"]:
                claims = {**more, **claims}
        said = {key: claims[key] for key in KEPT if key in claims}
        return self.get_provider().sociallogin_from_response(request, {"id_token": said})

    def _keys(self) -> dict[str, Any]:
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
        answer.raise_for_status()
        found = answer.json()
        return found if isinstance(found, dict) else {}


class OidcProvider(OpenIDConnectProvider):  # type: ignore[misc]  # as above
    """A provider that an operator has set; settings.SOCIALACCOUNT_PROVIDERS names this class."""

    oauth2_adapter_class = OidcAdapter
    pkce_enabled_default = True

    def get_redirect_from_request_kwargs(self, request: HttpRequest) -> dict[str, Any]:
        """Where to go afterwards; nothing else of the address counts, so that a link cannot
        ask for more rights, or link a stranger's identity to who is signed in."""
        asked = super().get_redirect_from_request_kwargs(request)
        kept = {"next_url": asked["next_url"]} if "next_url" in asked else {}
        return {"process": "login", **kept}

    def redirect(self, request: HttpRequest, process: str, **kwargs: Any) -> HttpResponse:
        """To the provider, with a nonce that its answer must carry."""
        nonce = secrets.token_urlsafe(24)
        params = {**self.get_auth_params(), "nonce": nonce}
        answer: HttpResponse = super().redirect(
            request, process, auth_params=params, nonce=nonce, **kwargs
        )
        return answer


class _Callback(OAuth2CallbackView):  # type: ignore[misc]  # as above
    def _get_state(self, request: HttpRequest, provider: Any) -> Any:
        state, response = super()._get_state(request, provider)
        if state is not None:
            self.adapter.nonce = state.get("nonce") or secrets.token_urlsafe(24)
        return state, response


@require_safe
@never_cache
@transaction.non_atomic_requests
def login(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Go to the provider. By GET: a form's POST could not leave under `form-action 'self'`; what
    a foreign page can start this way is no more than signing in as oneself."""
    try:
        provider = get_adapter().get_provider(request, provider_id)
        answer: HttpResponse = provider.redirect_from_request(request)
    except SocialApp.DoesNotExist:
        raise Http404("There is no such way to sign in.") from None
    except OAuth2Error as problem:
        answer = get_adapter().failed(request, provider, exception=problem)
    return answer


@require_safe
@never_cache
@transaction.non_atomic_requests
def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Come back from the provider with a code; the network is asked outside of a transaction."""
    try:
        view = _Callback.adapter_view(OidcAdapter(request, provider_id))
        answer: HttpResponse = view(request)
    except SocialApp.DoesNotExist:
        raise Http404("There is no such way to sign in.") from None
    return answer
