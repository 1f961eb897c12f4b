"""Notes where somebody is signed in, at most once in five minutes per session."""

from __future__ import annotations

import time
from collections.abc import Callable

from allauth.usersessions.models import UserSession
from django.http import HttpRequest, HttpResponse

SEEN_KEY = "seen_at"
EVERY_SECONDS = 300


class SessionsMiddleware:
    """Keeps allauth's table of sessions: also of those that began before there was one."""

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
        return self.get_response(request)
