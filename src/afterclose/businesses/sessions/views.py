"""Where you are signed in; and an admin's button that signs a member out."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from afterclose.businesses.errors import OnlySuperAdmins, SignInServesElsewhere
from afterclose.businesses.models import Membership
from afterclose.businesses.permissions import Right
from afterclose.businesses.sessions import actions
from afterclose.businesses.sessions.devices import device
from afterclose.businesses.views import MemberRequest, page


@require_safe
@page(right=None)
def sign_ins(request: MemberRequest) -> HttpResponse:
    """Device, address, last seen; which one is this."""
    person = request.viewer.person
    if person is None:
        raise Http404("The system is not signed in.")
    found = [
        {
            "id": session.pk,
            "device": device(session.user_agent),
            "address": session.ip,
            "began_at": session.created_at,
            "seen_at": session.last_seen_at,
            "is_this": session.session_key == request.session.session_key,
        }
        for session in actions.mine(person)
    ]
    return render(request, "businesses/sign_ins.html", {"sessions": found})


@require_POST
@page(right=None)
def end(request: MemberRequest, session_id: int) -> HttpResponse:
    """Sign out of one."""
    try:
        actions.end_one(actor=request.viewer, at=timezone.now(), session_id=session_id)
    except actions.NoSession as problem:
        raise Http404(str(problem)) from None
    messages.success(request, "Signed out there")
    return redirect("businesses:sign_ins")


@require_POST
@page(right=None)
def end_others(request: MemberRequest) -> HttpResponse:
    """Sign out everywhere but here."""
    actions.end_others(actor=request.viewer, at=timezone.now(), request=request)
    messages.success(request, "Signed out everywhere else")
    return redirect("businesses:sign_ins")


@require_POST
@page(right=None)
def end_all(request: MemberRequest) -> HttpResponse:
    """Sign out everywhere, here too."""
    actions.end_all(actor=request.viewer, at=timezone.now())
    logout(request)
    return redirect("account_login")


@require_POST
@page(right=Right.PEOPLE_EDIT)
def member_sign_out(request: MemberRequest, membership_id: int) -> HttpResponse:
    """Sign a member out everywhere."""
    try:
        member = actions.sign_out_member(
            actor=request.viewer, at=timezone.now(), membership_id=membership_id
        )
    except Membership.DoesNotExist:
        raise Http404("There is no such member here.") from None
    except (OnlySuperAdmins, SignInServesElsewhere) as refusal:
        raise PermissionDenied(refusal.message) from refusal
    messages.success(request, f"{member} is signed out everywhere.")
    return redirect("businesses:person", membership_id)
