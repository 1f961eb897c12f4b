"""The decorator that every page of the product wears; this app's own pages are beside it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, Concatenate, cast

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from afterclose.businesses.actors import Actor
from afterclose.businesses.models import Membership
from afterclose.businesses.permissions import Right, require


class MemberRequest(HttpRequest):
    """A request of a signed-in member, as pages get it."""

    viewer: Actor
    memberships: Sequence[Membership]


def page[**P, R: HttpResponseBase](
    *, right: Right | None
) -> Callable[
    [Callable[Concatenate[MemberRequest, P], R]], Callable[Concatenate[HttpRequest, P], Any]
]:
    """Guard a view: anonymous goes to sign-in, no business gets a page that says so, no right
    gets 403. ``right=None`` is for what every member may do (own profile, inbox)."""

    def decorate(
        view: Callable[Concatenate[MemberRequest, P], R],
    ) -> Callable[Concatenate[HttpRequest, P], Any]:
        @functools.wraps(view)
        def guarded(request: Any, *args: P.args, **kwargs: P.kwargs) -> Any:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if request.viewer is None:
                return render(request, "businesses/no_business.html", status=403)
            if right is not None:
                require(request.viewer, right)
            return view(request, *args, **kwargs)

        guarded.right = right  # type: ignore[attr-defined]  # read by the access ladder
        return cast("Callable[Concatenate[HttpRequest, P], Any]", guarded)

    return decorate
