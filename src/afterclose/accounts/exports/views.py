"""The pages of exports: mine, one, how far it is, its file."""

from __future__ import annotations

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from afterclose.accounts.exports import actions, queries
from afterclose.accounts.exports.lists import TONES, ExportList
from afterclose.accounts.exports.models import ExportState
from afterclose.businesses.views import MemberRequest, page
from afterclose.ui import feedback
from afterclose.ui.lists import list_view
from afterclose.ui.lists.export import download


@page(right=None)
def index(request: MemberRequest) -> HttpResponseBase:
    """The files that the viewer asked for."""
    return list_view(request, ExportList)


@require_safe
@page(right=None)
def show(request: MemberRequest, export_id: int) -> HttpResponse:
    """One file: how far it is, or the button to download it."""
    export = queries.export(request.viewer, export_id)
    context = {
        "export": export,
        "tone": TONES[ExportState(export.state)],
        "kept_until": actions.kept_until(export),
        "list_url": f"{export.address}?{export.query}",
    }
    return render(request, "accounts/exports/show.html", context)


@require_safe
@page(right=None)
def progress(request: MemberRequest, export_id: int) -> HttpResponse:
    """The bar, asked for again and again; done, it leads to the page of the file."""
    export = queries.export(request.viewer, export_id)
    if not export.is_at_work:
        return feedback.go(request, reverse("exports:show", args=[export.id]))
    return render(request, "accounts/exports/_progress.html", {"export": export})


@require_safe
@page(right=None)
def file(request: MemberRequest, export_id: int) -> HttpResponseBase:
    """The file, for who asked for it and may still see the list."""
    export = queries.export(request.viewer, export_id)
    if export.state != ExportState.READY:
        raise Http404("There is no file any more. Open the list and export it again.")
    content = actions.open_file(request.viewer, export)
    return download(request, content, export.title, export.today, export.kind)
