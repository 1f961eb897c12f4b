"""Finds out who calls the API, and keeps the call within the caller's business."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone, translation

from afterclose.businesses.api_keys import lookup
from afterclose.businesses.settings import remember_settings, settings_of
from afterclose.businesses.tenancy import business_context
from afterclose.kit.problems import MEDIA_TYPE, Problem, is_api

NO_KEY = Problem(
    401,
    "Send a valid API key as “Authorization: Bearer ac_live_…”. Admins make keys under Settings.",
    headers={"WWW-Authenticate": 'Bearer realm="Afterclose"'},
)


class ApiMiddleware:
    """Sets ``request.api`` (a Caller or None) for every address under /api/.

    Only a bearer key counts here; a browser's session gives no access, so no page elsewhere can
    make a signed-in person's browser write. The context becomes part of the view's transaction.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not is_api(request.path):
            return self.get_response(request)
        at = timezone.now()
        found = lookup.find(_bearer(request), at)
        if found is not None and found.used > settings.API_REQUESTS_PER_MINUTE:
            return self._finished(_too_many(at), found.used, at)
        call = lookup.caller(found, at) if found is not None else None
        # What a middleware adds to a request is not in its type; views have rest.router.ApiRequest.
        request.api = call  # type: ignore[attr-defined]
        if call is None or found is None:
            with business_context(None):
                return self._finished(self.get_response(request), None, at)
        request.viewer = call.actor  # type: ignore[attr-defined]
        with business_context(found.business_id), remember_settings():
            zone = ZoneInfo(settings_of(found.business_id).time_zone)
            with timezone.override(zone), translation.override("en"):
                return self._finished(self.get_response(request), found.used, at)

    def _finished(
        self, response: HttpResponseBase, used: int | None, at: datetime
    ) -> HttpResponseBase:
        if response.status_code >= 400 and response["Content-Type"] != MEDIA_TYPE:
            response = _as_problem(response)
        response["Cache-Control"] = "private, no-cache"
        response["Vary"] = "Authorization"
        if used is not None:
            most = settings.API_REQUESTS_PER_MINUTE
            response["RateLimit-Policy"] = f'"minute";q={most};w=60'
            response["RateLimit"] = f'"minute";r={max(0, most - used)};t={_seconds_left(at)}'
        return response


def _bearer(request: HttpRequest) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _seconds_left(at: datetime) -> int:
    return 60 - int(at.timestamp()) % 60


def _too_many(at: datetime) -> HttpResponseBase:
    wait = _seconds_left(at)
    most = settings.API_REQUESTS_PER_MINUTE
    return Problem(
        429,
        f"This key has made its {most} requests of this minute. Go on in {wait} seconds.",
        headers={"Retry-After": str(wait)},
    ).response()


_SAYING = {
    405: "This address does not take that method; the header Allow names those that it takes.",
    500: "Something went wrong on our side. It has been logged and nothing was half saved.",
}


def _as_problem(bare: HttpResponseBase) -> HttpResponseBase:
    """What Django answered by itself, with its Allow header."""
    saying = _SAYING.get(bare.status_code, "The request could not be understood.")
    headers = {"Allow": bare["Allow"]} if bare.has_header("Allow") else {}
    return Problem(bare.status_code, saying, headers=headers).response()
