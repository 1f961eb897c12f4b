"""The pages of API keys: list, create, look at one, revoke."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from afterclose.businesses.api_keys import actions, queries, scopes
from afterclose.businesses.api_keys.forms import ApiKeyForm
from afterclose.businesses.api_keys.lists import ApiKeyList
from afterclose.businesses.api_keys.models import ApiKey
from afterclose.businesses.permissions import Right
from afterclose.businesses.views import MemberRequest, attach, page
from afterclose.ui.lists import list_view


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.API_KEYS_EDIT)
def api_keys(request: MemberRequest) -> HttpResponseBase:
    """Every key, what it may do, when it was last used."""
    return list_view(request, ApiKeyList, template="businesses/api_keys.html")


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.API_KEYS_EDIT)
def add(request: MemberRequest) -> HttpResponse:
    """Create a key and show its token, this once."""
    form = ApiKeyForm(request.POST or None, viewer=request.viewer)
    if request.method == "POST" and form.is_valid():
        at = timezone.now()
        try:
            key, token = actions.create_key(actor=request.viewer, at=at, **form.wanted(at))
        except ValidationError as problem:
            attach(form, problem)
        else:
            context = {"key": key, "token": token, "areas": _areas(key)}
            response = render(request, "businesses/api_key_made.html", context)
            response["Cache-Control"] = "no-store"
            return response
    status = 422 if form.errors else 200
    return render(request, "businesses/api_key_add.html", {"form": form}, status=status)


@require_safe
@page(right=Right.API_KEYS_EDIT)
def api_key(request: MemberRequest, key_id: int) -> HttpResponse:
    """One key, and the button that revokes it."""
    key = _key(request, key_id)
    context = {"key": key, "areas": _areas(key), "is_expired": _is_expired(key)}
    return render(request, "businesses/api_key.html", context)


@require_POST
@page(right=Right.API_KEYS_EDIT)
def revoke(request: MemberRequest, key_id: int) -> HttpResponse:
    """Make a key useless."""
    key = _key(request, key_id)
    actions.revoke_key(actor=request.viewer, at=timezone.now(), key_id=key.id)
    messages.success(request, f"“{key}” is revoked. Programs that use it are refused from now on.")
    return redirect("businesses:api_keys")


def _key(request: MemberRequest, key_id: int) -> ApiKey:
    found = queries.api_keys(request.viewer).select_related("created_by__person")
    key = found.filter(id=key_id).first()
    if key is None:
        raise Http404("There is no such key.")
    return key


def _areas(key: ApiKey) -> list[str]:
    return [scopes.label(scope) for scope in key.scopes]


def _is_expired(key: ApiKey) -> bool:
    return key.expires_at is not None and key.expires_at <= timezone.now()
