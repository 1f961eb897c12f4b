"""The calendar feed, and the page on which a member gets, renews or revokes its link."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_http_methods, require_safe

from afterclose.businesses import actors
from afterclose.businesses.models import Membership
from afterclose.businesses.permissions import Right
from afterclose.businesses.settings import remember_settings
from afterclose.businesses.tenancy import business_context
from afterclose.businesses.views import MemberRequest, page
from afterclose.kit import clock
from afterclose.tasks import calendar


@require_http_methods(["GET", "POST"])
@page(right=Right.TASKS_VIEW)
def settings_page(request: MemberRequest) -> HttpResponse:
    """Whether there is a link; POST makes a new one (and shows it this once) or revokes it."""
    viewer, secret = request.viewer, ""
    if request.method == "POST" and request.POST.get("do") == "revoke":
        calendar.revoke_link(actor=viewer, at=timezone.now())
        messages.success(request, "The link was revoked. Calendars that use it get nothing more.")
        return redirect("tasks:calendar")
    if request.method == "POST":
        secret = calendar.renew_link(actor=viewer, at=timezone.now())
    address = f"{settings.SITE_URL}{reverse('tasks:feed', args=[secret])}" if secret else ""
    context = {"link": calendar.link_of(viewer).first(), "address": address}
    answer = render(request, "tasks/calendar.html", context)
    if secret:
        answer["Cache-Control"] = "no-store"
    return answer


@require_safe
def feed(request: HttpRequest, secret: str) -> HttpResponseBase:
    """The tasks of whoever the private link belongs to, for a calendar program.

    404 for a link that is not (any more) good, or whose member has left or lost the right.
    """
    link = calendar.link_behind(secret)
    if link is None:
        raise Http404("There is no such calendar.")
    with business_context(link.tenant_id), remember_settings():
        member = (
            Membership.objects.select_related("person", "business")
            .filter(pk=link.member_id, deactivated_at__isnull=True, person__is_active=True)
            .first()
        )
        viewer = actors.member(member) if member else None
        if viewer is None or member is None or not viewer.may(Right.TASKS_VIEW):
            raise Http404("There is no such calendar.")
        body = calendar.render(viewer, member.business.name, calendar.entries(viewer))
        calendar.used(link, clock.today_in(str(viewer.zone)))
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    answer = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = 'inline; filename="tasks.ics"'
    answer["ETag"] = etag
    answer["Cache-Control"] = "private, no-cache"
    answer["X-Robots-Tag"] = "noindex"
    return get_conditional_response(request, etag=etag, response=answer) or answer
