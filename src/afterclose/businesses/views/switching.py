"""Changing from one of a person's businesses to another."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from afterclose.businesses.middleware import SESSION_KEY
from afterclose.businesses.views import MemberRequest, page
from afterclose.ui.shell import Choice


@require_POST
@page(right=None, anywhere=True)
def switch(request: MemberRequest, business_id: int) -> HttpResponse:
    """Work in another of one's own businesses from now on."""
    if business_id not in {membership.business_id for membership in request.memberships}:
        raise Http404("You are not a member of that business.")
    request.session[SESSION_KEY] = business_id
    return redirect("/")


def choices(request: HttpRequest) -> list[Choice]:
    """For the shell's menu; nothing for whoever has one business."""
    mine = getattr(request, "memberships", ())
    current = getattr(getattr(request, "business", None), "id", None)
    if len(mine) < 2:
        return []
    return [
        Choice(
            membership.business.name,
            reverse("businesses:switch", args=[membership.business_id]),
            current=membership.business_id == current,
        )
        for membership in mine
    ]
