"""Pages of segments."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from afterclose.businesses.permissions import Right
from afterclose.businesses.views import MemberRequest, page
from afterclose.kit.digits import whole_number
from afterclose.segments import actions, drafts, editing, queries, uses
from afterclose.segments.actions import SegmentInUse
from afterclose.segments.conditions import ConditionError
from afterclose.segments.forms import SegmentForm
from afterclose.segments.lists import MOVEMENTS, MovementList, SegmentList, members_list
from afterclose.segments.models import Segment, Subject
from afterclose.ui import charts, feedback
from afterclose.ui.lists import list_view

HISTORY_DAYS = 90
RECENT_DAYS = 30


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.SEGMENTS_VIEW)
def segment_list(request: MemberRequest) -> HttpResponseBase:
    """The segments that the viewer may use."""
    may_edit = request.viewer.may(Right.SEGMENTS_EDIT)
    return list_view(
        request, SegmentList, template="segments/list.html", context={"may_edit": may_edit}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.SEGMENTS_VIEW)
def detail(request: MemberRequest, segment_id: int) -> HttpResponseBase:
    """A segment: its members as a list with everything that lists do, and its story."""
    segment = queries.segment(request.viewer, segment_id)
    today = queries.business_day(request.viewer)
    since = timezone.now() - timedelta(days=RECENT_DAYS)
    history = queries.history(segment, today - timedelta(days=HISTORY_DAYS))
    path = reverse("segments:movements", args=[segment_id])
    chart = charts.line(
        x=[on.isoformat() for on, _ in history],
        series=[charts.Series("Members", [count for _, count in history])],
        unit=segment.noun,
    )
    return list_view(
        request,
        members_list(segment.subject),
        template="segments/detail.html",
        context={
            "segment": segment,
            "text": queries.text_of(segment),
            "movement": queries.movement(segment, since),
            "entered_url": MovementList.url(path, entered_at=f"last-{RECENT_DAYS}"),
            "left_url": MovementList.url(path, left_at=f"last-{RECENT_DAYS}", sort="-left_at"),
            "chart": chart if len(history) > 1 else None,
            "uses": uses.of(segment),
            "may_change": queries.may_change(request.viewer, segment),
            "may_edit": request.viewer.may(Right.SEGMENTS_EDIT),
        },
        scope={"segment_id": segment_id},
    )


@require_safe
@page(right=Right.SEGMENTS_VIEW)
def progress(request: MemberRequest, segment_id: int) -> HttpResponse:
    """That the members are being found; the page of the segment as soon as they are."""
    segment = queries.segment(request.viewer, segment_id)
    if not segment.is_counting:
        return feedback.go(request, reverse("segments:detail", args=[segment_id]))
    return render(request, "segments/_counting.html", {"segment": segment})


@require_http_methods(["GET", "HEAD", "POST"])
@page(right=Right.SEGMENTS_VIEW)
def movements(request: MemberRequest, segment_id: int) -> HttpResponseBase:
    """Who entered and left, since when, and why."""
    segment = queries.segment(request.viewer, segment_id)
    return list_view(
        request,
        MOVEMENTS[segment.subject],
        template="segments/movements.html",
        context={"segment": segment},
        scope={"segment_id": segment_id},
    )


@require_http_methods(["GET", "POST"])
@page(right=Right.SEGMENTS_EDIT)
def create(request: MemberRequest) -> HttpResponse:
    """A new segment; ``?copy=5`` begins with the condition of another one."""
    source = _copied(request)
    if request.method == "POST":
        return _save(request, None)
    subject = request.GET.get("subject", "")
    subject = subject if subject in Subject.values else Subject.ACCOUNT.value
    work = editing.begin(request.viewer, source, subject)
    editing.settle(work)
    editing.look(work, queries.business_day(request.viewer))
    _forgive(work)
    initial = {"name": f"Copy of {source.name}"[:100]} if source else None
    return _form(request, work, SegmentForm(initial=initial), None)


@require_http_methods(["GET", "POST"])
@page(right=Right.SEGMENTS_EDIT)
def edit(request: MemberRequest, segment_id: int) -> HttpResponse:
    """Change a segment."""
    segment = queries.segment(request.viewer, segment_id)
    if not queries.may_change(request.viewer, segment):
        messages.info(
            request, "Only its owner and admins may change this segment. Here is a copy for you."
        )
        return redirect(f"{reverse('segments:create')}?copy={segment.id}")
    if request.method == "POST":
        return _save(request, segment)
    work = editing.begin(request.viewer, segment, segment.subject)
    work.segment_id = segment.pk
    if not work.error:
        editing.settle(work)
        editing.look(work, queries.business_day(request.viewer))
    return _form(request, work, SegmentForm(instance=segment), segment)


@require_POST
@page(right=Right.SEGMENTS_EDIT)
def builder(request: MemberRequest) -> HttpResponse:
    """The builder after a button or select, with its preview; nothing is saved."""
    work = editing.read(request.viewer, request.POST)
    editing.look(work, queries.business_day(request.viewer))
    _forgive(work)
    return render(request, "segments/_builder.html", {"work": work})


@require_POST
@page(right=Right.SEGMENTS_EDIT)
def preview(request: MemberRequest) -> HttpResponse:
    """How many meet what is in the builder now; nothing is saved."""
    work = editing.read(request.viewer, request.POST)
    editing.look(work, queries.business_day(request.viewer))
    return render(request, "segments/_preview.html", {"work": work})


@require_POST
@page(right=Right.SEGMENTS_VIEW)
def refresh(request: MemberRequest, segment_id: int) -> HttpResponse:
    """Find the members now instead of tonight."""
    segment = actions.refresh_segment(
        actor=request.viewer, at=timezone.now(), segment_id=segment_id
    )
    if segment.problem:
        messages.error(request, f"The members stay as they were. {segment.problem}")
    else:
        messages.success(request, f"{segment.members:,} {segment.noun} meet the condition.")
    return redirect("segments:detail", segment_id)


@require_POST
@page(right=Right.SEGMENTS_EDIT)
def delete(request: MemberRequest, segment_id: int) -> HttpResponse:
    """Delete a segment that nothing uses."""
    segment = queries.segment(request.viewer, segment_id)
    try:
        actions.delete_segment(actor=request.viewer, at=timezone.now(), segment_id=segment_id)
    except SegmentInUse as refusal:
        messages.error(request, str(refusal))
        return redirect("segments:detail", segment_id)
    messages.success(request, f"Segment “{segment.name}” deleted")
    return redirect("segments:list")


def _copied(request: MemberRequest) -> Segment | None:
    written = request.GET.get("copy", "")
    if not written:
        return None
    segment_id = whole_number(written)
    if segment_id is None:
        raise Http404("There is no such segment.")
    return queries.segment(request.viewer, segment_id)


def _forgive(work: editing.Work) -> None:
    """Say nothing yet at the rows while they are being filled in; saving does."""
    for group in drafts.groups(work.draft):
        group.error = ""
        for each in group.items:
            each.error = ""


def _save(request: MemberRequest, segment: Segment | None) -> HttpResponse:
    work = editing.read(request.viewer, request.POST, segment)
    form = SegmentForm(request.POST, instance=segment)
    if request.POST.get("do"):  # without JavaScript the builder's buttons come here
        editing.look(work, queries.business_day(request.viewer))
        _forgive(work)
        return _form(request, work, form, segment)
    if form.is_valid() and work.condition is not None:
        values = {**form.cleaned_data, "condition": work.condition}
        at = timezone.now()
        try:
            if segment is None:
                segment = actions.create_segment(
                    actor=request.viewer, at=at, subject=work.subject, **values
                )
            else:
                actions.change_segment(
                    actor=request.viewer,
                    at=at,
                    segment_id=segment.pk,
                    revision=whole_number(request.POST.get("revision", "")),
                    **values,
                )
        except ConditionError as error:
            work.error = str(error)
        except SegmentInUse as refusal:
            form.add_error("is_shared", str(refusal))
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"Segment “{form.cleaned_data['name']}” saved")
            return redirect("segments:detail", segment.pk)
    elif work.condition is None and not work.error:
        if work.mode == "text":
            work.error = "The condition is empty. Write what is asked for."
        else:
            work.error = "The condition is not complete. Fill in what is marked below."
    editing.look(work, queries.business_day(request.viewer))
    return _form(request, work, form, segment, status=422)


def _form(
    request: MemberRequest,
    work: editing.Work,
    form: SegmentForm,
    segment: Segment | None,
    status: int = 200,
) -> HttpResponse:
    saved = Segment.objects.get(pk=segment.pk) if segment else None
    context = {"work": work, "form": form, "segment": saved}
    return render(request, "segments/form.html", context, status=status)
