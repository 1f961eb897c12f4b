"""The inbox, the bell's number, and what a member wants to be told."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from afterclose.businesses.actors import Actor
from afterclose.businesses.views import MemberRequest, page
from afterclose.notifications import inbox as actions, queries
from afterclose.notifications.models import MAILED, Kind
from afterclose.ui import feedback

PER_PAGE = 30


@require_safe
@page(right=None)
def inbox(request: MemberRequest) -> HttpResponse:
    """What the member was told, newest first; ``?show=all`` includes what was read."""
    show_all = request.GET.get("show") == "all"
    rows = queries.inbox(request.viewer) if show_all else queries.unread(request.viewer)
    shown = Paginator(rows.select_related("account"), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "notifications/inbox.html", {"page_obj": shown, "show_all": show_all})


@require_safe
@page(right=None)
def badge(request: MemberRequest) -> HttpResponse:
    """The number on the bell, as bare text."""
    return HttpResponse(queries.unread_count(request.viewer), content_type="text/plain")


@require_POST
@page(right=None)
def open_notification(request: MemberRequest, notification_id: int) -> HttpResponse:
    """Mark one as read and go to what it is about."""
    notification = queries.inbox(request.viewer).filter(pk=notification_id).first()
    if notification is None:
        raise Http404("There is no such notification in your inbox.")
    actions.mark_read(actor=request.viewer, at=timezone.now(), notification_id=notification_id)
    # Stored addresses are our own paths; an absolute one would lead somebody away.
    if notification.url and url_has_allowed_host_and_scheme(notification.url, allowed_hosts=None):
        return feedback.go(request, notification.url)
    return redirect("notifications:inbox")


@require_POST
@page(right=None)
def read_all(request: MemberRequest) -> HttpResponse:
    """Mark everything as read."""
    count = actions.mark_read(actor=request.viewer, at=timezone.now())
    messages.success(request, f"{count} marked as read" if count else "Nothing was unread")
    return redirect("notifications:inbox")


class WishesForm(forms.Form):
    """Which kinds a member wants, per channel; mail only where a kind is mailed at all."""

    def __init__(self, *args: Any, viewer: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind, (in_app, by_mail) in queries.wishes(viewer).items():
            self.fields[f"{kind}-app"] = forms.BooleanField(required=False, initial=in_app)
            if by_mail is not None:
                self.fields[f"{kind}-mail"] = forms.BooleanField(required=False, initial=by_mail)

    @property
    def rows(self) -> list[tuple[str, forms.BoundField, forms.BoundField | None]]:
        """(label, inbox field, mail field or None) per kind."""
        return [
            (
                str(kind.label),
                self[f"{kind}-app"],
                self[f"{kind}-mail"] if kind in MAILED else None,
            )
            for kind in Kind
        ]

    @property
    def wishes(self) -> dict[Kind, tuple[bool, bool]]:
        """What was chosen, as the action takes it."""
        chosen = self.cleaned_data
        return {kind: (chosen[f"{kind}-app"], chosen.get(f"{kind}-mail", True)) for kind in Kind}


@require_http_methods(["GET", "POST"])
@page(right=None)
def preferences(request: MemberRequest) -> HttpResponse:
    """What the member wants to be told, and how."""
    posted = request.POST if request.method == "POST" else None
    form = WishesForm(posted, viewer=request.viewer)
    if posted is not None and form.is_valid():
        actions.choose(actor=request.viewer, wishes=form.wishes)
        messages.success(request, "Preferences saved")
        return redirect("notifications:preferences")
    return render(request, "notifications/preferences.html", {"form": form})
