"""Puts the signed-in person's business into context for the length of a request."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from afterclose.businesses import actors
from afterclose.businesses.models import Membership
from afterclose.businesses.settings import remember_settings
from afterclose.businesses.tenancy import business_context, person_context

SESSION_KEY = "business_id"


class BusinessMiddleware:
    """Sets ``request.viewer`` (an Actor or None) and ``request.business``.

    The chosen business is kept in the session; without a choice it is the person's first.
    The context becomes part of the view's transaction (ATOMIC_REQUESTS).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        mine = self._memberships(request)
        request.memberships = mine  # type: ignore[attr-defined]  # for the menu of businesses
        chosen = request.session.get(SESSION_KEY)
        membership = next((m for m in mine if m.business_id == chosen), mine[0] if mine else None)
        request.viewer = actors.member(membership) if membership else None  # type: ignore[attr-defined]
        request.business = membership.business if membership else None  # type: ignore[attr-defined]
        if membership is None:
            return self.get_response(request)
        with business_context(membership.business_id), remember_settings():
            viewer: actors.Actor = request.viewer  # type: ignore[attr-defined]
            locale = membership.person.locale or viewer.settings.locale
            with timezone.override(viewer.zone), translation.override(locale):
                return self.get_response(request)

    def _memberships(self, request: HttpRequest) -> list[Membership]:
        if not request.user.is_authenticated:
            return []
        with person_context(request.user.pk), transaction.atomic():
            # Across businesses on purpose: the policy shows a person their own memberships.
            return list(
                Membership.objects.of_person(request.user.pk).select_related("business", "person")
            )
