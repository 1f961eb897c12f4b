"""Puts the signed-in person's business into context for the length of a request."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from afterclose.businesses import actors
from afterclose.businesses.models import Membership, Role, SignInProvider
from afterclose.businesses.settings import remember_settings, settings_of
from afterclose.businesses.sign_in import is_signed_in_by
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
        with remember_settings():
            return self._answer(request, membership)

    def _answer(self, request: HttpRequest, membership: Membership) -> HttpResponse:
        if provider := self._other_way(request, membership):
            # Without a viewer and a context there is nothing of the business to see.
            request.viewer = None  # type: ignore[attr-defined]
            request.must_sign_in_by = provider  # type: ignore[attr-defined]
            return self.get_response(request)
        with business_context(membership.business_id):
            viewer: actors.Actor = request.viewer  # type: ignore[attr-defined]
            locale = membership.person.locale or viewer.settings.locale
            with timezone.override(viewer.zone), translation.override(locale):
                return self.get_response(request)

    def _other_way(self, request: HttpRequest, membership: Membership) -> SignInProvider | None:
        """The provider that the business requires, unless this session came by it (OP-8)."""
        slug = settings_of(membership.business_id).required_provider
        # Super admins keep their password, so that a broken provider locks nobody out.
        if not slug or membership.role == Role.SUPER_ADMIN or is_signed_in_by(request, slug):
            return None
        # One that was removed or switched off cannot be required.
        return SignInProvider.objects.filter(slug=slug, is_on=True).first()

    def _memberships(self, request: HttpRequest) -> list[Membership]:
        if not request.user.is_authenticated:
            return []
        with person_context(request.user.pk), transaction.atomic():
            # Across businesses on purpose: the policy shows a person their own memberships.
            mine = list(Membership.objects.of_person(request.user.pk).select_related("business"))
        for each in mine:
            each.person = request.user
        return mine
