"""The pages of webhooks, under Settings."""

from __future__ import annotations

import json
from datetime import datetime, time, timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from afterclose.accounts import facts
from afterclose.businesses.permissions import Right
from afterclose.businesses.views import MemberRequest, attach, page
from afterclose.ui.lists import list_view
from afterclose.webhooks import actions, catalogue as examples, queries
from afterclose.webhooks.forms import EndpointForm, ReplayForm
from afterclose.webhooks.lists import DeliveryList, EndpointList, called
from afterclose.webhooks.models import Delivery, Endpoint, SigningSecret, Status

#: Where the session notes which new secret the next page shows; the secret itself is not there.
REVEAL = "webhooks_reveal"


def _endpoint(request: MemberRequest, endpoint_id: int) -> Endpoint:
    try:
        return queries.endpoint(request.viewer, endpoint_id)
    except Endpoint.DoesNotExist:
        raise Http404("There is no such webhook here.") from None


def _delivery(request: MemberRequest, delivery_id: int) -> Delivery:
    try:
        return queries.delivery(request.viewer, delivery_id)
    except Delivery.DoesNotExist:
        raise Http404("There is no such delivery here.") from None


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.WEBHOOKS_EDIT)
def endpoints(request: MemberRequest) -> HttpResponseBase:
    """Every endpoint."""
    return list_view(request, EndpointList, template="webhooks/endpoints.html")


# The address is looked up in the DNS, which is not done inside of a transaction.
@transaction.non_atomic_requests
@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.WEBHOOKS_EDIT)
def add(request: MemberRequest) -> HttpResponse:
    """Add an endpoint; its page then shows the secret, once."""
    form = EndpointForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made, secret = actions.add_endpoint(
                actor=request.viewer, at=timezone.now(), **form.cleaned_data
            )
        except ValidationError as problem:
            attach(form, problem)
        else:
            request.session[REVEAL] = secret.pk
            messages.success(request, "Webhook added. Copy its secret now.")
            return redirect("webhooks:endpoint", made.pk)
    context = {"form": form, "title": "Add webhook", "submit": "Add webhook"}
    return _page(request, "webhooks/form.html", context, status=422 if form.errors else 200)


@transaction.non_atomic_requests
@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.WEBHOOKS_EDIT)
def edit(request: MemberRequest, endpoint_id: int) -> HttpResponse:
    """Change an endpoint's address, description and facts."""
    with transaction.atomic():
        now = _endpoint(request, endpoint_id)
    form = EndpointForm(request.POST or None, initial=EndpointForm.of(now))
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_endpoint(
                actor=request.viewer,
                at=timezone.now(),
                endpoint_id=endpoint_id,
                **form.cleaned_data,
            )
        except ValidationError as problem:
            attach(form, problem)
        else:
            messages.success(request, "Webhook changed")
            return redirect("webhooks:endpoint", endpoint_id)
    context = {"form": form, "title": "Edit webhook", "submit": "Save changes", "endpoint": now}
    return _page(request, "webhooks/form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.WEBHOOKS_EDIT)
def endpoint(request: MemberRequest, endpoint_id: int) -> HttpResponseBase:
    """One endpoint: how it is, what can be done, and the log of its deliveries."""
    found = _endpoint(request, endpoint_id)
    waiting, failed = queries.counts(request.viewer, endpoint_id)
    context = {
        "endpoint": found,
        "facts": [facts.label(kind) for kind in found.kinds],
        "waiting": waiting,
        "failed": failed,
        "secret": _revealed(request, endpoint_id),
        "old_secret": found.secrets.filter(ends_at__gt=timezone.now()).order_by("-ends_at").first(),
        "replay": ReplayForm(today=timezone.localdate() - timedelta(days=7)) if failed else None,
    }
    return list_view(
        request,
        DeliveryList,
        template="webhooks/endpoint.html",
        context=context,
        scope={"endpoint_id": endpoint_id},
    )


def _revealed(request: MemberRequest, endpoint_id: int) -> str:
    """The new secret that this page shows, the only time."""
    if REVEAL not in request.session or request.method != "GET":
        return ""
    secret = SigningSecret.objects.filter(
        pk=request.session.pop(REVEAL), endpoint_id=endpoint_id, ends_at__isnull=True
    ).first()
    return secret.plain if secret else ""


@require_POST
@page(right=Right.WEBHOOKS_EDIT)
def pause(request: MemberRequest, endpoint_id: int) -> HttpResponse:
    """Send nothing for now."""
    _endpoint(request, endpoint_id)
    actions.pause(actor=request.viewer, at=timezone.now(), endpoint_id=endpoint_id)
    messages.success(request, "Paused. What happens meanwhile is kept.")
    return redirect("webhooks:endpoint", endpoint_id)


@require_POST
@page(right=Right.WEBHOOKS_EDIT)
def resume(request: MemberRequest, endpoint_id: int) -> HttpResponse:
    """Send again; ``skip=1`` leaves unsent what waits."""
    _endpoint(request, endpoint_id)
    skip = request.POST.get("skip") == "1"
    actions.resume(
        actor=request.viewer, at=timezone.now(), endpoint_id=endpoint_id, skip_waiting=skip
    )
    said = "What waited is skipped." if skip else "What waited is on its way."
    messages.success(request, f"Sending again. {said}")
    return redirect("webhooks:endpoint", endpoint_id)


@require_POST
@page(right=Right.WEBHOOKS_EDIT)
def remove(request: MemberRequest, endpoint_id: int) -> HttpResponse:
    """Remove an endpoint with its log."""
    _endpoint(request, endpoint_id)
    actions.remove_endpoint(actor=request.viewer, at=timezone.now(), endpoint_id=endpoint_id)
    messages.success(request, "Webhook removed")
    return redirect("webhooks:endpoints")


@require_POST
@page(right=Right.WEBHOOKS_EDIT)
def rotate(request: MemberRequest, endpoint_id: int) -> HttpResponse:
    """Make a new secret; the page then shows it, once."""
    _endpoint(request, endpoint_id)
    secret = actions.rotate_secret(actor=request.viewer, at=timezone.now(), endpoint_id=endpoint_id)
    request.session[REVEAL] = secret.pk
    messages.success(request, "New secret made. The old one signs along for 24 hours.")
    return redirect("webhooks:endpoint", endpoint_id)


@require_POST
@page(right=Right.WEBHOOKS_EDIT)
def test(request: MemberRequest, endpoint_id: int) -> HttpResponse:
    """Send a test and show what comes of it."""
    _endpoint(request, endpoint_id)
    try:
        made = actions.send_test(actor=request.viewer, at=timezone.now(), endpoint_id=endpoint_id)
    except ValidationError as problem:
        messages.error(request, " ".join(problem.messages))
        return redirect("webhooks:endpoint", endpoint_id)
    return redirect("webhooks:delivery", made.pk)


@require_POST
@page(right=Right.WEBHOOKS_EDIT)
def replay_failed(request: MemberRequest, endpoint_id: int) -> HttpResponse:
    """Send everything again that failed since a day."""
    _endpoint(request, endpoint_id)
    form = ReplayForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Nothing was sent again: enter the day to begin with.")
        return redirect("webhooks:endpoint", endpoint_id)
    since = datetime.combine(form.cleaned_data["since"], time.min, request.viewer.zone)
    count = actions.replay_failed(
        actor=request.viewer, at=timezone.now(), endpoint_id=endpoint_id, since=since
    )
    messages.success(
        request, f"{count} will be sent again" if count else "Nothing failed since then"
    )
    return redirect("webhooks:endpoint", endpoint_id)


@require_safe
@page(right=Right.WEBHOOKS_EDIT)
def delivery(request: MemberRequest, delivery_id: int) -> HttpResponse:
    """One delivery: what is sent, what was tried, what came back. Renews itself while it waits."""
    found = _delivery(request, delivery_id)
    body = queries.body_of(found)
    context = {
        "delivery": found,
        "label": called(found.kind),
        "attempts": queries.attempts(request.viewer, delivery_id),
        "body": json.dumps(json.loads(body), indent=2, ensure_ascii=False),
        "is_waiting": found.status == Status.WAITING,
        "is_moving": found.status == Status.WAITING
        and found.endpoint.is_sending
        and found.ready_at <= timezone.now() + timedelta(minutes=1),
    }
    template = "webhooks/delivery.html"
    if request.headers.get("HX-Target") == "delivery":
        template += "#delivery"
    return render(request, template, context)


@require_POST
@page(right=Right.WEBHOOKS_EDIT)
def replay(request: MemberRequest, delivery_id: int) -> HttpResponse:
    """Send one delivery again."""
    _delivery(request, delivery_id)
    actions.replay(actor=request.viewer, at=timezone.now(), delivery_ids=[delivery_id])
    messages.success(request, "It is on its way")
    return redirect("webhooks:delivery", delivery_id)


@require_safe
@page(right=Right.WEBHOOKS_EDIT)
def catalogue(request: MemberRequest) -> HttpResponse:
    """Every kind of fact, with what a receiver gets."""
    return render(request, "webhooks/catalogue.html", {"kinds": examples.entries()})


def _page(
    request: MemberRequest, template: str, context: dict[str, Any], *, status: int
) -> HttpResponse:
    # The frame reads the business's settings, so even here a transaction gives the context.
    with transaction.atomic():
        return render(request, template, context, status=status)
