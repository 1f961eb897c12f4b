"""The public REST API: every app's face under /api/v1, its OpenAPI document and its page."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from afterclose.accounts.api import routers as accounts
from afterclose.accounts.imports.api import router as imports
from afterclose.billing.api import router as billing
from afterclose.businesses.api import router as businesses
from afterclose.businesses.permissions import Right
from afterclose.businesses.rest import describing, errors
from afterclose.businesses.rest.router import ROOT, answered, guarded
from afterclose.businesses.views import MemberRequest, page
from afterclose.feedback.api import router as feedback
from afterclose.health.api import router as health
from afterclose.renewals.api import router as renewals
from afterclose.segments.api import router as segments
from afterclose.support.api import router as support
from afterclose.tasks.api import router as tasks
from afterclose.usage.api import router as usage

VERSION = "1.0.0"
api = NinjaAPI(
    title="Afterclose API",
    version=VERSION,
    description=describing.INTRODUCTION,
    openapi_url=None,
    docs_url=None,
    urls_namespace="api",
)
api.add_decorator(guarded, mode="view")
api.add_decorator(answered, mode="operation")
errors.install(api)
for router in (
    *accounts,
    imports,
    tasks,
    segments,
    billing,
    usage,
    support,
    feedback,
    health,
    renewals,
    businesses,
):
    api.add_router("", router)


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document as a mapping."""
    found: OpenAPISchema = api.get_openapi_schema(path_prefix=f"{ROOT}/")
    return describing.completed(json.loads(json.dumps(found)))


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document; it says nothing about any business, so anybody may read it."""
    return HttpResponse(json.dumps(document()), content_type="application/json")


@require_safe
@page(right=None)
def docs(request: MemberRequest) -> HttpResponse:
    """Every operation on one page, from the document, without a script of anybody else's."""
    context = {
        "groups": describing.groups(document()),
        "introduction": describing.paragraphs(describing.INTRODUCTION),
        "site": settings.SITE_URL,
        "may_make_keys": request.viewer.may(Right.API_KEYS_EDIT),
    }
    return render(request, "config/api_docs.html", context)


def unknown(request: HttpRequest, rest: str) -> HttpResponse:
    """Every other address under /api/: a problem, not a page."""
    raise Http404("There is no such address in the API; all are listed in /api/v1/openapi.json.")
