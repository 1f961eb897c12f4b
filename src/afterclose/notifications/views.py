"""The inbox, the bell's number, what a member wants to be told, and the link that stops mails."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from afterclose.businesses import actors
from afterclose.businesses.models import Membership
from afterclose.businesses.settings import remember_settings
from afterclose.businesses.tenancy import business_context
from afterclose.businesses.views import MemberRequest, page
from afterclose.notifications import inbox as actions, kinds, queries, stopping
from afterclose.notifications.forms import TimesForm, WishesForm
from afterclose.ui import feedback

PER_PAGE = 30
CHANGED = "inbox-changed"


@require_safe
@page(right=None)
def inbox(request: MemberRequest) -> HttpResponse:
    """What the member was told, newest first; ``?show=all`` includes what was read, ``?kind=``
    leaves one kind."""
    show_all = request.GET.get("show") == "all"
    rows = queries.inbox(request.viewer) if show_all else queries.unread(request.viewer)
    kind = request.GET.get("kind", "")
    counted = Count("id", filter=Q() if show_all else Q(read_at__isnull=True))
    found = queries.inbox(request.viewer).order_by().values("kind").annotate(count=counted)
    counts = {row["kind"]: row["count"] for row in found}
    shown = rows.filter(kind=kind) if kind else rows
    context = {
        "page_obj": Paginator(shown.select_related("account"), PER_PAGE).get_page(
            request.GET.get("page")
        ),
        "show_all": show_all,
        "kind": kind,
        "kind_label": kinds.label_of(kind) if kind else "",
        "kinds": [
            (slug, kinds.label_of(slug), count, _address(show_all, slug))
            for slug, count in sorted(counts.items(), key=lambda row: kinds.label_of(row[0]))
            if count
        ],
        "any_kind_url": _address(show_all, ""),
        "unread_url": _address(False, kind),
        "all_url": _address(True, kind),
    }
    return render(request, "notifications/inbox.html", context)


def _address(show_all: bool, kind: str) -> str:
    query = {**({"show": "all"} if show_all else {}), **({"kind": kind} if kind else {})}
    path = reverse("notifications:inbox")
    return f"{path}?{urlencode(query)}" if query else path


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
def toggle(request: MemberRequest, notification_id: int) -> HttpResponse:
    """Mark a read one as unread, or an unread one as read, and stay."""
    notification = queries.inbox(request.viewer).filter(pk=notification_id).first()
    if notification is None:
        raise Http404("There is no such notification in your inbox.")
    if notification.read_at is None:
        actions.mark_read(actor=request.viewer, at=timezone.now(), notification_id=notification_id)
    else:
        actions.mark_unread(actor=request.viewer, notification_id=notification_id)
    back = request.POST.get("back", "")
    known = back.startswith("/inbox/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return redirect(back if known else "notifications:inbox")


@require_POST
@page(right=None)
def read_all(request: MemberRequest) -> HttpResponse:
    """Mark everything, or everything of a kind, as read."""
    kind = request.POST.get("kind", "")
    count = actions.mark_read(actor=request.viewer, at=timezone.now(), kind=kind)
    messages.success(request, f"{count} marked as read" if count else "Nothing was unread")
    return redirect("notifications:inbox")


@require_http_methods(["GET", "POST"])
@page(right=None)
def preferences(request: MemberRequest) -> HttpResponse:
    """What the member wants to be told, how, and when."""
    viewer = request.viewer
    posted = request.POST if request.method == "POST" else None
    wishes = WishesForm(posted, viewer=viewer)
    times = TimesForm(posted, initial=TimesForm.from_now(viewer))
    if posted is not None and wishes.is_valid() and times.is_valid():
        try:
            actions.choose_times(actor=viewer, **times.cleaned_data)
        except ValidationError as problems:
            for key, texts in problems.message_dict.items():
                times.add_error(key, texts)
        else:
            actions.choose(actor=viewer, wishes=wishes.wishes)
            messages.success(request, "Preferences saved")
            return redirect("notifications:preferences")
    wrong = bool(wishes.errors or times.errors)
    context = {"form": wishes, "times": times, "zone": str(viewer.zone), "has_errors": wrong}
    return render(request, "notifications/preferences.html", context, status=422 if wrong else 200)


@csrf_exempt  # Mail programs post here by themselves (RFC 8058); the signature is the key.
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponseBase:
    """The link in a mail that stops such mails. GET asks, since scanners follow links; POST does
    it. 404 for a link that is not ours, or whose member has left."""
    try:
        link = stopping.read(token)
    except stopping.BadLink as wrong:
        raise Http404(str(wrong)) from None
    with business_context(link.business_id), remember_settings():
        member = (
            Membership.objects.select_related("person", "business")
            .filter(pk=link.member_id, deactivated_at__isnull=True)
            .first()
        )
        if member is None:
            raise Http404("Whom this link belongs to is not there any more.")
        if request.method == "POST":
            actions.stop_mails(actor=actors.member(member), what=link.what)
        context = {
            "what": link.words,
            "business": member.business.name,
            "email": member.person.email,
            "done": request.method == "POST",
        }
        return render(request, "notifications/stop.html", context)
