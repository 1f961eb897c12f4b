"""The page about sample data, under Settings (CS-97)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from afterclose.businesses.permissions import Right
from afterclose.businesses.views import MemberRequest, page
from afterclose.kit import clock
from afterclose.ops.sample import actions, jobs, queries
from afterclose.ops.sample.errors import SampleProblem
from afterclose.ops.sample.forms import GenerateForm
from afterclose.ui.feedback import is_htmx

PAGE = "ops:sample_data"


@require_http_methods(["GET", "POST"])
@page(right=Right.SAMPLE_DATA)
def sample_data(request: MemberRequest) -> HttpResponse:
    """What sample data there is; POST asks for some, made in the background."""
    form = GenerateForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            actions.begin(actor=request.viewer, at=clock.now(), **form.cleaned_data)
        except SampleProblem as problem:
            form.add_error(None, str(problem))
        else:
            jobs.generate_sample_data.defer(business_id=request.viewer.business_id)
            messages.info(request, "Sample data is being generated. You can leave this page.")
            return redirect(PAGE)
    found = queries.sample_set(request.viewer)
    is_ready = found is not None and not found.is_busy
    rows = queries.what_would_go(request.viewer) if is_ready else []
    context = {
        "form": form,
        "found": found,
        "progress": queries.progress(found) if found and found.is_busy else None,
        "rows": rows,
        "total": sum(count for _, count in rows),
    }
    return render(request, "ops/sample/page.html", context)


@require_GET
@page(right=Right.SAMPLE_DATA)
def sample_data_progress(request: MemberRequest) -> HttpResponse:
    """How far the job has come; once it is done the page is loaded anew."""
    found = queries.sample_set(request.viewer)
    if found is None or not found.is_busy:
        if is_htmx(request):
            return HttpResponse(headers={"HX-Refresh": "true"})
        return redirect(PAGE)
    context = {"found": found, "progress": queries.progress(found)}
    return render(request, "ops/sample/_progress.html", context)


@require_POST
@page(right=Right.SAMPLE_DATA)
def sample_data_destroy(request: MemberRequest) -> HttpResponse:
    """Have the sample data deleted in the background."""
    try:
        actions.begin_destroying(actor=request.viewer, at=clock.now())
    except SampleProblem as problem:
        messages.warning(request, str(problem))
    else:
        jobs.destroy_sample_data.defer(business_id=request.viewer.business_id)
        messages.info(request, "The sample data is being destroyed. You can leave this page.")
    return redirect(PAGE)
