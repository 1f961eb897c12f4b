"""The people of the business: list, add, change, deactivate."""

from __future__ import annotations

from collections.abc import Callable

from allauth.core import ratelimit
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from afterclose.businesses import actions, identity, queries
from afterclose.businesses.api_keys.queries import living_keys_of
from afterclose.businesses.errors import OnlySuperAdmins, Refused, SignInServesElsewhere
from afterclose.businesses.forms import AddMemberForm, HandOverForm, MemberForm
from afterclose.businesses.lists import MemberList
from afterclose.businesses.models import Membership
from afterclose.businesses.permissions import Right
from afterclose.businesses.single_sign_on.actions import unlink_member
from afterclose.businesses.views import MemberRequest, attach, page
from afterclose.ui.lists import list_view


def _member(request: MemberRequest, membership_id: int) -> Membership:
    try:
        return queries.member(request.viewer, membership_id)
    except Membership.DoesNotExist:
        raise Http404("There is no such person here.") from None


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.PEOPLE_EDIT)
def people(request: MemberRequest) -> HttpResponseBase:
    """Everybody who is or was a member."""
    return list_view(request, MemberList, template="businesses/people.html")


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.PEOPLE_EDIT)
def add(request: MemberRequest) -> HttpResponse:
    """Add somebody by e-mail and invite them."""
    form = AddMemberForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if too_often := _too_many_invitations(request):
            return too_often
        try:
            added = actions.add_member(
                actor=request.viewer, at=timezone.now(), invite=True, **form.cleaned_data
            )
        except (Refused, ValidationError) as problem:
            attach(form, problem)
        else:
            messages.success(request, f"{added} added. An invitation is on its way by mail.")
            return redirect("businesses:people")
    context = {"form": form}
    status = 422 if form.errors else 200
    return render(request, "businesses/person_add.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.PEOPLE_EDIT)
def person(request: MemberRequest, membership_id: int) -> HttpResponse:
    """One member: change their role, invite again, deactivate."""
    membership = _member(request, membership_id)
    form = MemberForm(request.POST or None, initial=MemberForm.from_now(membership))
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_role(
                actor=request.viewer,
                at=timezone.now(),
                membership_id=membership_id,
                role=form.cleaned_data["role"],
            )
        except (Refused, ValidationError) as problem:
            attach(form, problem)
        else:
            messages.success(request, "Role changed")
            if _warned_of_keys(request, membership):
                return redirect("businesses:person", membership_id)
            return redirect("businesses:people")
    context = {
        "form": form,
        "membership": membership,
        "keys": living_keys_of(request.viewer, membership, timezone.now()),
        "links": queries.sign_in_links(request.viewer, membership),
        "may_inherit": queries.may_inherit(request.viewer, membership),
        "may_manage": queries.may_manage(request.viewer, membership),
        "may_end_sign_in": queries.may_end_sign_in(request.viewer, membership),
    }
    status = 422 if form.errors else 200
    return render(request, "businesses/person.html", context, status=status)


@require_POST
@page(right=Right.PEOPLE_EDIT)
def invite(request: MemberRequest, membership_id: int) -> HttpResponse:
    """Send the invitation again."""
    membership = _member(request, membership_id)
    if too_often := _too_many_invitations(request):
        return too_often
    actions.send_invitation(actor=request.viewer, membership=membership)
    messages.success(request, f"The invitation to {membership.person.email} is on its way.")
    return redirect("businesses:person", membership_id)


@require_POST
@page(right=Right.PEOPLE_EDIT)
def deactivate(request: MemberRequest, membership_id: int) -> HttpResponse:
    """Take somebody's access away."""
    answer = _do(request, membership_id, actions.deactivate, "{} has no access any more.")
    gone = _member(request, membership_id)
    if gone.deactivated_at is not None:
        _warned_of_keys(request, gone)
    return answer


@require_POST
@page(right=Right.PEOPLE_EDIT)
def reactivate(request: MemberRequest, membership_id: int) -> HttpResponse:
    """Give somebody their access back."""
    return _do(request, membership_id, actions.reactivate, "{} has access again.")


@require_POST
@page(right=Right.PEOPLE_EDIT)
def unlink(request: MemberRequest, membership_id: int) -> HttpResponse:
    """Forget to whom at a provider a member was linked."""
    membership = _member(request, membership_id)
    try:
        unlink_member(actor=request.viewer, at=timezone.now(), membership=membership)
    except (OnlySuperAdmins, SignInServesElsewhere) as refusal:
        raise PermissionDenied(refusal.message) from refusal
    messages.success(request, f"{membership} is no longer linked.")
    return redirect("businesses:person", membership_id)


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.PEOPLE_EDIT)
def hand_over(request: MemberRequest, membership_id: int) -> HttpResponse:
    """Make somebody else the owner, after proof that it is the owner who asks."""
    membership = _member(request, membership_id)
    if not queries.may_inherit(request.viewer, membership):
        messages.error(request, "Only the owner can hand over, and only to an admin.")
        return redirect("businesses:person", membership_id)
    sent = request.POST if request.method == "POST" else None
    form = HandOverForm(sent, person=request.viewer.person)
    if request.method == "POST" and form.is_valid():
        try:
            identity.prove(request, form.cleaned_data.get("password", ""))
            actions.hand_over(actor=request.viewer, at=timezone.now(), membership_id=membership_id)
        except Refused as problem:
            attach(form, problem)
        else:
            messages.success(request, f"{membership} owns the business now.")
            return redirect("businesses:person", membership_id)
    context = {"form": form, "membership": membership, "business": membership.business}
    status = 422 if form.errors else 200
    return render(request, "businesses/hand_over.html", context, status=status)


def _warned_of_keys(request: MemberRequest, membership: Membership) -> bool:
    """Say that keys go on working with the role that they have; whether there is any."""
    keys = living_keys_of(request.viewer, membership, timezone.now())
    if keys:
        made = "an API key that still works" if len(keys) == 1 else "API keys that still work"
        names = ", ".join(f"“{key.name}”" for key in keys[:5])
        more = f" and {len(keys) - 5} more" if len(keys) > 5 else ""
        messages.warning(
            request, f"{membership} made {made}: {names}{more}. Revoke what is not to be used."
        )
    return bool(keys)


def _too_many_invitations(request: MemberRequest) -> HttpResponse | None:
    """The page for too many tries, or None: nobody's mailbox is to be filled from here."""
    held_back: HttpResponse | None = ratelimit.consume_or_429(
        request, action="invite", user=request.user
    )
    return held_back


def _do(
    request: MemberRequest, membership_id: int, action: Callable[..., Membership], said: str
) -> HttpResponse:
    _member(request, membership_id)
    try:
        changed = action(actor=request.viewer, at=timezone.now(), membership_id=membership_id)
    except Refused as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, said.format(changed))
    return redirect("businesses:person", membership_id)
