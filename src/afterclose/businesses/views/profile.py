"""One's own name, language, time zone and theme."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from afterclose.businesses import actions
from afterclose.businesses.forms import ProfileForm
from afterclose.businesses.views import MemberRequest, page
from afterclose.ui.shell import THEME_COOKIE

YEAR = 365 * 24 * 60 * 60


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=None)
def profile(request: MemberRequest) -> HttpResponse:
    """The profile of whoever is signed in."""
    person = request.viewer.person
    if person is None:
        raise Http404("The system has no profile.")
    form = ProfileForm(request.POST or None, initial=ProfileForm.from_now(person))
    if request.method == "POST" and form.is_valid():
        try:
            changed = actions.change_profile(
                actor=request.viewer, at=timezone.now(), changes=form.cleaned_data
            )
        except ValidationError as problems:
            for key, texts in problems.message_dict.items():
                form.add_error(key, texts)
        else:
            messages.success(request, "Profile saved")
            response = redirect("businesses:profile")
            response.set_cookie(THEME_COOKIE, changed.theme, max_age=YEAR, samesite="Lax")
            return response
    status = 422 if form.errors else 200
    return render(request, "businesses/profile.html", {"form": form}, status=status)
