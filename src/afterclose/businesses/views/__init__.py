"""The decorator that every page of the product wears; this app's own pages are beside it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, Concatenate, cast

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render

from afterclose.businesses.actors import Actor
from afterclose.businesses.errors import Refused
from afterclose.businesses.models import Membership
from afterclose.businesses.permissions import Right, require


class MemberRequest(HttpRequest):
    """A request of a signed-in member, as pages get it."""

    viewer: Actor
    memberships: Sequence[Membership]


def page[**P, R: HttpResponseBase](
    *, right: Right | None, anywhere: bool = False
) -> Callable[
    [Callable[Concatenate[MemberRequest, P], R]], Callable[Concatenate[HttpRequest, P], Any]
]:
    """Guard a view: anonymous goes to sign-in, no business gets a page that says so, no right
    gets 403. ``right=None`` is for what every member may do (own profile, inbox); ``anywhere``
    for what a person may do who is kept out of the business at hand (go to another)."""

    def decorate(
        view: Callable[Concatenate[MemberRequest, P], R],
    ) -> Callable[Concatenate[HttpRequest, P], Any]:
        @functools.wraps(view)
        def guarded(request: Any, *args: P.args, **kwargs: P.kwargs) -> Any:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if request.viewer is None and not (anywhere and request.memberships):
                return _kept_out(request)
            if right is not None:
                require(request.viewer, right)
            return view(request, *args, **kwargs)

        guarded.right = right  # type: ignore[attr-defined]  # read by the access ladder
        return cast("Callable[Concatenate[HttpRequest, P], Any]", guarded)

    return decorate


def _kept_out(request: Any) -> HttpResponse:
    """What somebody sees who is signed in, but in no business."""
    provider = getattr(request, "must_sign_in_by", None)
    if provider is None:
        return render(request, "businesses/no_business.html", status=403)
    context = {
        "provider": provider,
        "business": request.business,
        "others": [m for m in request.memberships if m.business_id != request.business.id],
        "next": request.get_full_path() if request.method == "GET" else "/",
    }
    return render(request, "businesses/must_sign_in_by.html", context, status=403)


def attach(form: Any, problem: Refused | ValidationError) -> None:
    """Put a refusal into the form's summary, a wrong value at its field."""
    if isinstance(problem, Refused):
        form.add_error(None, problem.message)
        return
    if not hasattr(problem, "error_dict"):
        form.add_error(None, problem)
        return
    for key, texts in problem.message_dict.items():
        for text in texts:
            form.add_error(key if key in form.fields else None, text)
