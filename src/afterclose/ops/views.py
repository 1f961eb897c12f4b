"""What monitors ask, without signing in; nothing here names a customer."""

from __future__ import annotations

from dataclasses import asdict

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from afterclose.ops import readiness


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
