"""The search page, which is also what Ctrl-K shows."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from afterclose.ui import feedback, palette, shell

LONGEST = 200


@login_required
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Everything that fits `?q=`; a partial for the dialog, else a whole page."""
    text = request.GET.get("q", "")[:LONGEST].replace("\x00", "")
    viewer = getattr(request, "viewer", None)
    groups = palette.search(viewer, text, shell.allowed_for(request))
    partial = feedback.is_htmx(request)
    template = "ui/search_results.html" if partial else "ui/search.html"
    return render(request, template, {"groups": groups, "text": text})
