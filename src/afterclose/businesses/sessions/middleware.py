"""Notes where somebody is signed in, and keeps what they see from being kept elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable

from allauth.usersessions.models import UserSession
from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers

SEEN_KEY = "seen_at"
EVERY_SECONDS = 300
#: Where allauth's pages are, see ``config/urls.py``.
SIGN_IN = "/sign-in/"


class SessionsMiddleware:
    """Keeps allauth's table of sessions: also of those that began before there was one. An entry is
    renewed at most once in five minutes.

    What is answered to somebody is theirs, so no proxy keeps it; pages about signing in, some of
    which show a secret once, are kept by nobody, the browser's cache on disk included.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        seen = request.session.get(SEEN_KEY, 0)
        now = int(time.time())
        # Without a key (a visitor) there is nothing to note; the stamp saves a query per request.
        is_due = request.session.session_key and now - seen >= EVERY_SECONDS
        if is_due and request.user.is_authenticated:
            UserSession.objects.create_from_request(request)
            request.session[SEEN_KEY] = now
        response = self.get_response(request)
        if "Cache-Control" not in response:
            if request.path.startswith(SIGN_IN):
                add_never_cache_headers(response)
            elif request.user.is_authenticated:
                response["Cache-Control"] = "private, no-cache"
        return response
