"""Changing one's own e-mail address, by a link that goes to the new one."""

from __future__ import annotations

from typing import Any

from allauth.core import ratelimit
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from afterclose.businesses import addresses, identity
from afterclose.businesses.errors import Refused
from afterclose.businesses.forms import EmailForm
from afterclose.businesses.models import Person
from afterclose.businesses.views import MemberRequest, attach, page


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=None)
def email(request: MemberRequest) -> HttpResponse:
    """The address that holds, the one that waits for its link, and a form for another."""
    person = _person(request)
    form = EmailForm(request.POST or None, person=person)
    if request.method == "POST" and form.is_valid():
        try:
            _ask(request, person, form.cleaned_data)
        except (Refused, ValidationError) as problem:
            attach(form, problem)
        else:
            messages.success(request, f"A link is on its way to {form.cleaned_data['email']}")
            return redirect("businesses:email")
    person.refresh_from_db()
    status = 422 if form.errors else 200
    context = {"form": form, "person": person}
    return render(request, "businesses/email.html", context, status=status)


@require_POST
@page(right=None)
def cancel(request: MemberRequest) -> HttpResponse:
    """Keep the address that holds."""
    person = addresses.cancel(actor=request.viewer, at=timezone.now())
    messages.success(request, f"Your address stays {person.email}")
    return redirect("businesses:email")


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=None)
def confirm(request: MemberRequest, token: str) -> HttpResponse:
    """What the link in the mail opens; a button, since mail programs open links by themselves."""
    try:
        if request.method == "POST":
            person = addresses.confirm(actor=request.viewer, at=timezone.now(), token=token)
            messages.success(request, f"You sign in with {person.email} from now on")
            return redirect("businesses:profile")
        wanted = addresses.wanted_by(token, actor=request.viewer)
    except Refused as problem:
        messages.error(request, problem.message)
        return redirect("businesses:email")
    context = {"wanted": wanted, "person": _person(request)}
    return render(request, "businesses/email_confirm.html", context)


def _ask(request: MemberRequest, person: Person, given: dict[str, Any]) -> None:
    identity.prove(request, given.get("password", ""))
    if not ratelimit.consume(request, action="change_email", user=person):
        raise ValidationError("Five changes an hour at most. Wait, then try again.")
    addresses.ask(actor=request.viewer, at=timezone.now(), email=given["email"])


def _person(request: MemberRequest) -> Person:
    if request.viewer.person is None:
        raise Http404("The system has no address.")
    return request.viewer.person
