"""Settings of ways to sign in: the site's providers, and which one a business requires."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from afterclose.businesses.errors import OnlyOperators
from afterclose.businesses.models import SignInProvider
from afterclose.businesses.permissions import Right
from afterclose.businesses.single_sign_on import actions, discovery
from afterclose.businesses.single_sign_on.forms import ProviderForm, RequiredProviderForm
from afterclose.businesses.views import MemberRequest, attach, page


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.SIGN_IN_EDIT)
def sign_in(request: MemberRequest) -> HttpResponse:
    """The providers, and what this business asks of its members."""
    initial = {"slug": request.viewer.settings.required_provider}
    form = RequiredProviderForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            actions.require_provider(
                actor=request.viewer, at=timezone.now(), slug=form.cleaned_data["slug"]
            )
        except ValidationError as problem:
            attach(form, problem)
        else:
            messages.success(request, "Settings saved")
            return redirect("businesses:sign_in")
    context = {
        "form": form,
        "providers": list(SignInProvider.objects.order_by("name", "id")),
        "is_operator": actions.is_operator(request.viewer),
    }
    status = 422 if form.errors else 200
    return render(request, "businesses/sign_in.html", context, status=status)


# The provider is asked what it says of itself before anything is saved; not inside a transaction.
@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.SIGN_IN_EDIT)
@transaction.non_atomic_requests
def provider_add(request: MemberRequest) -> HttpResponse:
    """Add a provider."""
    if not actions.is_operator(request.viewer):
        raise PermissionDenied(OnlyOperators().message)
    form = ProviderForm(request.POST or None)
    if request.method == "POST" and _is_fine(form):
        try:
            added = actions.add_provider(
                actor=request.viewer,
                at=timezone.now(),
                values=form.values(),
                secret=form.cleaned_data["secret"],
            )
        except ValidationError as problem:
            attach(form, problem)
        else:
            messages.success(request, f"{added} added. Try it in a private window.")
            return redirect("businesses:sign_in_provider", added.id)
    return _show(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.SIGN_IN_EDIT)
@transaction.non_atomic_requests
def provider(request: MemberRequest, provider_id: int) -> HttpResponse:
    """Change a provider."""
    found = _provider(request, provider_id)
    form = ProviderForm(
        request.POST or None, initial=ProviderForm.from_now(found), keeps_secret=True
    )
    if request.method == "POST" and _is_fine(form):
        try:
            actions.change_provider(
                actor=request.viewer,
                at=timezone.now(),
                provider_id=provider_id,
                values=form.values(),
                secret=form.cleaned_data["secret"],
            )
        except ValidationError as problem:
            attach(form, problem)
        else:
            messages.success(request, "Provider saved")
            return redirect("businesses:sign_in")
    return _show(request, form, found)


@require_POST
@page(right=Right.SIGN_IN_EDIT)
def provider_remove(request: MemberRequest, provider_id: int) -> HttpResponse:
    """Remove a provider and its links to people."""
    found = _provider(request, provider_id)
    actions.remove_provider(actor=request.viewer, at=timezone.now(), provider_id=provider_id)
    messages.success(request, f"Nobody signs in by {found} any more.")
    return redirect("businesses:sign_in")


def _provider(request: MemberRequest, provider_id: int) -> SignInProvider:
    """For operators; others are not told which there are."""
    found = SignInProvider.objects.filter(id=provider_id).first()
    if found is None or not actions.is_operator(request.viewer):
        raise Http404("There is no such provider.")
    return found


def _is_fine(form: ProviderForm) -> bool:
    """Whether the form is filled in, and what it names is a provider that answers."""
    if not form.is_valid():
        return False
    try:
        found = discovery.read(form.cleaned_data["issuer"], allow_http=not settings.IS_SECURE)
    except discovery.NotAProvider as problem:
        form.add_error("issuer", str(problem))
        return False
    form.cleaned_data["issuer"] = found["issuer"]
    return True


def _show(request: MemberRequest, form: ProviderForm, found: SignInProvider | None) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "provider": found}
    if found:
        context["callback_url"] = _callback_url(request, found)
    status = 422 if form.errors else 200
    with transaction.atomic():
        return render(request, "businesses/sign_in_provider.html", context, status=status)


def _callback_url(request: HttpRequest, found: SignInProvider) -> str:
    return request.build_absolute_uri(reverse("openid_connect_callback", args=[found.slug]))
