"""What monitors ask without signing in, which names no customer; and the page of operations."""

from __future__ import annotations

from dataclasses import asdict

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from afterclose.businesses.permissions import Right
from afterclose.businesses.views import MemberRequest, page
from afterclose.notifications import delivery, queries as mails
from afterclose.ops import background, figures, metrics as numbers, readiness


@require_safe
@never_cache
@transaction.non_atomic_requests
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; asks nothing of anybody, so that a slow database restarts no web."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
@transaction.non_atomic_requests
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when pages can be served (also without workers: degraded), 503 when they cannot."""
    found = readiness.checks()
    state = readiness.overall(found)
    return JsonResponse(
        {"state": state, "checks": [asdict(check) for check in found]},
        status=503 if state == "failed" else 200,
    )


@require_safe
@never_cache
@transaction.non_atomic_requests
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures for Prometheus, for whoever has the token; there is no such page without one."""
    if not settings.METRICS_TOKEN:
        raise Http404("There is no such page.")
    given = request.headers.get("Authorization", "").encode()
    if not constant_time_compare(given, f"Bearer {settings.METRICS_TOKEN}".encode()):
        text = "Send the header “Authorization: Bearer …” with the token of this site.\n"
        refused = HttpResponse(text, status=401, content_type="text/plain; charset=utf-8")
        refused["WWW-Authenticate"] = "Bearer"
        return refused
    return HttpResponse(numbers.text(timezone.now()), content_type=CONTENT_TYPE_PLAIN_0_0_4)


@require_safe
@page(right=Right.OPS_VIEW)
def operations(request: MemberRequest) -> HttpResponse:
    """Checks, schedules with their last and next run, and what failed (OP-1)."""
    now = timezone.now()
    site = figures.site(now)
    found = [*readiness.checks(site), readiness.audit_log(request.viewer)]
    context = {
        "now": now,
        "checks": found,
        "state": readiness.overall(found),
        "schedules": background.schedules(now),
        "queues": figures.queues(now),
        "site": site,
        "database_bytes": figures.database_bytes(),
        "disk": figures.disk(),
        "queue": background.queue(request.viewer),
        "failed": background.failed_jobs(request.viewer),
        "mails": mails.mail_queue(request.viewer),
    }
    return render(request, "ops/operations.html", context)


@require_POST
@page(right=Right.OPS_VIEW)
def retry(request: MemberRequest, job_id: int) -> HttpResponse:
    """Try a failed job again."""
    try:
        background.retry(actor=request.viewer, at=timezone.now(), job_id=job_id)
    except background.NoFailedJobError as problem:
        raise Http404(str(problem)) from None
    messages.success(request, "The job is tried again")
    return redirect("ops:operations")


@require_POST
@page(right=Right.OPS_VIEW)
def retry_mail(request: MemberRequest, mail_id: int) -> HttpResponse:
    """Try a mail again that was given up."""
    try:
        delivery.try_again(actor=request.viewer, at=timezone.now(), mail_id=mail_id)
    except delivery.NoFailedMailError as problem:
        raise Http404(str(problem)) from None
    messages.success(request, "The mail goes out with the next run, within a minute")
    return redirect("ops:operations")


@require_POST
@page(right=Right.OPS_VIEW)
def discard_mail(request: MemberRequest, mail_id: int) -> HttpResponse:
    """Delete a mail that was given up."""
    try:
        delivery.discard(actor=request.viewer, at=timezone.now(), mail_id=mail_id)
    except delivery.NoFailedMailError as problem:
        raise Http404(str(problem)) from None
    messages.success(request, "The mail is deleted; nobody gets it")
    return redirect("ops:operations")
