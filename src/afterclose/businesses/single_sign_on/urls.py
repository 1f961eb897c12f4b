"""Addresses of single sign-on, and of what of allauth is closed here."""

from typing import NoReturn

from django.http import Http404, HttpRequest
from django.urls import path, re_path

from afterclose.businesses.single_sign_on import provider


def closed(request: HttpRequest, **_: str) -> NoReturn:
    """Not offered: allauth would take an address unverified, so ours is /profile/email/; links to
    providers are made by signing in."""
    raise Http404("There is no such page.")


urlpatterns = [
    path("oidc/<slug:provider_id>/login/", provider.login, name="openid_connect_login"),
    path(
        "oidc/<slug:provider_id>/login/callback/", provider.callback, name="openid_connect_callback"
    ),
    path("sessions/", closed, name="usersessions_list"),  # ours is /profile/sign-ins/
    path("email/", closed, name="account_email"),
    re_path("^(?:3rdparty|social)/", closed, name="socialaccount_connections"),
]
